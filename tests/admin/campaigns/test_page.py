"""The list of campaigns and the page of one: what they show, to whom, and what their buttons do."""

import html
import re
from datetime import datetime, timedelta, timezone

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone as clock_time
from django.utils.translation import override

from sepahan_django import accounts, outbox
from sepahan_django.admin.campaigns.progress import share, shown_progress
from sepahan_django.models import Campaign, OutboundMessage, SendRequest
from sepahan_django.models.drafts import DraftRow, RowProblem, SendDraft
from sepahan_django.reports import campaign_progress
from sepahan_django.reports.campaign_progress import Phase, Step
from tests.factories import account, number, queued, states
from tests.staff import clerk, page_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]

LIST = "admin:sepahan_django_campaign_changelist"
NOON = datetime(2026, 11, 24, 8, 30, tzinfo=timezone.utc)
"""12:00 in Tehran, 1405/09/03."""


@pytest.fixture
def campaign(gateway):
    return Campaign.objects.create(title="Yalda")


def address(name, campaign):
    return reverse(f"admin:sepahan_django_campaign_{name}", args=[campaign.pk])


def page(client, campaign, name="change", language="en"):
    return client.get(address(name, campaign), headers={"accept-language": language})


def post(client, campaign, name, **fields):
    return client.post(address(name, campaign), fields, follow=True)


def looked_up(client, campaign):
    return client.get(address("progress", campaign)).json()


def messages(count, campaign, state="queued", **fields):
    return queued(count, campaign=campaign, state=state, **fields)


def request(messages, *, price=None, parts=None):
    """A request that took these messages."""
    made = SendRequest.objects.create(
        request_id=SendRequest.fresh_request_id(),
        api_key=messages[0].api_key,
        state="accepted",
        total_price=price,
        sms_count=parts,
    )
    OutboundMessage.objects.filter(pk__in=[message.pk for message in messages]).update(request=made)
    return made


def sent(count, campaign, state="sent", at=NOON, **fields):
    return messages(count, campaign, state, sent_at=at, **fields)


def history(campaign):
    rows = LogEntry.objects.filter(content_type__model="campaign", object_id=str(campaign.pk))
    return list(rows.order_by("pk").values_list("change_message", flat=True))


# Progress


def test_the_page_says_how_far_the_campaign_is(boss, campaign):
    messages(6, campaign)
    sent(1, campaign)
    sent(3, campaign, "delivered")
    shown = page_text(page(boss, campaign))
    assert "4 of 10 SMS done (40%), 6 left." in shown
    assert "Delivered 3 (75% of those sent)" in shown


def test_the_script_reads_what_the_page_shows(boss, campaign):
    messages(6, campaign)
    sent(4, campaign)
    found = looked_up(boss, campaign)
    assert found["sentence"] in page_text(page(boss, campaign))
    assert (found["percent"], found["counts"], found["phase"]) == (40, {"queued": "6", "sent": "4"}, "going")


def test_the_script_reads_the_users_language(boss, campaign):
    messages(12, campaign)
    found = boss.get(address("progress", campaign), headers={"accept-language": "fa"}).json()
    assert found["counts"] == {"queued": "۱۲"}


def test_the_script_is_told_to_stop_when_nothing_is_open(boss, campaign):
    sent(1, campaign)
    messages(1, campaign, "failed")
    assert looked_up(boss, campaign)["is_open"] is False


@pytest.mark.parametrize("state", ["queued", "sending"])
def test_what_is_queued_or_on_its_way_is_open(boss, campaign, state):
    (message,) = messages(1, campaign)
    request([message])
    OutboundMessage.objects.update(state=state)
    assert looked_up(boss, campaign)["is_open"] is True


def test_the_page_without_open_messages_has_no_script(boss, campaign):
    sent(1, campaign)
    assert "campaign.js" not in page(boss, campaign).content.decode()


def test_a_look_costs_as_many_queries_however_many_messages(boss, campaign, django_assert_num_queries):
    messages(30, campaign)
    sent(30, campaign)
    boss.get(address("progress", campaign))
    with django_assert_num_queries(5):  # session, user, campaign, counts, when the next is due
        boss.get(address("progress", campaign))


