import re
from datetime import timedelta

import pytest
from django.contrib.admin import AdminSite, site
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse

from sepahan_django import accounts
from sepahan_django.admin import conversation_url
from sepahan_django.admin.conversations.messages import PAGE
from sepahan_django.models import InboundMessage, OutboundMessage, SenderLine
from tests.factories import NOON, account, queued
from tests.staff import clerk, page_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gateway")]

NUMBER, LINE = "09121234567", "3000123456"

LOOK = ("view_inboundmessage", "view_outboundmessage", "view_content")


def came(text="in", *, sender=NUMBER, at=NOON, **fields):
    return InboundMessage.objects.create(
        **{
            "line": LINE,
            "sender": sender,
            "text": text,
            "received_at": at,
            "gateway_date": "1405/09/03 12:00",
            "api_key": fields.pop("api_key", None) or accounts.resolve(),
            **fields,
        }
    )


def went(text="out", *, at=NOON, **fields):
    (row,) = queued(
        1, **{"text": text, "recipient": NUMBER, "state": "sent", "sent_at": at, "created_at": at, **fields}
    )
    return row


def look(client, number=NUMBER, **query):
    return client.get(conversation_url(number), query)


def texts(answer):
    return [item.text for item in answer.context["items"]]


def answer_to(client, text="reply", number=NUMBER, **changes):
    """Open the page and submit its reply box."""
    page = look(client, number)
    form = page.context["form"]
    data = {name: form[name].value() for name in ("account", "line", "nonce")}
    data |= {"text": text, "shown": page.context["shown"], **changes}
    return data, client.post(conversation_url(number), data, follow=True)


# What is shown


def test_both_directions_stand_in_their_order(boss):
    came("1", at=NOON)
    went("2", at=NOON + timedelta(minutes=1))
    came("3", at=NOON + timedelta(minutes=2))
    assert texts(look(boss)) == ["1", "2", "3"]


@pytest.mark.parametrize(
    "sender",
    ["09121234567", "9121234567", "989121234567", "+989121234567", "00989121234567", "+9809121234567"],
)
def test_a_number_is_found_in_every_writing_of_the_gateways(boss, sender):
    came("mine", sender=sender)
    came("another's", sender="09121234568")
    assert texts(look(boss)) == ["mine"]


@pytest.mark.parametrize("written", ["+98 912 123 4567", "۰۹۱۲۱۲۳۴۵۶۷", "0912 123-4567"])
def test_a_conversation_is_opened_by_any_writing(boss, written):
    came("1")
    went("2")
    assert texts(look(boss, written)) == ["1", "2"]


@pytest.mark.parametrize("sender", ["IRANCELL", "3000", "a/b c", "x\ny", "%s", "بانک ملی", "<b>x", "../..?#"])
def test_a_sender_that_is_no_mobile_has_a_history_and_no_reply_box(boss, sender):
    came("from them", sender=sender)
    answer = boss.get(conversation_url(sender))
    assert (texts(answer), answer.context["form"]) == (["from them"], None)
    assert "you can't reply" in page_text(answer)


def test_a_short_code_is_not_taken_for_a_mobile(boss):
    came("from the bank", sender="3000")
    answer = boss.post(conversation_url("3000"), {"text": "x", "account": 1, "line": LINE})
    assert (answer.status_code, OutboundMessage.objects.count()) == (403, 0)


def test_a_number_with_a_character_that_no_database_takes_is_not_found(boss):
    assert boss.get("/admin/sepahan_django/inboundmessage/conversation/a%00b/").status_code == 404


def test_days_are_jalali_and_stand_where_they_begin(boss, time_machine):
    time_machine.move_to(NOON)
    came("1", at=NOON - timedelta(days=3))
    came("2", at=NOON - timedelta(days=1))
    came("3", at=NOON - timedelta(minutes=5))
    went("4", at=NOON)
    page = boss.get(conversation_url(NUMBER), headers={"accept-language": "fa"})
    days = [item.day.rpartition("· ")[2] for item in page.context["items"]]
    assert days == ["۳۰ آبان ۱۴۰۵", "۲ آذر ۱۴۰۵", "۳ آذر ۱۴۰۵", ""]


