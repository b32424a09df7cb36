"""Blanking what is old."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sepahan_django import accounts, outbox
from sepahan_django.jobs.pruning import prune
from sepahan_django.models import DraftRow, InboundMessage, OutboundMessage, SendDraft, SendRequest
from tests.commands import run
from tests.factories import queued, states

pytestmark = pytest.mark.django_db(transaction=True)


def old(**fields):
    return queued(1, created_at=timezone.now() - timedelta(days=400), **fields)[0]


def old_inbound(**fields):
    long_ago = timezone.now() - timedelta(days=400)
    defaults = {"pulled_at": long_ago, "acknowledged_at": long_ago, "dispatched_at": long_ago}
    return InboundMessage.objects.create(
        line="3000",
        sender="09350000001",
        text="a text",
        gateway_date="1405/01/01",
        api_key=accounts.resolve(),
        **{**defaults, **fields},
    )


def test_blanking_keeps_the_row_and_takes_text_and_number_out(gateway):
    old(state="delivered")
    old_inbound()
    assert (
        run("sepahan_prune", "--older-than", "365", "--blank") == "outbound=1 inbound=1 requests=0 drafts=0"
    )
    assert OutboundMessage.objects.values_list("recipient", "text", "state").get() == ("", "", "delivered")
    assert InboundMessage.objects.values_list("sender", "text").get() == ("", "")


def test_what_is_younger_keeps_its_text(gateway):
    queued(1, state="delivered")
    run("sepahan_prune", "--older-than", "365", "--blank")
    assert OutboundMessage.objects.get().text


@pytest.mark.parametrize("state", ["queued", "in_doubt"])
def test_what_waits_for_something_keeps_its_text(gateway, state):
    old(state=state)
    run("sepahan_prune", "--older-than", "365", "--blank")
    assert OutboundMessage.objects.get().text


@pytest.mark.parametrize("missing", ["acknowledged_at", "dispatched_at"])
def test_an_inbound_message_that_is_not_at_its_end_keeps_its_text(gateway, missing):
    old_inbound(**{missing: None})
    run("sepahan_prune", "--older-than", "365", "--blank")
    assert InboundMessage.objects.get().text


def test_what_is_blank_is_not_counted_again(gateway):
    old(state="delivered")
    run("sepahan_prune", "--older-than", "365", "--blank")
    assert (
        run("sepahan_prune", "--older-than", "365", "--blank") == "outbound=0 inbound=0 requests=0 drafts=0"
    )


def test_a_blanked_message_is_not_sent_again(gateway):
    old(state="failed")
    run("sepahan_prune", "--older-than", "365", "--blank")
    outbox.send_again(OutboundMessage.objects.all())
    assert states() == {"failed": 1}


def test_a_key_used_for_a_blanked_message_is_still_used(gateway):
    from sepahan_django.outbox.queueing import IdempotencyConflict
    from sepahan_django.sms import send_sms

    old(state="delivered", idempotency_key="order-1")
    run("sepahan_prune", "--older-than", "365", "--blank")
    with pytest.raises(IdempotencyConflict):
        send_sms("09120000000", "سلام", idempotency_key="order-1")


def test_what_the_gateway_said_about_blanked_messages_goes_with_them(gateway):
    (message,) = [old(state="failed")]
    long_ago = timezone.now() - timedelta(days=400)
    words = {"error_message": "no 09120000000", "answer": "no 09120000000", "created_at": long_ago}
    request = SendRequest.objects.create(request_id="r", api_key=message.api_key, **words)
    OutboundMessage.objects.update(request=request)
    assert (
        run("sepahan_prune", "--older-than", "365", "--blank") == "outbound=1 inbound=0 requests=1 drafts=0"
    )
    assert SendRequest.objects.values_list("error_message", "answer").get() == ("", "")


def test_what_the_gateway_said_about_messages_that_wait_is_kept(gateway):
    (message,) = [old(state="in_doubt")]
    request = SendRequest.objects.create(
        request_id="r", api_key=message.api_key, error_message="x", created_at=message.created_at
    )
    OutboundMessage.objects.update(request=request)
    run("sepahan_prune", "--older-than", "365", "--blank")
    assert SendRequest.objects.get().error_message == "x"


@pytest.mark.parametrize("words", [[], ["--blank"]])
def test_old_drafts_go_with_their_numbers_and_young_ones_stay(gateway, words):
    for days in (400, 1):
        draft = SendDraft.objects.create(text="a text", created_at=timezone.now() - timedelta(days=days))
        rows = [DraftRow(draft=draft, number=n, raw="09120000000", recipient="09120000000") for n in range(3)]
        DraftRow.objects.bulk_create(rows)
    assert run("sepahan_prune", "--older-than", "365", *words).endswith("drafts=1")
    assert (SendDraft.objects.count(), DraftRow.objects.count()) == (1, 3)


def texts_in_the_database():
    """All that the app's tables hold, as one text."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("sepahan_django_"):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                rows += cursor.fetchall()
    return repr(rows)