def test_the_look_is_kept_by_no_cache(boss, campaign):
    assert boss.get(address("progress", campaign)).headers["Cache-Control"].split(",")[0] == "max-age=0"


@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_bar_begins_where_reading_begins(campaign, language):
    sent(1, campaign, "delivered")
    messages(3, campaign)
    with override(language):
        part = shown_progress(campaign_progress.standings([campaign])[campaign.pk], now=NOON).bar["delivered"]
    assert (part.x, part.width) == ({"en": "0.000", "fa": "75.000"}[language], "25.000")


@pytest.mark.parametrize(("part", "whole", "expected"), [(0, 0, 0), (999, 1000, 99), (1000, 1000, 100)])
def test_a_hundred_per_cent_is_all_of_it(part, whole, expected):
    assert share(part, whole) == expected


def phase(campaign):
    campaign.refresh_from_db()
    return campaign_progress.standings([campaign])[campaign.pk].phase(clock_time.now())


def test_a_campaign_whose_time_has_not_come_is_planned(campaign):
    messages(2, campaign, due_at=clock_time.now() + timedelta(hours=1))
    assert phase(campaign) is Phase.PLANNED


def test_a_campaign_with_messages_due_is_going_out(campaign):
    messages(2, campaign)
    assert phase(campaign) is Phase.GOING


def test_a_campaign_with_nothing_left_is_done_even_if_it_was_paused(campaign):
    sent(1, campaign)
    outbox.pause(campaign)
    assert phase(campaign) is Phase.DONE


def test_a_paused_campaign_is_called_paused(boss, campaign):
    messages(1, campaign)
    outbox.pause(campaign)
    assert (phase(campaign), "Progress Paused" in page_text(page(boss, campaign))) == (Phase.PAUSED, True)


# The record


def test_the_page_tells_whence_and_what(boss, campaign):
    when = datetime(2026, 11, 25, 8, 30, tzinfo=timezone.utc)
    messages(1, campaign, text="Happy Yalda", send_at=when)
    Campaign.objects.update(created_by=User.objects.get())
    shown = page_text(page(boss, campaign))
    for part in ("Yalda", "boss", "settings", "3000123456", "1405/09/04 12:00", "Happy Yalda"):
        assert part in shown


def links_to_messages(client, campaign):
    """Where the page leads in the list of messages, from the top and from each state."""
    found = re.findall(r'href="([^"]*/outboundmessage/\?[^"]*)"', page(client, campaign).content.decode())
    return [html.unescape(link) for link in found]


def chosen_filters(answer):
    """What the filters beside a list show as chosen, apart from "All"."""
    chosen = re.findall(r'<li class="selected">\s*<a [^>]*>\s*([^<]*?)\s*</a>', answer.content.decode())
    return [one for one in chosen if one != "All"]


def test_the_page_leads_to_the_campaigns_messages_and_the_list_says_so(boss, campaign):
    messages(2, campaign)
    messages(1, None, recipient="09999999999")
    found = boss.get(links_to_messages(boss, campaign)[0])
    assert (found.context["cl"].result_count, chosen_filters(found)) == (2, ["Yalda"])


def test_each_state_leads_to_its_messages_and_the_list_says_so(boss, campaign):
    messages(2, campaign, "failed")
    messages(1, campaign)
    messages(1, None, "failed", recipient="09999999999")
    (link,) = [link for link in links_to_messages(boss, campaign) if "failed" in link]
    found = boss.get(link)
    assert (found.context["cl"].result_count, chosen_filters(found)) == (2, ["Failed", "Yalda"])


def test_messages_are_not_linked_for_those_who_may_not_open_them(client, campaign):
    messages(1, campaign)
    assert links_to_messages(clerk(client, "view_campaign"), campaign) == []


def test_the_text_is_hidden_from_those_who_may_not_see_it(client, campaign):
    messages(1, campaign, text="nobody's business")
    shown = page_text(page(clerk(client, "view_campaign"), campaign))
    assert ("nobody's" in shown, "•••" in shown) == (False, True)