def test_a_message_whose_time_is_unknown_stands_where_it_was_fetched(boss):
    """Of some messages the gateway gives the day alone."""
    midnight = NOON - timedelta(hours=12)
    went("question", at=NOON)
    came("answer", at=midnight, gateway_date="1405/09/03", pulled_at=NOON + timedelta(minutes=1))
    answer = look(boss)
    assert texts(answer) == ["question", "answer"]
    assert "fetched at 12:01" in page_text(answer)


def test_state_line_and_who_sent_stand_with_each_message(boss):
    went("by a person", state="undelivered", created_by=User.objects.get())
    went("by code", state="failed", error_code=-14)
    seen = page_text(look(boss))
    assert "Not delivered" in seen
    assert f"line {LINE} · boss" in seen
    assert f"line {LINE} · sent automatically" in seen


def test_what_they_write_runs_no_script_and_turns_nothing_around(boss):
    came("<script>alert(1)</script>\u202e321")
    content = look(boss).content.decode()
    assert ("<script>alert" in content, "\u202e" in content) == (False, False)


def test_it_opens_in_another_admin_site(boss, settings):
    other = AdminSite(name="other")
    for model, model_admin in site._registry.items():
        other.register(model, type(model_admin))
    urls = type("urls", (), {"urlpatterns": [path("admin/", site.urls), path("other/", other.urls)]})
    settings.ROOT_URLCONF = urls
    came("1")
    address = conversation_url(NUMBER, site=other)
    content = boss.get(address).content.decode()
    assert address.startswith("/other/")
    assert 'href="/admin/' not in content


def test_a_site_without_the_pages_has_no_address_of_them():
    assert conversation_url(NUMBER, site=AdminSite(name="bare")) == ""


@pytest.mark.parametrize("nothing", ["", None, "  "])
def test_without_a_number_there_is_no_address(nothing):
    assert conversation_url(nothing) == ""


# Pages of it


def test_earlier_messages_follow_a_link_and_none_is_missing_or_shown_twice(boss):
    for index in range(PAGE + 20):
        came(f"in {index}", at=NOON + timedelta(minutes=2 * index))
        went(f"out {index}", at=NOON + timedelta(minutes=2 * index + 1))
    seen, query = [], ""
    while query is not None:
        page = boss.get(f"{conversation_url(NUMBER)}?{query}")
        came("meanwhile", at=NOON + timedelta(days=9))
        seen = texts(page) + seen
        query = page.context["earlier"] or None
    expected = [f"{way} {index}" for index in range(PAGE + 20) for way in ("in", "out")]
    assert seen == expected


def test_a_page_of_one_direction_alone_leads_on_to_the_other(boss):
    went("the oldest", at=NOON - timedelta(days=1))
    for index in range(PAGE):
        came(f"{index}", at=NOON + timedelta(minutes=index))
    first = look(boss)
    second = boss.get(f"{conversation_url(NUMBER)}?{first.context['earlier']}")
    assert ("the oldest" in texts(first), texts(second)) == (False, ["the oldest"])


@pytest.mark.parametrize("place", ["in=x&out=-1", "in=99999999999999999999&out=٣", "in=&out="])
def test_a_place_that_makes_no_sense_is_the_newest(boss, place):
    came("1")
    assert texts(boss.get(f"{conversation_url(NUMBER)}?{place}")) == ["1"]


def test_the_page_costs_no_query_a_message(boss, django_assert_max_num_queries):
    for _each in range(PAGE):
        came()
        went(created_by=User.objects.get())
    look(boss)
    with django_assert_max_num_queries(40):
        look(boss)


def test_both_directions_are_found_by_their_indexes(boss):
    came()
    with CaptureQueriesContext(connection) as queries:
        look(boss)
    if connection.vendor != "sqlite":
        pytest.skip("The plan is read on SQLite.")
    read = [one["sql"] for one in queries if "LIMIT 51" in one["sql"]]
    with connection.cursor() as cursor:
        plans = []
        for sql in read:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plans.append(str(cursor.fetchall()))
    assert ["sepahan_in_sender" in plans[0], "sepahan_out_recipient" in plans[1]] == [True, True]


