"""The page of the first run, step by step."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone as clock_time

from sepahan_django import accounts, outbox
from sepahan_django.models import (
    ApiKey,
    Job,
    JobRun,
    OutboundMessage,
    SenderLine,
)
from tests.admin.overview.pages import FIRST_RUN, page
from tests.factories import TOKEN, account, queued
from tests.staff import clerk, page_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]


# A site of the project's own


def test_a_step_returns_to_its_page_in_an_admin_site_of_the_projects_own(boss, bare, settings):
    settings.ROOT_URLCONF = "tests.admin.office"
    address = reverse("office:sepahan_django_first_run")
    answer = boss.post(address, {"step": "token", "token-title": "main", "token-token": TOKEN})
    assert answer["Location"] == address


# The first run


def step(client, name, **data):
    fields = {"step": name, **{f"{name}-{key}": value for key, value in data.items()}}
    return client.post(reverse(FIRST_RUN), fields, follow=True)


def done(answer):
    """Which of the five steps the page shows as done."""
    states = re.findall(r"sepahan-state-(?:delivered|queued)\">(done|to do)<", answer.content.decode())
    return [state == "done" for state in states]


@pytest.fixture
def bare(gateway, settings):
    """A gateway, and a project that has nothing but its address."""
    settings.SEPAHAN = {"BASE_URL": gateway.url, "TIMEOUT": (1, 1), "DISPATCH": "inline"}
    return gateway


def test_in_the_beginning_every_step_is_to_do(boss, bare):
    assert done(page(boss, FIRST_RUN)) == [False] * 5


def test_the_steps_are_done_one_after_the_other(boss, bare):
    answer = step(boss, "token", title="main", token=TOKEN)
    assert (done(answer), "1,000,000 Rials" in page_text(answer)) == ([True, True, False, False, False], True)
    answer = step(boss, "line", number="۳۰۰۰۱۲۳۴۵۶", label="office")
    assert done(answer) == [True, True, True, False, False]
    nonce = answer.context["forms"]["test"]["nonce"].value()
    answer = step(boss, "test", number="۰۹۱۲ ۱۲۳ ۴۵۶۷", nonce=nonce)
    assert done(answer) == [True, True, True, True, False]
    assert bare.state.recipients() == ["09121234567"]
    for job in (Job.SEND, Job.PULL, Job.SYNC):
        JobRun.objects.create(name=job, seen_at=clock_time.now())
    answer = page(boss, FIRST_RUN)
    assert (done(answer), "Everything is set up" in page_text(answer)) == ([True] * 5, True)


def test_the_first_account_is_the_default(boss, bare):
    step(boss, "token", title="main", token=TOKEN)
    assert ApiKey.objects.get().is_default


def test_a_token_is_not_written_back_into_the_page(boss, bare):
    step(boss, "token", title="main", token=TOKEN)
    assert TOKEN not in step(boss, "token", title="main", token=TOKEN).content.decode()


def test_a_token_that_the_gateway_refuses_is_kept_and_told(boss, settings):
    settings.SEPAHAN = {"BASE_URL": "http://127.0.0.1:9", "TIMEOUT": (1, 1)}
    answer = step(boss, "token", title="main", token=TOKEN)
    assert "did not accept the account “main”" in page_text(answer)
    assert (done(answer)[:2], ApiKey.objects.count()) == ([True, False], 1)


def test_an_empty_token_gets_a_sentence(boss, bare):
    assert "Paste the token" in page_text(step(boss, "token", title="main", token=""))


def test_a_line_that_was_switched_off_becomes_the_default_again(boss, bare):
    line = SenderLine.objects.create(api_key=account(), number="3000", is_active=False)
    step(boss, "line", number="3000", label="")
    line.refresh_from_db()
    assert (line.is_active, line.is_default) == (True, True)


def test_a_test_submitted_twice_is_sent_once(boss, inline):
    nonce = page(boss, FIRST_RUN).context["forms"]["test"]["nonce"].value()
    for _time in range(2):
        step(boss, "test", number="09121234567", nonce=nonce)
    assert len(inline.state.ledger) == 1


def test_a_number_that_can_not_be_read_gets_a_sentence_and_stays_in_the_field(boss, gateway):
    nonce = page(boss, FIRST_RUN).context["forms"]["test"]["nonce"].value()
    answer = step(boss, "test", number="02188776655", nonce=nonce)
    assert answer.context["forms"]["test"].errors
    assert 'value="02188776655"' in answer.content.decode()
    assert OutboundMessage.objects.count() == 0


def test_a_test_needs_an_account_and_says_so(boss, bare):
    nonce = page(boss, FIRST_RUN).context["forms"]["test"]["nonce"].value()
    assert "Store an account first" in page_text(step(boss, "test", number="09121234567", nonce=nonce))


def test_what_is_set_up_is_kept_in_the_history(boss, bare):
    step(boss, "token", title="main", token=TOKEN)
    assert LogEntry.objects.get().object_repr == "main"


def test_looking_at_the_page_changes_nothing(boss, bare):
    page(boss, FIRST_RUN)
    assert (ApiKey.objects.count(), bare.state.requests) == (0, [])


@pytest.mark.parametrize(
    ("name", "permission", "data"),
    [
        ("token", "add_apikey", {"title": "a", "token": TOKEN}),
        ("credit", "view_credit", {}),
        ("line", "add_senderline", {"number": "3000"}),
        ("test", "send_message", {"number": "09121234567"}),
    ],
)
def test_a_step_is_closed_without_its_permission(client, gateway, name, permission, data):
    others = Permission.objects.filter(content_type__app_label="sepahan_django").exclude(codename=permission)
    staff = clerk(client, *others.values_list("codename", flat=True))
    assert step(staff, name, **data).status_code == 403


def test_the_page_is_closed_to_those_who_may_not_add_an_account(client, gateway):
    assert page(clerk(client, "view_apikey", "send_message"), FIRST_RUN).status_code == 403


def test_the_overview_leads_to_the_first_run_until_nothing_is_missing(boss, gateway):
    address = f'href="{reverse(FIRST_RUN)}"'
    assert address in page(boss).content.decode()
    queued(1)
    outbox.drain()
    accounts.refresh_credit(accounts.resolve())
    for job in (Job.SEND, Job.PULL, Job.SYNC):
        JobRun.objects.create(name=job, seen_at=clock_time.now())
    assert address not in page(boss).content.decode()


def test_an_empty_list_leads_to_the_first_run(boss, bare):
    content = page(boss, "admin:sepahan_django_outboundmessage_changelist").content.decode()
    assert f'href="{reverse(FIRST_RUN)}"' in content


def test_an_empty_list_leads_nobody_to_a_closed_door(client, bare):
    staff = clerk(client, "view_outboundmessage")
    content = page(staff, "admin:sepahan_django_outboundmessage_changelist").content.decode()
    assert reverse(FIRST_RUN) not in content
