import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from sepahan_django import accounts, drafts
from sepahan_django.drafts.checking import blockers, prepare
from sepahan_django.models import (
    ApiKey,
    Campaign,
    DraftRow,
    OutboundMessage,
    PauseKind,
    Priority,
    SenderLine,
    SendRequest,
)
from tests.factories import account, elsewhere, number, queued, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clerk():
    return User.objects.create_user("clerk")


@pytest.fixture
def draft(clerk, gateway, time_machine):
    time_machine.move_to("2026-11-24 10:50:00+03:30", tick=True)  # by day
    made = drafts.start(clerk, account=accounts.resolve(), sender="3000123456", text="سلام {نام}")
    drafts.fill_from_text(made, "نام\tموبایل\nعلی\t09121234567\nرضا\t09351234567\n\t09011234567\nx\t0912")
    return made


def codes(issues):
    return [issue.code for issue in issues]


def blocked_by(draft, **options):
    return codes(drafts.check(draft, **options).blockers)


def warned_of(draft):
    return codes(drafts.check(draft).warnings)


def send(draft, clerk):
    return drafts.send(draft, clerk, fingerprint=drafts.check(draft).fingerprint)


# The check


def test_the_check_counts_what_goes_and_what_does_not(draft):
    found = drafts.check(draft)
    assert (found.going, found.found, found.empty, found.unreadable, found.duplicates) == (2, 3, 1, 1, 0)


def test_parts_are_those_of_the_filled_texts(draft):
    drafts.fill(draft, [(number(0), {"نام": "x" * 10}), (number(1), {"نام": "y" * 100})])
    found = drafts.check(draft)
    assert (found.parts, found.most_parts) == (1 + 2, 2)


def test_first_longest_and_any_message_are_shown_filled_in(draft):
    drafts.fill(draft, ((number(i), {"نام": "x" * (1 + i % 5)}) for i in range(50)))
    found = drafts.check(draft)
    assert (found.first.text, found.longest.text, found.longest.row) == ("سلام x", "سلام xxxxx", 5)
    assert found.random == drafts.check(draft).random


def test_the_check_changes_nothing_and_takes_few_queries(draft, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        drafts.check(draft)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"api_key": None}, "no_account"),
        ({"text": " "}, "no_text"),
        ({"text": "{nobody}"}, "placeholder"),
        ({"text": "}"}, "brace"),
        ({"send_at": timezone.now() - timedelta(days=400)}, "past"),
    ],
)
def test_what_is_missing_blocks(draft, changes, code):
    drafts.change(draft, **changes)
    assert code in blocked_by(draft)


def test_a_prepared_draft_is_judged_by_its_own_moment(draft):
    planned = timezone.now() + timedelta(hours=1)
    drafts.change(draft, send_at=planned)
    moments = (planned - timedelta(seconds=1), planned)
    assert [codes(blockers(prepare(draft, now=moment))) for moment in moments] == [[], ["past"]]


def test_nobody_left_blocks(draft):
    drafts.fill_from_text(draft, "0912")
    assert blocked_by(draft) == ["placeholder", "nobody"]
    drafts.change(draft, text="x")
    assert blocked_by(draft) == ["nobody"]


def test_an_inactive_line_blocks(draft):
    SenderLine.objects.create(number="3000123456", api_key=draft.api_key, is_active=False)
    assert blocked_by(draft) == ["inactive_line"]


def test_another_accounts_line_blocks(draft):
    SenderLine.objects.create(number="4000", api_key=account("other"))
    drafts.change(draft, sender="4000")
    assert blocked_by(draft) == ["foreign_line"]


def test_an_account_without_a_line_blocks(draft, settings):
    settings.SEPAHAN = {**settings.SEPAHAN, "SENDER": ""}
    drafts.change(draft, sender="")
    assert blocked_by(draft) == ["no_line"]


def test_a_paused_account_blocks(draft):
    accounts.pause(draft.api_key, kind=PauseKind.ACCOUNT, reason="no")
    draft.api_key.refresh_from_db()
    assert blocked_by(draft) == ["paused"]


def test_more_recipients_than_the_user_may_send_to_block(draft):
    assert (blocked_by(draft, most=1), blocked_by(draft, most=2)) == (["too_many"], [])


def test_no_credit_blocks_and_too_little_warns(draft):
    ApiKey.objects.update(credit=0)
    draft.api_key.refresh_from_db()
    assert blocked_by(draft) == ["no_credit"]
    queued(1, text="سلام")
    OutboundMessage.objects.update(
        request=SendRequest.objects.create(
            request_id="r", api_key=draft.api_key, sms_count=2, total_price=3000
        )
    )
    ApiKey.objects.update(credit=100)
    draft.api_key.refresh_from_db()
    found = drafts.check(draft)
    assert (codes(found.blockers), found.cost, "credit_short" in codes(found.warnings)) == ([], 3000, True)


