"""Where sending leads to, and what it leaves."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from sepahan_django import accounts
from sepahan_django.models import (
    Campaign,
    OutboundMessage,
)
from tests.admin.steps import SEND, TABLE, look, page_of, send, send_data
from tests.factories import number
from tests.staff import clerk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gateway")]


def test_one_is_led_to_the_campaign(boss):
    answer = send(boss)
    assert f"campaign/{Campaign.objects.get().pk}/" in answer.request["PATH_INFO"]


def test_one_who_may_not_see_campaigns_is_led_back_and_told(client, gateway):
    answer = send(clerk(client, "send_message"))
    assert (answer.request["PATH_INFO"], "1 SMS are queued" in page_of(answer)) == (reverse(SEND), True)


def test_a_title_of_ones_own_is_the_campaigns(boss):
    send(boss, title="spring")
    assert Campaign.objects.get().title == "spring"


def test_the_three_steps_stay_in_an_admin_site_of_the_projects_own(boss, settings):
    settings.ROOT_URLCONF = "tests.admin.office"
    write_page = reverse("office:sepahan_django_send")
    data = {"account": accounts.resolve().pk, "line": "3000123456", "recipients": TABLE, "text": "x"}
    page = boss.post(write_page, {**data, "action": "check"}, follow=True)
    sent = boss.post(page.request["PATH_INFO"], send_data(page))
    content = page_of(page)
    assert [f'"{write_page}?draft=' in content, 'href="/admin/' in content] == [True, False]
    assert (page.request["PATH_INFO"].split("/")[1], sent.headers["Location"].split("/")[1]) == (
        "office",
        "office",
    )


def test_an_sms_goes_to_every_pasted_number(boss, inline):
    send(boss, recipients="علی\t۰۹۱۲۱۲۳۴۵۶۷\n+989351234567، 9011234567")
    assert sorted(inline.state.recipients()) == ["09011234567", "09121234567", "09351234567"]
    assert len([name for name, _body in inline.state.requests if name == "Send"]) == 1


def test_a_page_submitted_twice_is_sent_once(boss, inline):
    page = look(boss)
    for _click in range(2):
        boss.post(page.request["PATH_INFO"], send_data(page))
    assert len(inline.state.ledger) == 1


def test_a_page_to_many_submitted_twice_is_sent_once_and_says_so(boss, inline):
    page = look(boss, recipients="09121234567 09351234567")
    boss.post(page.request["PATH_INFO"], send_data(page))
    answer = boss.post(page.request["PATH_INFO"], send_data(page), follow=True)
    assert len(inline.state.ledger) == 2
    assert "sent only once" in answer.content.decode()


def test_many_recipients_are_a_campaign_and_wait_for_the_worker(boss, inline):
    send(boss, recipients="\n".join(number(index) for index in range(250)))
    assert (Campaign.objects.get().counts["queued"], inline.state.ledger) == (250, [])


def test_a_refusal_is_told_in_the_gateways_words(boss, inline):
    inline.state.script.append(-999)
    assert "no because" in send(boss).content.decode()


def test_a_gateway_that_is_away_leaves_the_message_queued_and_says_so(boss, settings):
    settings.SEPAHAN = {
        "API_KEY": "x" * 32, "SENDER": "3000123456", "BASE_URL": "http://127.0.0.1:9", "TIMEOUT": (1, 1),
    }  # fmt: skip
    assert "queued" in send(boss).content.decode()


def test_sending_is_kept_in_the_history(boss, inline):
    send(boss)
    assert LogEntry.objects.get().user.username == "boss"
    assert OutboundMessage.objects.get().created_by.username == "boss"