def test_a_hostile_title_and_text_are_shown_as_they_are(boss, campaign):
    Campaign.objects.update(title="<script>alert(1)</script>")
    messages(1, campaign, text="<img src=x onerror=alert(2)>")
    shown = page(boss, campaign).content.decode()
    assert ("<script>alert" in shown, "<img src=x" in shown) == (False, False)


def test_an_empty_campaign_has_a_page(boss, campaign):
    assert "No SMS." in page_text(page(boss, campaign))


# Cost and parts


def test_the_cost_is_that_of_its_requests(boss, campaign):
    request(sent(2, campaign), price=2400, parts=4)
    request(sent(1, campaign), price=1200, parts=2)
    shown = page_text(page(boss, campaign))
    assert "Cost so far 3,600 Rials" in shown
    assert "SMS parts so far 6" in shown


def test_of_a_shared_request_the_campaign_bears_its_share_and_says_about(boss, campaign):
    mine, others = sent(1, campaign), sent(3, None)
    request([*mine, *others], price=4000, parts=4)
    assert "Cost so far about 1,000 Rials" in page_text(page(boss, campaign))


def test_messages_that_the_gateway_refused_do_not_make_a_request_shared(boss, campaign):
    request([*sent(2, campaign), *messages(1, campaign, "failed")], price=2000, parts=2)
    assert "Cost so far 2,000 Rials" in page_text(page(boss, campaign))


def test_a_request_whose_price_nobody_told_makes_the_cost_an_about(boss, campaign):
    request(sent(2, campaign), price=2000, parts=2)
    request(sent(2, campaign))
    assert "Cost so far about 2,000 Rials" in page_text(page(boss, campaign))


def test_the_cost_is_for_those_who_may_see_the_credit(client, campaign):
    request(sent(1, campaign), price=1234, parts=1)
    shown = page_text(page(clerk(client, "view_campaign"), campaign))
    assert ("1,234" in shown, "Cost" in shown) == (False, False)


def test_many_requests_are_summed_in_chunks(campaign, monkeypatch):
    monkeypatch.setattr(campaign_progress, "REQUEST_CHUNK", 2)
    for _index in range(5):
        request(sent(1, campaign), price=10, parts=1)
    assert campaign_progress.cost(campaign).price == 50


# Over time


@pytest.mark.parametrize(
    ("span", "step"),
    [
        (timedelta(0), Step.MINUTE),
        (timedelta(minutes=50), Step.MINUTE),
        (timedelta(hours=3), Step.TEN_MINUTES),
        (timedelta(hours=30), Step.HOUR),
        (timedelta(days=5), Step.DAY),
        (timedelta(days=500), Step.DAY),
    ],
)
def test_the_step_suits_the_span_and_the_chart_stays_readable(campaign, span, step):
    sent(1, campaign)
    sent(1, campaign, at=NOON + span)
    found, counts = campaign_progress.sent_over_time(campaign)
    assert (found, len(counts) <= campaign_progress.MAX_CHART_STEPS, counts[-1][1] > 0) == (step, True, True)


def test_every_message_is_in_one_step(campaign):
    for seconds in (0, 59, 60, 61, 119, 120):
        sent(1, campaign, at=NOON + timedelta(seconds=seconds))
    _step, counts = campaign_progress.sent_over_time(campaign)
    assert [count for _at, count in counts] == [2, 3, 1]


def test_a_day_begins_at_midnight_in_tehran(campaign):
    sent(1, campaign, at=datetime(2026, 11, 24, 20, 29, tzinfo=timezone.utc))
    sent(1, campaign, at=datetime(2026, 11, 24, 20, 30, tzinfo=timezone.utc))
    sent(1, campaign, at=datetime(2026, 11, 29, 9, tzinfo=timezone.utc))
    _step, counts = campaign_progress.sent_over_time(campaign)
    assert [count for _at, count in counts] == [1, 1, 0, 0, 0, 1]


