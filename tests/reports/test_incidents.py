from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from sepahan_django import accounts, outbox
from sepahan_django.gateway.errors import Rejected
from sepahan_django.models import Job, JobRun, OutboundMessage, PauseKind, SendRequest
from sepahan_django.reports import incidents
from sepahan_django.reports.incidents import Kind, Severity, open_incidents
from sepahan_django.wording import explain
from tests.factories import account, queued

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def kinds():
    return [incident.kind for incident in open_incidents()]


def only():
    (incident,) = open_incidents()
    return incident


def ran(job, ago=timedelta(0), **fields):
    at = timezone.now() - ago
    return JobRun.objects.create(name=job, **{"seen_at": at, "ended_at": at, "last_ok_at": at, **fields})


def refused(code):
    """The account in the settings, paused because the gateway has refused it with this code."""
    reason = explain(Rejected("no", code=code))
    accounts.pause(accounts.resolve(), kind=PauseKind.ACCOUNT, reason=reason, code=code)


def waiting(count=1, *, ago=20 * MINUTE, **fields):
    return queued(count, due_at=timezone.now() - ago, **fields)


def test_nothing_is_wrong_where_nothing_is_wrong(gateway):
    queued(3)
    outbox.drain()
    for job in Job:
        ran(job)
    assert kinds() == []


def test_a_project_without_an_account_has_no_incident(settings):
    settings.SEPAHAN = {}
    ran(Job.SEND, DAY)
    assert kinds() == []


# Accounts


def test_a_refused_account_is_told_with_the_remedy(gateway):
    refused(-1)
    incident = only()
    assert (incident.kind, incident.severity) == (Kind.PAUSED, Severity.ERROR)
    assert "“settings” is paused" in incident.title
    assert "Enter the correct one" in incident.remedy
    assert incident.detail == accounts.resolve().pause_reason


def test_an_address_that_is_not_allowed_is_to_be_added_to_the_token(gateway):
    refused(-3)
    incident = only()
    assert (incident.kind, "Add this server's address to the token in the panel" in incident.remedy) == (
        Kind.IP_REFUSED,
        True,
    )


def test_a_blocked_address_is_told_apart_from_one_that_is_not_allowed(gateway):
    refused(-22)
    incident = only()
    assert (incident.kind, "lift the block" in incident.remedy) == (Kind.IP_REFUSED, True)


def test_the_code_of_a_pause_is_found_whatever_language_the_worker_speaks(gateway):
    with override("fa"):
        refused(-3)
    assert only().kind is Kind.IP_REFUSED


def test_a_pause_without_a_code_sends_to_the_support(gateway):
    accounts.pause(
        accounts.resolve(), kind=PauseKind.ACCOUNT, reason="Something before the gateway (HTTP 401)"
    )
    assert "support" in only().remedy


def test_a_pause_by_the_projects_own_code_is_a_warning(gateway):
    key = account(paused_until=timezone.now() + DAY, pause_reason="over the holidays")
    incident = only()
    assert (incident.severity, incident.detail, incident.args) == (
        Severity.WARNING,
        "over the holidays",
        (key.pk,),
    )


def test_a_pause_by_the_projects_own_code_ends_by_itself(gateway):
    account(paused_until=timezone.now() - MINUTE, pause_reason="over the holidays")
    assert kinds() == []


def test_an_account_that_is_switched_off_is_no_incident(gateway):
    account(is_active=False, credit=0, inbox_stopped_at=timezone.now())
    assert kinds() == []


def test_credit_that_is_used_up_is_an_error_without_any_limit(gateway):
    account(credit=0)
    incident = only()
    assert (incident.kind, incident.severity, incident.credit) == (Kind.CREDIT, Severity.ERROR, 0)


@pytest.mark.parametrize(("credit", "expected"), [(99_999, [Kind.CREDIT]), (100_000, [])])
def test_credit_below_the_limit_is_a_warning(gateway, settings, credit, expected):
    settings.SEPAHAN = {**settings.SEPAHAN, "LOW_CREDIT": 100_000}
    account(credit=credit)
    found = open_incidents()
    assert [one.kind for one in found] == expected
    assert all(one.severity is Severity.WARNING for one in found)


def test_an_account_that_waits_for_credit_is_one_incident(gateway):
    queued(1)
    gateway.state.credit = 0
    gateway.state.script.append(-14)
    outbox.drain()
    ran(Job.SEND)
    incident = only()
    assert (incident.kind, incident.severity) == (Kind.CREDIT, Severity.ERROR)
    assert "Top up" in incident.remedy


def test_a_credit_that_nobody_has_asked_for_is_no_incident(gateway):
    account(credit=None)
    assert kinds() == []


def test_a_token_that_can_not_be_decrypted_is_told(gateway, settings):
    account()
    settings.SECRET_KEY = "another key altogether, and long enough"
    assert only().kind is Kind.UNREADABLE


def test_a_stopped_inbox_is_told_with_its_reason(gateway):
    account(inbox_stopped_at=timezone.now(), inbox_stop_reason="the same again")
    incident = only()
    assert (incident.kind, incident.detail) == (Kind.INBOX, "the same again")


# Jobs