def test_a_price_is_learnt_for_each_alphabet_of_its_own(draft):
    queued(1, text="Latin")
    OutboundMessage.objects.update(
        request=SendRequest.objects.create(
            request_id="r", api_key=draft.api_key, sms_count=1, total_price=3000
        )
    )
    assert drafts.check(draft).cost is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Hello", "latin"),
        ("س" * 300, "many_parts"),
        ("{نام}", "empty_column"),
    ],
)
def test_what_is_dear_or_left_out_is_warned_of(draft, text, code):
    drafts.change(draft, text=text)
    assert code in warned_of(draft)


def test_two_alphabets_are_warned_of(draft):
    drafts.fill(draft, [(number(0), {"x": "a"}), (number(1), {"x": "ب"})])
    drafts.change(draft, text="{x}")
    assert "encodings" in warned_of(draft)


@pytest.mark.parametrize(("hour", "is_night"), [(7, True), (8, False), (20, False), (21, True)])
def test_night_is_warned_of(draft, time_machine, hour, is_night):
    time_machine.move_to(f"2026-11-24 {hour:02}:10:00+03:30")
    assert ("night" in warned_of(draft)) is is_night


def test_advertising_without_its_last_line_is_warned_of(draft):
    SenderLine.objects.create(number="3000123456", api_key=draft.api_key, purpose="advertising")
    assert "no_opt_out" in warned_of(draft)
    drafts.change(draft, with_opt_out=True)
    assert "no_opt_out" not in warned_of(draft)


def test_the_opt_out_line_is_part_of_the_text_once(draft):
    drafts.change(draft, text="سلام", with_opt_out=True)
    assert drafts.check(draft).first.text == "سلام\nلغو۱۱"
    drafts.change(draft, text="سلام\nلغو 11")
    assert drafts.check(draft).first.text == "سلام\nلغو 11"


# Sending


def test_what_was_shown_is_what_goes(draft, clerk, inline):
    shown = drafts.check(draft)
    campaign = drafts.send(draft, clerk, fingerprint=shown.fingerprint)
    assert sorted(OutboundMessage.objects.values_list("recipient", "text", "state", "campaign")) == [
        ("09121234567", "سلام علی", "sent", campaign.pk),
        ("09351234567", "سلام رضا", "sent", campaign.pk),
    ]


def test_one_recipient_is_a_campaign_too(draft, clerk, inline):
    drafts.fill(draft, [(number(0), {"نام": "علی"})])
    campaign = send(draft, clerk)
    assert (campaign.created_by, campaign.counts["sent"], campaign.draft) == (clerk, 1, draft)


def test_duplicates_go_out_only_when_wanted(draft, clerk):
    drafts.fill(draft, [(number(0), {"نام": "الف"}), (number(0), {"نام": "ب"})])
    assert drafts.check(draft).going == 1
    drafts.change(draft, keep_duplicates=True)
    send(draft, clerk)
    assert [m.text for m in OutboundMessage.objects.order_by("pk")] == ["سلام الف", "سلام ب"]


@pytest.mark.parametrize(
    "change",
    [
        lambda draft: drafts.change(draft, text="بدرود {نام}"),
        lambda draft: drafts.change(draft, sender="4000"),
        lambda draft: drafts.change(draft, with_opt_out=True),
        lambda draft: drafts.change(draft, send_at=timezone.now() + timedelta(days=1)),
        lambda draft: drafts.fill(draft, [(number(9), {"نام": "علی"})]),
        lambda draft: DraftRow.objects.filter(recipient="09121234567").update(values={"نام": "x"}),
    ],
    ids=["text", "line", "opt-out", "time", "recipients", "a cell"],
)
def test_what_has_changed_since_it_was_shown_is_not_sent(draft, clerk, change):
    shown = drafts.check(draft)
    change(draft)
    with pytest.raises(drafts.Changed):
        drafts.send(draft, clerk, fingerprint=shown.fingerprint)
    draft.refresh_from_db()
    assert (draft.sent_at, Campaign.objects.count(), states()) == (None, 0, {})


def test_what_is_in_the_way_at_the_moment_of_sending_counts(draft, clerk):
    shown = drafts.check(draft)
    accounts.pause(draft.api_key, kind=PauseKind.ACCOUNT, reason="no")
    with pytest.raises(drafts.Blocked):
        drafts.send(draft, clerk, fingerprint=shown.fingerprint)
    with pytest.raises(drafts.Blocked):
        drafts.send(draft, clerk, fingerprint=shown.fingerprint, most=1)
    assert states() == {}


def test_sent_twice_it_goes_once_and_the_second_is_led_to_the_campaign(draft, clerk, inline):
    shown = drafts.check(draft)
    campaign = drafts.send(draft, clerk, fingerprint=shown.fingerprint)
    with pytest.raises(drafts.AlreadySent) as second:
        drafts.send(draft, clerk, fingerprint=shown.fingerprint)
    assert (second.value.campaign, states()) == (campaign, {"sent": 2})