def test_the_chart_has_a_table_beside_it(boss, campaign):
    sent(7, campaign)
    shown = page(boss, campaign)
    assert "Sent per minute" in page_text(shown)
    assert "1405/09/03 12:00 7" in page_text(shown)
    assert "<svg" in shown.content.decode()


def test_other_campaigns_are_not_in_the_chart(campaign):
    sent(1, campaign)
    sent(5, Campaign.objects.create(title="other"))
    _step, counts = campaign_progress.sent_over_time(campaign)
    assert sum(count for _at, count in counts) == 1


def test_a_campaign_of_which_nothing_has_gone_has_no_chart(campaign):
    messages(1, campaign)
    assert campaign_progress.sent_over_time(campaign) is None


# Refused rows


@pytest.fixture
def draft(campaign):
    made = SendDraft.objects.create(campaign=campaign, api_key=accounts.resolve())
    DraftRow.objects.create(draft=made, number=1, raw="09121234567", recipient="09121234567")
    return made


def refuse(draft, count, raw="0912", reason="too short: 0912"):
    for index in range(count):
        DraftRow.objects.create(
            draft=draft, number=index + 2, raw=raw, reason=reason, problem=RowProblem.UNREADABLE
        )


def test_refused_rows_stay_listed_with_the_reason(boss, campaign, draft):
    refuse(draft, 1)
    shown = page_text(page(boss, campaign))
    assert "Skipped rows (1)" in shown
    assert "2 0912 too short: 0912" in shown
    assert "09121234567" not in shown


def test_of_many_refused_rows_the_first_are_shown_and_the_others_counted(boss, campaign, draft):
    refuse(draft, 27)
    shown = page_text(page(boss, campaign))
    assert ("21 0912" in shown, "22 0912" in shown, "… and 7 more." in shown) == (True, False, True)


def test_refused_rows_are_masked_for_those_who_may_not_see_numbers(client, campaign, draft):
    refuse(draft, 1, raw="09351234567", reason="09351234567 is odd")
    refuse(draft, 1, raw="Ali 0935", reason="Ali 0935 is odd")
    shown = page_text(page(clerk(client, "view_campaign"), campaign))
    assert ("09351234567" in shown, "Ali" in shown) == (False, False)
    assert "2 0935•••4567 Unreadable number" in shown


def test_a_campaign_without_a_draft_has_no_refused_rows(boss, campaign):
    assert "Refused" not in page_text(page(boss, campaign))


def test_refused_rows_of_a_draft_of_another_groups_account_are_hidden(client, campaign, draft):
    refuse(draft, 1)
    accounts.resolve().groups.add(Group.objects.create(name="sales"))
    assert "Refused" not in page_text(page(clerk(client, "view_campaign"), campaign))


# Pause and resume


def test_pause_holds_back_and_resume_lets_go(boss, campaign):
    messages(3, campaign)
    post(boss, campaign, "pause")
    outbox.drain()
    held = states()
    post(boss, campaign, "resume")
    outbox.drain()
    assert (held, states(), history(campaign)) == ({"queued": 3}, {"sent": 3}, ["Paused.", "Resumed."])


def test_a_button_pressed_twice_is_noted_once(boss, campaign):
    messages(1, campaign)
    post(boss, campaign, "pause")
    assert "It was already paused." in page_text(post(boss, campaign, "pause"))
    assert history(campaign) == ["Paused."]


def test_the_page_offers_what_can_be_done(boss, campaign):
    messages(2, campaign)
    messages(3, campaign, "failed")
    assert looked_up(boss, campaign)["offers"] == {"pause": "2", "resume": "", "cancel": "2", "retry": "3"}
    outbox.pause(campaign)
    assert looked_up(boss, campaign)["offers"] == {"pause": "", "resume": "2", "cancel": "2", "retry": "3"}


def test_without_the_permission_to_send_there_is_no_button(client, campaign):
    messages(1, campaign)
    shown = page(clerk(client, "view_campaign"), campaign).content.decode()
    assert all(address(name, campaign) not in shown for name in ("pause", "cancel", "retry", "export"))


# Cancel