@pytest.mark.parametrize(
    ("job", "longest"),
    [(Job.SEND, 15 * MINUTE), (Job.PULL, 15 * MINUTE), (Job.SYNC, 2 * HOUR), (Job.CREDIT, DAY)],
)
def test_a_job_is_silent_after_its_time_and_not_before(gateway, job, longest):
    account()
    row = ran(job, longest - MINUTE)
    assert kinds() == []
    JobRun.objects.filter(pk=row.pk).update(seen_at=timezone.now() - longest - MINUTE)
    assert (only().kind, f"sepahan_{job}" in only().remedy) == (Kind.JOB, True)


def test_a_long_run_that_gives_signs_of_life_is_not_silent(gateway):
    account()
    ran(Job.SEND, DAY, started_at=timezone.now() - DAY, seen_at=timezone.now())
    assert kinds() == []


def test_a_job_seen_by_a_clock_that_was_ahead_is_not_taken_for_alive(gateway):
    account()
    ran(Job.SEND, -DAY)
    assert kinds() == [Kind.JOB]


def test_a_job_that_never_ran_is_no_incident_while_there_is_no_work(gateway):
    account()
    queued(1)
    assert kinds() == []


def test_sending_that_never_ran_is_an_incident_once_messages_wait(gateway):
    waiting(3)
    assert (only().kind, "never run" in only().title) == (Kind.JOB, True)


def test_asking_that_never_ran_is_an_incident_once_states_wait(gateway):
    ran(Job.SEND)
    queued(1)
    outbox.drain()
    OutboundMessage.objects.update(status_due_at=timezone.now() - 3 * HOUR)
    assert "sepahan_sync_status" in only().remedy


def test_a_job_that_keeps_failing_is_told_with_what_it_says(gateway):
    account()
    ran(Job.PULL, 20 * MINUTE, seen_at=timezone.now(), last_error="the gateway can't be reached")
    assert only().detail == "the gateway can't be reached"


def test_a_job_that_failed_once_is_no_incident(gateway):
    account()
    ran(Job.PULL, MINUTE, last_error="the gateway can't be reached")
    assert kinds() == []


def test_a_job_that_fails_because_of_an_account_is_no_second_incident(gateway):
    refused(-1)
    ran(Job.PULL, HOUR, seen_at=timezone.now(), last_error="paused")
    assert kinds() == [Kind.PAUSED]


# The queue


def test_a_queue_that_stands_still_while_the_job_runs_is_told(gateway):
    waiting()
    ran(Job.SEND)
    assert (only().kind, only().query) == (Kind.QUEUE, "state__exact=queued")


@pytest.mark.parametrize("lane", [0, 1, 2])
def test_every_lane_can_stand_still(gateway, lane):
    waiting(priority=lane)
    ran(Job.SEND)
    assert kinds() == [Kind.QUEUE]


def test_a_queue_that_moves_is_no_incident_however_long(gateway):
    queued(1)
    outbox.drain()
    waiting(3)
    ran(Job.SEND)
    assert SendRequest.objects.get().finished_at
    assert kinds() == []


def test_a_queue_that_last_moved_long_ago_is_told(gateway):
    queued(1)
    outbox.drain()
    SendRequest.objects.update(finished_at=timezone.now() - HOUR)
    waiting(3)
    ran(Job.SEND)
    assert kinds() == [Kind.QUEUE]


def test_messages_that_are_to_be_sent_later_are_not_stuck(gateway):
    waiting(ago=-HOUR)
    ran(Job.SEND)
    assert kinds() == []


def test_messages_of_a_paused_account_are_not_stuck_besides(gateway):
    waiting()
    ran(Job.SEND)
    refused(-1)
    assert kinds() == [Kind.PAUSED]


def test_a_silent_job_is_the_cause_of_its_queue(gateway):
    waiting()
    ran(Job.SEND, HOUR)
    assert kinds() == [Kind.JOB]


def test_a_queue_that_waits_for_a_gateway_out_of_reach_says_so(gateway):
    waiting()
    ran(Job.SEND)
    accounts.back_off(accounts.resolve(), reason="away")
    assert "can't be reached" in only().remedy


# Doubt, order, cost


def test_messages_in_doubt_are_counted_and_lead_to_their_page(gateway):
    queued(2)
    OutboundMessage.objects.update(state="in_doubt")
    incident = only()
    assert (incident.title, incident.page) == ("2 SMS are in doubt.", "sepahan_django_doubts")


def test_counting_ends_where_nobody_reads_on(gateway, monkeypatch):
    monkeypatch.setattr(incidents, "MAX_DOUBTS_COUNTED", 2)
    queued(4)
    OutboundMessage.objects.update(state="in_doubt")
    assert only().title == "More than 2 SMS are in doubt."


def test_the_worst_comes_first(gateway):
    queued(1)
    OutboundMessage.objects.update(state="in_doubt")
    account(credit=0)
    assert [one.severity for one in open_incidents()] == [Severity.ERROR, Severity.WARNING]


def test_they_cost_three_queries_however_many_accounts_and_messages(gateway, django_assert_num_queries):
    for index in range(5):
        queued(4, api_key=account(f"a{index}"))
    for job in Job:
        ran(job, DAY)
    with django_assert_num_queries(3):
        open_incidents()


def test_a_queue_that_stands_still_costs_a_query_more(gateway, django_assert_num_queries):
    for index in range(5):
        waiting(4, api_key=account(f"a{index}"))
    for job in Job:
        ran(job, DAY)
    with django_assert_num_queries(4):
        open_incidents()


def test_as_long_as_states_were_never_asked_for_they_cost_a_fourth(gateway, django_assert_num_queries):
    account()
    with django_assert_num_queries(4):
        open_incidents()
