"""The page of a campaign: what it shows, and to whom."""

import html
import re
from datetime import datetime, timezone

import pytest
from django.contrib.auth.models import Group, User
from django.utils.translation import override

from sepahan_django import accounts, outbox
from sepahan_django.admin.campaigns.progress import share, shown_progress
from sepahan_django.models import Campaign, OutboundMessage
from sepahan_django.models.drafts import DraftRow, RowProblem, SendDraft
from sepahan_django.reports import campaign_progress
from sepahan_django.reports.campaign_progress import Phase
from tests.admin.campaigns.pages import address, looked_up, page
from tests.campaigns import messages, phase, request_for, sent
from tests.factories import NOON
from tests.staff import clerk, page_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]


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
    request_for([message])
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
    request_for(sent(2, campaign), price=2400, parts=4)
    request_for(sent(1, campaign), price=1200, parts=2)
    shown = page_text(page(boss, campaign))
    assert "Cost so far 3,600 Rials" in shown
    assert "SMS parts so far 6" in shown


def test_of_a_shared_request_the_campaign_bears_its_share_and_says_about(boss, campaign):
    mine, others = sent(1, campaign), sent(3, None)
    request_for([*mine, *others], price=4000, parts=4)
    assert "Cost so far about 1,000 Rials" in page_text(page(boss, campaign))


def test_messages_that_the_gateway_refused_do_not_make_a_request_shared(boss, campaign):
    request_for([*sent(2, campaign), *messages(1, campaign, "failed")], price=2000, parts=2)
    assert "Cost so far 2,000 Rials" in page_text(page(boss, campaign))


def test_a_request_whose_price_nobody_told_makes_the_cost_an_about(boss, campaign):
    request_for(sent(2, campaign), price=2000, parts=2)
    request_for(sent(2, campaign))
    assert "Cost so far about 2,000 Rials" in page_text(page(boss, campaign))


def test_the_cost_is_for_those_who_may_see_the_credit(client, campaign):
    request_for(sent(1, campaign), price=1234, parts=1)
    shown = page_text(page(clerk(client, "view_campaign"), campaign))
    assert ("1,234" in shown, "Cost" in shown) == (False, False)


# Over time


def test_the_chart_has_a_table_beside_it(boss, campaign):
    sent(7, campaign)
    shown = page(boss, campaign)
    assert "Sent per minute" in page_text(shown)
    assert "1405/09/03 12:00 7" in page_text(shown)
    assert "<svg" in shown.content.decode()


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
