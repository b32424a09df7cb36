import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from sepahan_django import accounts, outbox
from sepahan_django.models import ApiKey, Campaign, InboundMessage, OutboundMessage
from tests.admin.steps import SEND, look, send, send_data, write
from tests.factories import TOKEN, account, number, queued, states
from tests.staff import clerk

pytestmark = pytest.mark.django_db(transaction=True)


def errors(answer):
    return str(answer.context["form"].errors)


# Send


def test_an_sms_goes_to_every_pasted_number(boss, inline):
    send(boss, recipients="علی\t۰۹۱۲۱۲۳۴۵۶۷\n+989351234567، 9011234567")
    assert sorted(inline.state.recipients()) == ["09011234567", "09121234567", "09351234567"]
    assert len([name for name, _body in inline.state.requests if name == "Send"]) == 1


def test_numbers_that_can_not_be_read_are_named_one_by_one_before_anything_is_sent(boss, inline):
    page = look(boss, recipients="09121234567\n0912\nعلی")
    assert [(row["row"], row["raw"]) for row in page.context["refused"]] == [("2", "0912"), ("3", "علی")]
    assert (inline.state.ledger, OutboundMessage.objects.count()) == ([], 0)


def test_an_empty_text_is_refused(boss, inline):
    assert "text" in write(boss, text="  \n ").context["form"].errors


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


def test_the_credit_stands_where_one_sends(boss, gateway):
    accounts.refresh_credit(accounts.resolve())
    assert "1,000,000 Rials" in boss.get(reverse(SEND)).content.decode()
    assert "1,000,000 Rials" in look(boss).content.decode()


def test_the_credit_is_hidden_from_those_who_may_not_see_it(client, gateway):
    accounts.refresh_credit(accounts.resolve())
    staff = clerk(client, "send_message")
    assert "1,000,000" not in staff.get(reverse(SEND)).content.decode()
    assert "1,000,000" not in look(staff).content.decode()


def test_a_refusal_is_told_in_the_gateways_words(boss, inline):
    inline.state.script.append(-999)
    assert "no because" in send(boss).content.decode()


def test_a_gateway_that_is_away_leaves_the_message_queued_and_says_so(boss, settings):
    settings.SEPAHAN = {
        "API_KEY": "x" * 32, "SENDER": "3000123456", "BASE_URL": "http://127.0.0.1:9", "TIMEOUT": (1, 1),
    }  # fmt: skip
    assert "queued" in send(boss).content.decode()


def test_without_an_account_the_page_says_what_to_do(boss, settings):
    settings.SEPAHAN = {}
    assert "There is no account yet" in boss.get(reverse(SEND)).content.decode()


def test_sending_is_kept_in_the_history(boss, inline):
    send(boss)
    assert LogEntry.objects.get().user.username == "boss"
    assert OutboundMessage.objects.get().created_by.username == "boss"


def test_a_reply_begins_with_the_number_and_the_line(boss, gateway):
    received = InboundMessage.objects.create(
        line="3000123456", sender="09121234567", text="?", gateway_date="", api_key=accounts.resolve()
    )
    initial = boss.get(f"{reverse(SEND)}?reply_to={received.pk}").context["form"].initial
    assert (initial["recipients"], initial["line"]) == ("09121234567", "3000123456")


# Lists


