"""Why something failed or stands still is written by a worker in one language and read in another."""

import io

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils.translation import override

from sepahan_django import accounts, drafts, inbox, outbox, tasks
from sepahan_django.gateway.errors import Rejected
from sepahan_django.jobs.heartbeat import Heartbeat
from sepahan_django.models import ApiKey, DraftRow, Job, JobRun, OutboundMessage, PauseKind, SendRequest
from sepahan_django.wording import explain
from tests.factories import queued
from tests.faulty_gateway import Inbound

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _a_persian_worker():
    with override("fa"):
        yield


def is_persian(text):
    return any("آ" <= character <= "ی" for character in text)


def in_english(rows, field):
    """The one row's text as an English reader gets it."""
    with override("en"):
        return getattr(rows.get(), field)


def test_the_reason_of_a_pause_is_read_in_the_readers_language(gateway):
    queued(1)
    gateway.state.script.append(-3)
    outbox.drain()
    assert in_english(ApiKey.objects, "pause_reason") == (
        "This server's IP address is not allowed. Add it to the token in the panel. (-3: no because)"
    )
    assert is_persian(ApiKey.objects.get().pause_reason)


def test_a_pause_keeps_the_gateways_number(gateway):
    queued(1)
    gateway.state.script.append(-14)
    outbox.drain()
    row = ApiKey.objects.get()
    assert (row.pause_kind, row.pause_code) == (PauseKind.CREDIT, -14)


def test_the_end_of_a_pause_takes_its_number_along(gateway):
    accounts.pause(accounts.resolve(), kind=PauseKind.ACCOUNT, reason="no", code=-3)
    accounts.resume(ApiKey.objects.get())
    assert ApiKey.objects.get().pause_code is None


def test_the_reason_of_a_message_refused_by_its_id_is_read_in_the_readers_language(gateway):
    queued(1)
    gateway.state.script.append(lambda ids: [-4])
    outbox.drain()
    assert (
        in_english(OutboundMessage.objects, "error_message") == "The recipient's number has the wrong format."
    )


def test_the_reason_of_a_message_that_waits_again_is_read_in_the_readers_language(gateway):
    queued(1)
    gateway.state.script.append(-8)
    outbox.drain()
    assert in_english(OutboundMessage.objects, "error_message").startswith("The SMS service is not available")


def test_the_gateways_own_words_stay_as_they_are(gateway):
    queued(1)
    gateway.state.script.append(-5)
    outbox.drain()
    assert in_english(OutboundMessage.objects, "error_message") == "no because"


def test_the_error_of_a_job_is_read_in_the_readers_language(gateway):
    queued(1)
    gateway.state.script.append(-3)
    with pytest.raises(CommandError):
        call_command("sepahan_send_queued", stdout=io.StringIO())
    assert in_english(JobRun.objects, "last_error").startswith("settings: This server's IP address is not")
    assert is_persian(JobRun.objects.get().last_error)


def test_a_job_that_an_account_keeps_from_working_tells_it_in_the_readers_language(gateway):
    with pytest.raises(CommandError):
        call_command("sepahan_send_queued", account="nobody", stdout=io.StringIO())
    assert in_english(JobRun.objects, "last_error") == "There is no account with the title “nobody”."


def test_the_reason_of_a_stopped_inbox_is_read_in_the_readers_language(gateway):
    gateway.state.honours_marks = False
    gateway.state.inbound += [Inbound("3000123456", "1405/09/03 10:00", "09126900023", text) for text in "12"]
    inbox.pull()
    assert in_english(ApiKey.objects, "inbox_stop_reason").startswith(
        "The gateway has returned messages again"
    )
    assert is_persian(ApiKey.objects.get().inbox_stop_reason)


def test_the_reasons_of_refused_rows_are_read_in_the_readers_language(gateway):
    made = drafts.start(User.objects.create_user("clerk"), account=accounts.resolve(), text="سلام {نام}")
    drafts.fill_from_text(made, "نام\tموبایل\n\t09121234567\nx\t0912\nعلی\t09351234567")
    with override("en"):
        assert set(DraftRow.objects.exclude(reason="").values_list("reason", flat=True)) == {
            "“نام” is empty.",
            "It has too few digits.",
        }


def test_rows_marked_anew_in_another_language_are_not_written_anew(gateway):
    made = drafts.start(User.objects.create_user("clerk"), account=accounts.resolve(), text="سلام {نام}")
    drafts.fill_from_text(made, "نام\tموبایل\n\t09121234567\nعلی\t09351234567")
    before = list(DraftRow.objects.order_by("pk").values("pk", "problem", "reason"))
    with override("en"):
        drafts.change(made, text="{نام} سلام")
    assert list(DraftRow.objects.order_by("pk").values("pk", "problem", "reason")) == before


def test_a_reason_that_the_projects_own_code_gives_stays_as_it_is(gateway):
    ApiKey.objects.filter(pk=accounts.resolve().pk).update(pause_reason="تعطیلات")
    assert in_english(ApiKey.objects, "pause_reason") == "تعطیلات"


def test_a_run_that_ends_well_leaves_the_column_empty(gateway):
    tasks.send_queued()
    assert JobRun.objects.exclude(last_error="").count() == 0


def test_a_very_long_reason_is_cut_and_not_lost(gateway):
    error = Rejected("m" * 500, code=None, http_status=200, details=["d" * 500] * 9)
    with override("en"):
        beating = Heartbeat(Job.CREDIT)
        beating.begin()
        beating.end(explain(error))
        assert JobRun.objects.get().last_error.startswith("The gateway refused the request: mmm")


@pytest.mark.parametrize("words", ["a\x00b", "a\ud800b"], ids=["NUL", "half a character"])
@pytest.mark.parametrize("code", [-4, -3, -999])
def test_words_that_no_database_takes_keep_nothing_from_being_settled(gateway, words, code):
    queued(1)
    gateway.state.words = words
    gateway.state.script.append(code)
    outbox.drain()
    assert not SendRequest.objects.filter(state__in=["sending", "ready"]).exists()


@pytest.mark.parametrize("words", ["a\x00b", "a\ud800b"], ids=["NUL", "half a character"])
def test_words_that_no_database_takes_are_stored_without_what_it_refuses(gateway, words):
    (message,) = queued(1)
    for reason in (words, explain(Rejected(words, code=-3))):
        OutboundMessage.objects.update(error_message=reason)
        message.refresh_from_db()
        assert ("a" in message.error_message, set("\x00\ud800") & set(message.error_message)) == (True, set())