# Who may see it


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        (LOOK, ["in", "out"]),
        (("view_inboundmessage", "view_content"), ["in"]),
        (("view_outboundmessage", "view_content"), ["out"]),
    ],
)
def test_each_direction_is_shown_to_whoever_may_see_it(client, gateway, permissions, expected):
    came(at=NOON - timedelta(minutes=1))
    went()
    assert texts(look(clerk(client, *permissions))) == expected


@pytest.mark.parametrize(
    "permissions",
    [(), ("view_content",), ("view_inboundmessage", "view_outboundmessage"), ("send_message", "pull_inbox")],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_it_is_closed_to_others(client, gateway, permissions, method):
    came()
    client = clerk(client, *permissions)
    assert getattr(client, method)(conversation_url(NUMBER), {"read": "1"}).status_code == 403


def test_accounts_limited_to_other_groups_stay_hidden(client, gateway):
    other = account("other")
    other.groups.add(Group.objects.create(name="sales"))
    came("hidden in", api_key=other)
    went("hidden out", api_key=other)
    came("seen")
    client = clerk(client, *LOOK, "send_message")
    page = look(client)
    assert texts(page) == ["seen"]
    forged = {"account": other.pk, "line": LINE, "text": "x", "nonce": page.context["form"]["nonce"].value()}
    client.post(conversation_url(NUMBER), forged)
    assert OutboundMessage.objects.filter(text="x").count() == 0


def test_whoever_may_not_send_gets_no_reply_box(client, gateway):
    came()
    client = clerk(client, *LOOK)
    assert look(client).context["form"] is None
    assert client.post(conversation_url(NUMBER), {"text": "x"}).status_code == 403


# Replying


def test_a_reply_goes_out_at_once_from_the_line_that_was_written_to(boss, inline):
    SenderLine.objects.create(number=LINE, api_key=accounts.resolve(), is_default=True)
    SenderLine.objects.create(number="5000300400", api_key=accounts.resolve())
    came(line="+985000300400")
    _data, answer = answer_to(boss, "سلام")
    message = OutboundMessage.objects.get()
    assert (message.state, message.sender, message.recipient) == ("sent", "5000300400", NUMBER)
    assert (message.created_by.username, inline.state.recipients()) == ("boss", [NUMBER])
    assert answer.redirect_chain[-1][0] == conversation_url(NUMBER)
    assert "The reply was sent to the gateway." in page_text(answer)


def test_the_text_of_a_reply_is_counted(boss):
    page = look(boss).content.decode()
    assert ('data-sepahan-counter="id_text-count"' in page, page.count('id="id_text-count"')) == (True, 1)


def test_a_reply_goes_out_from_the_account_of_the_latest_message(boss, inline):
    other = account("other", base_url=inline.url)
    SenderLine.objects.create(number="50001", api_key=other)
    came(at=NOON - timedelta(hours=1))
    went(api_key=other, sender="50001", at=NOON)
    answer_to(boss)
    assert OutboundMessage.objects.get(text="reply").api_key == other


def test_a_line_that_may_not_be_used_is_replaced_and_the_page_says_so(boss):
    SenderLine.objects.create(number=LINE, api_key=accounts.resolve(), is_default=True)
    SenderLine.objects.create(number="50001", api_key=accounts.resolve(), is_active=False)
    came(line="50001")
    page = look(boss)
    assert page.context["origin"].line == LINE
    assert "is sent from another line" in page_text(page)


def test_without_any_line_the_page_says_so(boss, settings):
    settings.SEPAHAN = {**settings.SEPAHAN, "SENDER": ""}
    came()
    page = look(boss)
    assert (page.context["form"], "no line that you may send from" in page_text(page)) == (None, True)


def test_a_reply_submitted_twice_is_sent_once(boss, inline):
    came()
    data, _answer = answer_to(boss)
    again = boss.post(conversation_url(NUMBER), data, follow=True)
    assert (len(inline.state.ledger), "it was sent only once" in page_text(again)) == (1, True)


def test_another_text_from_the_same_page_takes_another_click(boss, inline):
    came()
    data, _answer = answer_to(boss, "first")
    refused = boss.post(conversation_url(NUMBER), data | {"text": "second"})
    assert (
        "A different text was already sent" in page_text(refused),
        "second" in refused.content.decode(),
    ) == (
        True,
        True,
    )
    nonce = refused.context["form"]["nonce"].value()
    boss.post(conversation_url(NUMBER), data | {"text": "second", "nonce": nonce})
    assert sorted(OutboundMessage.objects.values_list("text", flat=True)) == ["first", "second"]


@pytest.mark.parametrize("text", ["", "  \n ", "a\x00b"])
def test_a_text_that_can_not_be_sent_comes_back_with_the_reason(boss, inline, text):
    came()
    _data, answer = answer_to(boss, text)
    assert (OutboundMessage.objects.count(), bool(answer.context["form"].errors)) == (0, True)


def test_a_refusal_is_told_in_one_sentence(boss, inline):
    came()
    inline.state.script.append(-999)
    _data, answer = answer_to(boss)
    assert "The gateway refused the reply" in page_text(answer)


def test_a_reply_that_waits_is_told(boss):
    came()
    _data, answer = answer_to(boss)
    assert "The reply is queued" in page_text(answer)


def test_whoever_replied_is_in_the_history(boss, inline):
    came()
    answer_to(boss)
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.change_message) == (
        "boss",
        f"Reply sent from “settings”, line {LINE}.",
    )


