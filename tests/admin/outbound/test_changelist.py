"""The list of outbound messages: filters, dates, and what it costs."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sepahan_django import accounts, outbox
from sepahan_django.admin.kit import paging
from sepahan_django.models import Campaign, MessageState, OutboundMessage, SenderLine
from sepahan_django.wording import STATES
from tests.factories import account, number, queued, states
from tests.staff import clerk

pytestmark = pytest.mark.django_db

LIST = "admin:sepahan_django_outboundmessage_changelist"
TEHRAN = ZoneInfo("Asia/Tehran")


@pytest.fixture
def november(time_machine):
    """1405/09/03 14:20, a Tuesday."""
    time_machine.move_to("2026-11-24 10:50:00+00:00")


def look(client, language="en", **query):
    return client.get(reverse(LIST), query, headers={"accept-language": language})


def found(client, **query):
    """The recipients in the list, as indexes of the factories' numbers."""
    return sorted(int(row.recipient[4:]) for row in look(client, **query).context["cl"].result_list)


def written(*days):
    """A message for each of these days of Tehran, at noon."""
    rows = queued(len(days))
    for row, (year, month, day) in zip(rows, days, strict=True):
        moment = datetime(year, month, day, 12, tzinfo=TEHRAN)
        OutboundMessage.objects.filter(pk=row.pk).update(created_at=moment)
    return rows


# States


def test_every_state_has_a_sentence_on_what_to_do():
    assert set(STATES) == set(MessageState.values)


def test_the_page_explains_each_state(boss, gateway):
    queued(1)
    page = look(boss).content.decode()
    assert [state for state, sentence in STATES.items() if str(sentence) not in page] == []


def test_a_state_in_the_list_says_on_hover_what_it_means(boss, gateway):
    queued(1)
    assert f'sepahan-state-queued" title="{STATES["queued"]}"' in look(boss).content.decode()


# Filters


def test_messages_are_filtered_by_line(boss, gateway):
    queued(2)
    SenderLine.objects.create(number="5000", api_key=accounts.resolve())
    OutboundMessage.objects.filter(recipient=number(1)).update(sender="5000")
    assert found(boss, line="5000") == [1]


@pytest.mark.parametrize("name", ["account", "campaign"])
@pytest.mark.parametrize("value", ["x", "0", "۱", "9" * 30])
def test_what_can_not_be_an_account_or_a_campaign_finds_nothing(boss, gateway, name, value):
    queued(1)
    assert found(boss, **{name: value}) == []


def test_messages_are_filtered_by_campaign(boss, gateway):
    queued(1)
    campaign = Campaign.objects.create(title="autumn")
    OutboundMessage.objects.update(campaign=campaign)
    queued(1, recipient=number(5))
    assert found(boss, campaign=campaign.pk) == [0]


def test_a_campaign_that_is_not_among_the_last_is_named_when_a_link_asks_for_it(boss, gateway):
    first = Campaign.objects.create(title="the very first")
    for index in range(12):
        Campaign.objects.create(title=f"later {index}")
    assert "the very first" not in look(boss).content.decode()
    assert "the very first" in look(boss, campaign=first.pk).content.decode()


def test_lines_and_campaigns_of_hidden_accounts_are_not_offered(client, gateway):
    hidden = account("theirs")
    hidden.groups.add(Group.objects.create(name="others"))
    SenderLine.objects.create(number="777000777", api_key=hidden)
    queued(1, api_key=hidden, campaign=Campaign.objects.create(title="their secret"))
    page = look(clerk(client, "view_outboundmessage")).content.decode()
    assert ("777000777" in page, "their secret" in page) == (False, False)


@pytest.mark.parametrize("query", [{"campaign": "x"}, {"campaign": "9" * 30}, {"line": "nothing"}])
def test_a_filter_by_what_is_not_there_finds_nothing(boss, gateway, query):
    queued(1)
    assert found(boss, **query) == []


def test_a_message_is_found_by_the_gateways_id(boss, gateway):
    queued(3)
    OutboundMessage.objects.filter(recipient=number(1)).update(gateway_id=639027944154527200)
    assert found(boss, q="۶۳۹۰۲۷۹۴۴۱۵۴۵۲۷۲۰۰") == [1]


def test_an_id_beyond_64_bits_is_found_nowhere(boss, gateway):
    queued(1)
    assert found(boss, q="9" * 19) == []


# Dates


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("today", [0]), ("yesterday", [1]), ("week", [0, 1, 2]), ("month", [0, 1]),
        ("last_month", [2, 3]), ("year", [0, 1, 2, 3, 4]),
    ],
)  # fmt: skip
def test_messages_are_filtered_by_a_jalali_span(boss, gateway, november, span, expected):
    # 3 Azar, 2 Azar, Saturday 30 Aban, Friday 29 Aban, 1 Farvardin, 29 Esfand.
    written((2026, 11, 24), (2026, 11, 23), (2026, 11, 21), (2026, 11, 20), (2026, 3, 21), (2026, 3, 20))
    assert found(boss, created=span) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"created_from": "1405/09/02", "created_to": "1405/09/02"},
        {"created_from": "۱۴۰۵/۹/۲", "created_to": "١٤٠٥-٠٩-٠٢"},
        {"created_from": "2026-11-23", "created_to": "2026/11/23"},
        {"created_from": "1405/09/02 11:59", "created_to": "1405/09/02 12:00"},
    ],
)
def test_a_range_is_typed_in_either_calendar_and_any_digits_and_has_its_last_day(
    boss, gateway, november, query
):
    written((2026, 11, 24), (2026, 11, 23), (2026, 11, 22))
    assert found(boss, **query) == [1]