def test_two_browsers_at_once_send_once(draft, clerk):
    shown = drafts.check(draft)
    both, ends = threading.Barrier(2), []

    def one():
        both.wait()
        try:
            ends.append(drafts.send(draft, clerk, fingerprint=shown.fingerprint).pk)
        except drafts.AlreadySent as earlier:
            ends.append(earlier.campaign.pk)

    threads = [threading.Thread(target=elsewhere(one)) for _browser in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (states(), len(ends), len(set(ends))) == ({"queued": 2}, 2, 1)


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    "place",
    [
        "sepahan_django.drafts.sending.prepare",
        "sepahan_django.drafts.sending.default_title",
        "sepahan_django.outbox.queue",
        "sepahan_django.drafts.sending.dispatch",
        "django.db.models.query.QuerySet.delete",
    ],
)
def test_after_a_crash_anywhere_nothing_has_happened_and_it_can_be_sent(
    draft, clerk, inline, monkeypatch, place
):
    shown = drafts.check(draft)

    def crash(*args, **kwargs):
        raise Crash

    with monkeypatch.context() as broken:
        broken.setattr(place, crash)
        with pytest.raises(Crash):
            drafts.send(draft, clerk, fingerprint=shown.fingerprint)
    draft.refresh_from_db()
    assert (draft.sent_at, states(), inline.state.ledger) == (None, {}, [])
    drafts.send(draft, clerk, fingerprint=shown.fingerprint)
    assert states() == {"sent": 2}


def test_after_a_crash_on_the_wire_the_messages_are_queued_and_not_sent_anew(
    draft, clerk, inline, monkeypatch
):
    shown = drafts.check(draft)

    def crash(pks):
        raise SystemExit

    monkeypatch.setattr("sepahan_django.after_commit.submit_now", crash)
    with pytest.raises(SystemExit):
        drafts.send(draft, clerk, fingerprint=shown.fingerprint)
    connection.close()
    with pytest.raises(drafts.AlreadySent):
        drafts.send(draft, clerk, fingerprint=shown.fingerprint)
    assert states() == {"queued": 2}


def test_many_wait_for_the_workers_in_the_lane_for_bulk(draft, clerk, inline):
    drafts.fill(draft, ((number(i), {"نام": "x"}) for i in range(101)))
    send(draft, clerk)
    assert (states(), set(OutboundMessage.objects.values_list("priority", flat=True))) == (
        {"queued": 101},
        {Priority.BULK},
    )


def test_what_is_planned_waits_for_its_time(draft, clerk, inline):
    later = timezone.now() + timedelta(hours=5)
    drafts.change(draft, send_at=later)
    send(draft, clerk)
    assert (states(), OutboundMessage.objects.first().due_at) == ({"queued": 2}, later)


def test_once_sent_only_what_was_refused_is_kept(draft, clerk):
    send(draft, clerk)
    assert sorted(draft.rows.values_list("raw", "problem")) == [
        ("09011234567", "empty"),
        ("0912", "unreadable"),
    ]


def test_a_draft_that_was_sent_is_not_changed(draft, clerk):
    send(draft, clerk)
    for work in (
        lambda: drafts.change(draft, text="x"),
        lambda: drafts.fill_from_text(draft, "09121234567"),
    ):
        with pytest.raises(drafts.AlreadySent):
            work()


# The test to oneself


def test_a_test_is_the_first_message_to_ones_own_number_and_no_part_of_the_campaign(draft, clerk, inline):
    message = drafts.send_test(draft, "۰۹۱۲۰۰۰۰۰۰۱", user=clerk)
    assert (message.recipient, message.text, message.state, message.priority, message.campaign) == (
        "09120000001",
        "سلام علی",
        "sent",
        Priority.URGENT,
        None,
    )
    draft.refresh_from_db()
    assert draft.sent_at is None


def test_a_test_goes_out_now_whatever_the_planned_time(draft, clerk, inline):
    drafts.change(draft, send_at=timezone.now() + timedelta(days=1))
    assert drafts.send_test(draft, "09120000001").state == "sent"
    drafts.change(draft, send_at=timezone.now() - timedelta(days=1))
    assert drafts.send_test(draft, "09120000001").state == "sent"


def test_a_test_with_a_key_used_before_is_sent_once(draft, inline):
    sent = [drafts.send_one_test(draft, "09120000001", idempotency_key="a") for _time in range(2)]
    assert ([is_new for _message, is_new in sent], len(inline.state.ledger)) == ([True, False], 1)


def test_a_test_is_stopped_by_what_stops_the_sending(draft):
    drafts.change(draft, text="")
    with pytest.raises(drafts.Blocked):
        drafts.send_test(draft, "09120000001")