@pytest.mark.parametrize("words", [[], ["--blank"]])
def test_after_pruning_no_table_holds_an_old_number_or_text(gateway, words):
    message = old(state="failed", text="an old text", error_message="no 09120000000")
    request = SendRequest.objects.create(
        request_id="r", api_key=message.api_key, error_message="no 09120000000", created_at=message.created_at
    )
    OutboundMessage.objects.update(request=request)
    old_inbound(dispatch_error="an old text")
    draft = SendDraft.objects.create(text="an old text", created_at=message.created_at)
    DraftRow.objects.create(draft=draft, number=1, raw="09120000000", values={"name": "an old text"})
    run("sepahan_prune", "--older-than", "365", *words)
    left = texts_in_the_database()
    assert not [one for one in ("09120000000", "09350000001", "an old text", "a text") if one in left]


@pytest.mark.parametrize(("due", "answer"), [(None, ""), (timezone.now(), "09121234567")])
def test_the_gateways_answer_is_blanked_once_its_request_has_ended(gateway, due, answer):
    SendRequest.objects.create(
        request_id="r",
        api_key=accounts.resolve(),
        answer="09121234567",
        due_at=due,
        created_at=timezone.now() - timedelta(days=400),
    )
    run("sepahan_prune", "--older-than", "365", "--blank")
    assert SendRequest.objects.get().answer == answer


@pytest.mark.parametrize("words", [[], ["--blank"]])
def test_what_takes_many_chunks_is_pruned_to_the_end(gateway, monkeypatch, words):
    monkeypatch.setattr("sepahan_django.db.chunks.KEY_CHUNK", 2)
    long_ago = timezone.now() - timedelta(days=400)
    queued(5, state="delivered", created_at=long_ago)
    for _index in range(3):
        draft = SendDraft.objects.create(text="a text", created_at=long_ago)
        DraftRow.objects.bulk_create(DraftRow(draft=draft, number=number, raw="x") for number in range(3))
    told = run("sepahan_prune", "--older-than", "365", *words)
    assert (told.startswith("outbound=5 "), told.endswith("drafts=3")) == (True, True)
    assert (OutboundMessage.objects.exclude(text="").count(), DraftRow.objects.count()) == (0, 0)


def test_a_stop_between_two_chunks_leaves_drafts_that_the_next_run_deletes(gateway, monkeypatch):
    monkeypatch.setattr("sepahan_django.db.chunks.KEY_CHUNK", 2)
    long_ago = timezone.now() - timedelta(days=400)
    draft = SendDraft.objects.create(text="a text", created_at=long_ago)
    DraftRow.objects.bulk_create(DraftRow(draft=draft, number=number, raw="x") for number in range(5))
    stopped = prune(before=timezone.now(), should_stop=lambda: DraftRow.objects.count() < 5)
    assert stopped["drafts"] == 0
    assert (SendDraft.objects.count(), DraftRow.objects.count()) == (1, 3)
    assert prune(before=timezone.now())["drafts"] == 1