def test_a_range_may_be_open_at_one_end(boss, gateway, november):
    written((2026, 11, 24), (2026, 11, 23), (2026, 11, 22))
    assert (found(boss, created_from="1405/09/02"), found(boss, created_to="1405/09/02")) == ([0, 1], [1, 2])


def test_a_date_that_can_not_be_read_gets_one_sentence_and_nothing_is_lost(boss, gateway):
    queued(1)
    page = look(boss, created_from="1405/13/01", created_to="1405/12/01", state__exact="queued", q="0912")
    text = page.content.decode()
    assert text.count("It is not a date such as") == 1
    for kept in (
        'value="1405/13/01"',
        'value="1405/12/01"',
        'name="state__exact" value="queued"',
        'name="q"',
    ):
        assert kept in text


@pytest.mark.parametrize(
    "query", [{"created_from": "soon"}, {"created": "nonsense"}, {"created_to": "1405/0/1"}]
)
def test_a_date_that_can_not_be_read_finds_nothing_rather_than_everything(boss, gateway, query):
    queued(1)
    assert found(boss, **query) == []


def test_a_range_that_ends_before_it_begins_is_named(boss, gateway):
    page = look(boss, created_from="1405/09/02", created_to="1405/09/01").content.decode()
    assert "ends before it begins" in page


def test_what_was_typed_as_a_date_can_run_no_script(boss, gateway):
    assert "<script>alert" not in look(boss, created_from="<script>alert(1)</script>").content.decode()


def test_requests_are_filtered_by_date_too(boss, gateway):
    page = boss.get(reverse("admin:sepahan_django_sendrequest_changelist"), {"created": "today"})
    assert page.status_code == 200


# A million rows


@pytest.fixture
def capped(monkeypatch):
    monkeypatch.setattr(paging, "MAX_ROWS_COUNTED", 100)


def test_beyond_the_cap_the_list_says_more_than(boss, gateway, capped):
    queued(103)
    assert "more than 100" in look(boss).content.decode()
    assert (
        "بیش از ۱۰۰" in look(boss, "fa").content.decode()
        or "more than ۱۰۰" in look(boss, "fa").content.decode()
    )


def test_up_to_the_cap_the_number_is_exact(boss, gateway, capped):
    queued(100)
    page = look(boss).content.decode()
    assert ("100 outbound messages" in page, "more than" in page) == (True, False)


def test_pages_are_offered_as_far_as_rows_are_counted(boss, gateway, capped):
    queued(103)
    assert look(boss).context["cl"].paginator.num_pages == 2


def test_a_capped_list_counts_no_further(boss, gateway, capped):
    queued(103)
    with CaptureQueriesContext(connection) as queries:
        look(boss)
    counts = [one["sql"] for one in queries if "COUNT(" in one["sql"] and "outboundmessage" in one["sql"]]
    assert [sql for sql in counts if "LIMIT" not in sql] == []


def test_the_number_of_queries_does_not_grow_with_the_rows(boss, gateway):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            look(boss)
        return len(seen)

    campaign = Campaign.objects.create(title="c")
    queued(2, campaign=campaign)
    queries()
    few = queries()
    queued(40, campaign=campaign)
    assert (queries(), few <= 14) == (few, True)


def test_numbers_of_pages_are_persian_in_persian(boss, gateway):
    queued(120)
    page = look(boss, "fa").content.decode()
    assert ">۲</a>" in page.replace(" ", "")
    assert "?p=2" in page


def test_counting_works_with_djangos_own_grouping(boss, gateway, settings, capped):
    settings.USE_THOUSAND_SEPARATOR = True
    queued(103)
    assert look(boss).status_code == 200


def test_the_newest_message_comes_first(boss, gateway):
    rows = queued(3)
    shown = [row.pk for row in look(boss).context["cl"].result_list]
    assert shown == [row.pk for row in reversed(rows)]


def test_in_a_range_the_latest_written_comes_first(boss, gateway):
    rows = queued(2)
    OutboundMessage.objects.filter(pk=rows[1].pk).update(created_at=timezone.now() - timedelta(minutes=5))
    shown = [row.pk for row in look(boss, created="year").context["cl"].result_list]
    assert shown == [rows[0].pk, rows[1].pk]


# Actions


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


def test_actions_are_hidden_from_those_who_may_only_look(client, gateway):
    rows = queued(1)
    act(clerk(client, "view_outboundmessage"), "cancel_queued", *rows)
    assert states() == {"queued": 1}