def test_the_page_before_cancelling_says_how_many_and_what_is_gone(boss, campaign):
    messages(5, campaign)
    sent(2, campaign)
    shown = page(boss, campaign, "cancel")
    assert "5 SMS are still queued and will never be sent." in page_text(shown)
    assert "2 SMS have already been sent" in page_text(shown)
    assert 'value="Cancel 5 SMS"' in shown.content.decode()
    assert states() == {"queued": 5, "sent": 2}


def test_cancelling_leaves_what_has_gone_and_is_kept_in_the_history(boss, campaign):
    messages(5, campaign)
    sent(2, campaign)
    answer = post(boss, campaign, "cancel", count=5)
    assert states() == {"cancelled": 5, "sent": 2}
    assert "5 SMS cancelled; 2 had already been sent." in page_text(answer)
    assert history(campaign) == ["Cancelled 5 unsent SMS."]


@pytest.mark.parametrize("count", ["", "x", "-1", "4", "9" * 30])
def test_a_number_that_nobody_was_shown_cancels_nothing(boss, campaign, count):
    messages(5, campaign)
    post(boss, campaign, "cancel", count=count)
    assert states() == {"queued": 5}


def test_what_has_gone_since_the_page_was_shown_needs_no_second_look(boss, campaign):
    messages(5, campaign)
    post(boss, campaign, "cancel", count=8)
    assert states() == {"cancelled": 5}


def test_what_has_come_since_the_page_was_shown_needs_a_second_look(boss, campaign):
    messages(5, campaign)
    answer = post(boss, campaign, "cancel", count=4)
    assert "The number has grown since this page opened" in page_text(answer)


def test_cancelling_when_nothing_is_left_says_so(boss, campaign):
    sent(1, campaign)
    assert "This campaign has no queued messages left." in page_text(post(boss, campaign, "cancel", count=1))


# Retry


def test_the_page_before_sending_again_says_how_many_and_why(boss, campaign):
    messages(2, campaign, "failed", error_code=-4)
    messages(1, campaign, "failed")
    shown = page_text(page(boss, campaign, "retry"))
    assert "3 SMS have failed." in shown
    assert "2 × The recipient&#x27;s number has the wrong format." in shown


def test_sending_again_queues_the_failed_ones_of_this_campaign_alone(boss, campaign):
    messages(2, campaign, "failed")
    messages(1, campaign, "in_doubt")
    messages(1, None, "failed")
    post(boss, campaign, "retry", count=2)
    assert states() == {"queued": 2, "in_doubt": 1, "failed": 1}
    assert history(campaign) == ["Sent 2 failed SMS again."]


def test_more_failed_than_the_button_said_are_not_sent_again_unseen(boss, campaign):
    messages(3, campaign, "failed")
    post(boss, campaign, "retry", count=2)
    assert states() == {"failed": 3}


def test_those_without_a_number_any_more_are_not_counted(boss, campaign):
    messages(1, campaign, "failed", recipient="")
    assert "No message of this campaign has failed." in page_text(post(boss, campaign, "retry", count=1))


def test_sending_again_to_many_takes_the_permission_to_send_to_many(client, campaign, settings):
    settings.SEPAHAN = {**settings.SEPAHAN, "BULK_THRESHOLD": 2}
    messages(3, campaign, "failed")
    post(clerk(client, "view_campaign", "send_message"), campaign, "retry", count=3)
    refused = states()
    post(clerk(client, "view_campaign", "send_message", "send_to_many"), campaign, "retry", count=3)
    assert (refused, states()) == ({"failed": 3}, {"queued": 3})


# Export


def test_the_export_holds_the_messages_of_the_campaign(boss, campaign):
    messages(2, campaign, text="Happy Yalda")
    messages(1, None, recipient="09999999999")
    answer = boss.post(address("export", campaign), {"format": "csv"})
    content = b"".join(answer.streaming_content).decode()
    assert (content.count("Happy Yalda"), "09999999999" in content) == (2, False)
    assert history(campaign) == ["Exported as CSV: 2 SMS."]


def test_the_export_is_an_excel_file_too(boss, campaign):
    messages(1, campaign)
    answer = boss.post(address("export", campaign), {"format": "xlsx"})
    assert b"".join(answer.streaming_content).startswith(b"PK")