def test_a_number_that_never_wrote_is_written_to_from_the_usual_line(boss, inline):
    answer_to(boss, number="0935 000 0001")
    message = OutboundMessage.objects.get()
    assert (message.recipient, message.sender) == ("09350000001", LINE)


# Read


def test_looking_marks_nothing_as_read(boss):
    came()
    look(boss)
    assert InboundMessage.objects.get().read_at is None


def test_what_was_shown_is_marked_as_read_and_what_came_since_is_not(boss):
    came("seen")
    page = look(boss)
    came("came since")
    came("another's", sender="09350000001")
    boss.post(conversation_url(NUMBER), {"read": "1", "shown": page.context["shown"]})
    assert list(InboundMessage.objects.exclude(read_at=None).values_list("text", flat=True)) == ["seen"]


def test_the_script_gets_a_count_and_no_page(boss):
    came()
    data = {"read": "1", "shown": look(boss).context["shown"]}
    answer = boss.post(conversation_url(NUMBER), data, headers={"accept": "application/json"})
    assert answer.json() == {"marked": 1}


def test_a_reply_marks_what_was_shown_as_read(boss):
    came()
    answer_to(boss)
    assert InboundMessage.objects.get().read_at is not None


@pytest.mark.parametrize("forged", ["", "1", "x-y", "1-", "٣-٤", "1-99999999999999999999"])
def test_a_forged_range_marks_nothing(boss, forged):
    came()
    boss.post(conversation_url(NUMBER), {"read": "1", "shown": forged})
    assert InboundMessage.objects.get().read_at is None


# From the project's own pages


@pytest.mark.parametrize("model", ["order", "vote"])
def test_the_example_project_leads_to_the_conversation(boss, model):
    from example_project.shop.models import Order, Vote

    Order.objects.create(customer="مریم", mobile="+98 912 123 4567")
    Vote.objects.create(mobile=NUMBER, choice=1)
    page = boss.get(reverse(f"admin:shop_{model}_changelist")).content.decode()
    (address,) = re.findall('href="([^"]*conversation[^"]*)"', page)
    assert boss.get(address).status_code == 200


def test_the_example_project_leads_nobody_to_a_closed_page(client, gateway):
    from example_project.shop.models import Vote

    Vote.objects.create(mobile=NUMBER, choice=1)
    page = clerk(client, "view_vote").get(reverse("admin:shop_vote_changelist")).content.decode()
    assert "conversation/" not in page