@pytest.mark.parametrize(
    "model", ["outboundmessage", "inboundmessage", "apikey", "senderline", "campaign", "sendrequest"]
)
@pytest.mark.parametrize("language", ["fa", "en"])
def test_every_list_opens_in_both_languages(boss, gateway, model, language):
    queued(2)
    outbox.drain()
    answer = boss.get(
        reverse(f"admin:sepahan_django_{model}_changelist"), headers={"accept-language": language}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("model", ["outboundmessage", "inboundmessage", "campaign", "sendrequest"])
def test_every_record_opens_and_can_not_be_changed(boss, gateway, model):
    queued(1, campaign=Campaign.objects.create(title="t"))
    outbox.drain()
    InboundMessage.objects.create(line="1", sender="2", text="3", gateway_date="", api_key=accounts.resolve())
    classes = {"outboundmessage": OutboundMessage, "inboundmessage": InboundMessage, "campaign": Campaign}
    row = classes.get(model, OutboundMessage.objects.get().request.__class__).objects.get()
    address = reverse(f"admin:sepahan_django_{model}_change", args=[row.pk])
    assert (boss.get(address).status_code, boss.post(address, {}).status_code) == (200, 403)


def test_times_are_jalali_with_persian_digits_in_persian(boss, gateway, time_machine):
    time_machine.move_to("2026-11-24 10:50:00+00:00")
    queued(1)
    page = boss.get(
        reverse("admin:sepahan_django_outboundmessage_changelist"), headers={"accept-language": "fa"}
    )
    assert "۱۴۰۵/۰۹/۰۳ ۱۴:۲۰" in page.content.decode()


@pytest.mark.parametrize(
    "term", ["09120000001", "+98 912 000 0001", "۰۹۱۲۰۰۰۰۰۰۱", "0912 000 0001", "912000000", "0912"]
)
def test_messages_are_found_by_a_number_in_any_writing(boss, gateway, term):
    queued(3)
    page = boss.get(reverse("admin:sepahan_django_outboundmessage_changelist"), {"q": term})
    assert number(1) in page.content.decode()


def act(client, action, *rows):
    address = reverse("admin:sepahan_django_outboundmessage_changelist")
    return client.post(address, {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)


def test_queued_messages_are_cancelled_from_the_list(boss, gateway):
    act(boss, "cancel_queued", *queued(2))
    assert states() == {"cancelled": 2}


def test_failed_messages_are_sent_again_from_the_list(boss, gateway):
    (row,) = queued(1)
    gateway.state.script.append(-999)
    outbox.drain()
    act(boss, "send_failed_again", row)
    assert states() == {"queued": 1}


def test_states_are_refreshed_from_the_list(boss, gateway):
    rows = queued(2)
    outbox.drain()
    act(boss, "refresh_states", *rows)
    assert states() == {"delivered": 2}


def test_what_comes_in_is_fetched_with_a_button(boss, gateway):
    assert boss.get(reverse("admin:sepahan_django_pull")).status_code == 405
    boss.post(reverse("admin:sepahan_django_pull"))
    assert gateway.state.count("Receive") == 1


def test_what_comes_in_can_run_no_script(boss, gateway):
    text = "<script>alert(1)</script>"
    row = InboundMessage.objects.create(
        line="1",
        sender="<b>x",
        text=text,
        gateway_date="<i>",
        api_key=accounts.resolve(),
        dispatch_error=text,
    )
    for name, args in (("changelist", []), ("change", [row.pk])):
        page = boss.get(reverse(f"admin:sepahan_django_inboundmessage_{name}", args=args)).content.decode()
        assert not re.search("<script>alert|<b>x|<i>", page)


# Accounts


def test_a_token_is_written_and_never_shown(boss, gateway):
    address = reverse("admin:sepahan_django_apikey_add")
    lines = {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}
    boss.post(address, {"title": "new", "token": TOKEN, "is_active": "on", **lines})
    key = ApiKey.objects.get(title="new")
    page = boss.get(reverse("admin:sepahan_django_apikey_change", args=[key.pk])).content.decode()
    assert (str(key.token), TOKEN in page, TOKEN[-4:] in page) == (TOKEN, False, True)


def test_an_empty_token_field_keeps_the_stored_one(boss, gateway):
    key = account("a")
    lines = {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}
    boss.post(
        reverse("admin:sepahan_django_apikey_change", args=[key.pk]), {"title": "b", "token": "", **lines}
    )
    key.refresh_from_db()
    assert (key.title, str(key.token)) == ("b", TOKEN)


def test_a_wrong_address_gets_a_sentence(boss, gateway):
    lines = {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}
    data = {"title": "a", "token": TOKEN, "base_url": "http://api.sepahansms.com", **lines}
    page = boss.post(reverse("admin:sepahan_django_apikey_add"), data).content.decode()
    assert "https" in page
    assert ApiKey.objects.filter(title="a").count() == 0


def test_the_credit_is_checked_with_a_button(boss, gateway):
    key = accounts.resolve()
    answer = boss.post(reverse("admin:sepahan_django_credit", args=[key.pk]), follow=True)
    assert "1,000,000 Rials" in answer.content.decode()


def test_a_token_is_made_from_user_name_and_password(boss, gateway):
    data = {
        "title": "made",
        "username": "u",
        "password": "hunter2-hunter2",
        "domain": "d",
        "ips": "10.0.0.1، 10.0.0.2",
    }
    answer = boss.post(reverse("admin:sepahan_django_generate"), data, follow=True)
    assert str(ApiKey.objects.get(title="made").token) == "b2fa64f05d774e56a948727441b898c3"
    assert "b2fa64f05d774e56" not in answer.content.decode()
    assert gateway.state.requests[-1][1]["filterIps"] == ["10.0.0.1", "10.0.0.2"]


def test_the_password_is_not_written_back_into_the_page(boss, settings):
    settings.SEPAHAN = {"API_KEY": "x", "BASE_URL": "http://127.0.0.1:9", "TIMEOUT": (1, 1)}
    data = {"title": "made", "username": "u", "password": "hunter2-hunter2", "domain": "d"}
    page = boss.post(reverse("admin:sepahan_django_generate"), data).content.decode()
    assert ("hunter2" in page, "reached" in page) == (False, True)


def test_a_pause_is_ended_with_a_button(boss, gateway):
    queued(1)
    gateway.state.script.append(-1)
    outbox.drain()
    key = ApiKey.objects.get()
    assert "paused" in boss.get(reverse(SEND)).content.decode()
    boss.post(reverse("admin:sepahan_django_try_now", args=[key.pk]))
    outbox.drain()
    assert states() == {"sent": 1}


# Rights

DOORS = [
    ("admin:sepahan_django_send", [], "get", "send_message"),
    ("admin:sepahan_django_send", [], "post", "send_message"),
    ("admin:sepahan_django_pull", [], "post", "pull_inbox"),
    ("admin:sepahan_django_credit", [1], "post", "view_credit"),
    ("admin:sepahan_django_try_now", [1], "post", "change_apikey"),
    ("admin:sepahan_django_inbox_new", [1], "post", "change_apikey"),
    ("admin:sepahan_django_generate", [], "get", "generate_api_key"),
]


@pytest.mark.parametrize(("name", "args", "verb", "permission"), DOORS)
def test_a_page_is_closed_without_its_permission(client, gateway, name, args, verb, permission):
    accounts.resolve()
    others = Permission.objects.filter(content_type__app_label="sepahan_django").exclude(codename=permission)
    staff = clerk(client, *others.values_list("codename", flat=True))
    assert getattr(staff, verb)(reverse(name, args=args)).status_code == 403


@pytest.mark.parametrize(("name", "args", "verb", "permission"), DOORS)
def test_a_page_is_closed_to_visitors(client, gateway, name, args, verb, permission):
    answer = getattr(client, verb)(reverse(name, args=args))
    assert (answer.status_code, "login" in answer["Location"]) == (302, True)


def test_actions_are_hidden_from_those_who_may_only_look(client, gateway):
    rows = queued(1)
    act(clerk(client, "view_outboundmessage"), "cancel_queued", *rows)
    assert states() == {"queued": 1}