def test_the_export_masks_numbers_for_those_who_may_not_see_them(client, campaign):
    messages(1, campaign, text="nobody's business")
    user = clerk(client, "view_campaign", "export_messages")
    content = b"".join(user.post(address("export", campaign), {"format": "csv"}).streaming_content).decode()
    assert (number(0) in content, "nobody's" in content) == (False, False)


# Rights

SENDING = ("pause", "resume", "cancel", "retry")


@pytest.mark.parametrize("name", [*SENDING, "export"])
@pytest.mark.parametrize("permission", ["view_campaign", "send_message", "export_messages"])
def test_one_permission_alone_presses_no_button(client, campaign, name, permission):
    messages(1, campaign, "failed")
    answer = clerk(client, permission).post(address(name, campaign), {"count": 1})
    assert (answer.status_code, states(), history(campaign)) == (403, {"failed": 1}, [])


@pytest.mark.parametrize("name", [*SENDING, "export"])
def test_with_both_permissions_the_button_works(client, campaign, name):
    messages(1, campaign, "failed" if name == "retry" else "queued")
    needed = "export_messages" if name == "export" else "send_message"
    fields = {"count": 1, "format": "csv"}
    answer = clerk(client, "view_campaign", needed).post(address(name, campaign), fields)
    assert answer.status_code == (200 if name == "export" else 302)


@pytest.mark.parametrize("name", ["pause", "resume", "export"])
def test_a_look_presses_no_button(boss, campaign, name):
    messages(1, campaign)
    assert (page(boss, campaign, name).status_code, history(campaign)) == (405, [])


@pytest.mark.parametrize("name", ["change", "progress", *SENDING, "export"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_campaign_of_another_groups_account_is_not_there(client, campaign, name, method):
    messages(1, campaign)
    accounts.resolve().groups.add(Group.objects.create(name="sales"))
    user = clerk(client, "view_campaign", "send_message", "export_messages", "view_content")
    answer = getattr(user, method)(address(name, campaign), {"count": 1}, follow=True)
    assert ("Yalda" in answer.content.decode(), states(), Campaign.objects.get().paused_at) == (
        False,
        {"queued": 1},
        None,
    )


def test_staff_of_the_group_have_the_buttons(client, campaign):
    messages(1, campaign)
    group = Group.objects.create(name="sales")
    accounts.resolve().groups.add(group)
    post(clerk(client, "view_campaign", "send_message", groups=[group]), campaign, "pause")
    assert Campaign.objects.get().paused_at is not None


# The list


def listed(client):
    return client.get(reverse(LIST))


def test_the_list_says_how_far_each_campaign_is(boss, campaign):
    messages(1, campaign)
    sent(1, campaign)
    other = Campaign.objects.create(title="Nowruz")
    messages(2, other, due_at=NOON + timedelta(days=1000), recipient="09121111111")
    shown = page_text(listed(boss))
    assert "In progress 1 of 2 SMS done (50%), 1 left." in shown
    assert "Scheduled 2 SMS, scheduled for 1408/" in shown


def test_the_list_costs_as_many_queries_however_many_campaigns(boss, gateway, django_assert_max_num_queries):
    for index in range(30):
        messages(2, Campaign.objects.create(title=f"campaign {index}"))
    with django_assert_max_num_queries(14):
        assert "campaign 29" in page_text(listed(boss))


def test_a_campaign_is_found_by_its_title(boss, campaign):
    Campaign.objects.create(title="Nowruz")
    found = boss.get(reverse(LIST), {"q": "yal"})
    assert [row.title for row in found.context["cl"].result_list] == ["Yalda"]


def test_the_list_hides_campaigns_of_other_groups_accounts(client, campaign):
    hidden = account("hidden")
    hidden.groups.add(Group.objects.create(name="sales"))
    messages(1, Campaign.objects.create(title="secret"), "sent", api_key=hidden)
    shown = page_text(listed(clerk(client, "view_campaign")))
    assert ("Yalda" in shown, "secret" in shown) == (True, False)
