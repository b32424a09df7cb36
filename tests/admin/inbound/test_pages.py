import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.urls import reverse

from sepahan_django import accounts, signals
from sepahan_django.inbox.lease import Lease
from sepahan_django.models import InboundMessage
from tests.factories import account
from tests.staff import clerk, page_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gateway")]

LIST = "admin:sepahan_django_inboundmessage_changelist"
LOOK = ("view_inboundmessage", "view_content")


def came(text="in", **fields):
    return InboundMessage.objects.create(
        **{
            "line": "3000",
            "sender": "09121234567",
            "text": text,
            "gateway_date": "1405/09/03 10:00",
            "api_key": fields.pop("api_key", None) or accounts.resolve(),
            **fields,
        }
    )


@pytest.fixture
def refusing():
    def refuse(sender, message, **kwargs):
        raise KeyError(f"no order for {message.sender}")

    signals.message_received.connect(refuse)
    yield
    signals.message_received.disconnect(refuse)


def found(client, **query):
    return sorted(row.text for row in client.get(reverse(LIST), query).context["cl"].result_list)


def act(client, action, *rows):
    """An action of the list."""
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(reverse(LIST), data, follow=True)


def press(client, work, row, **headers):
    """A button of a message's page."""
    address = reverse("admin:sepahan_django_inbound_work", args=[row.pk])
    return client.post(address, {"work": work}, follow=True, headers=headers)


BOTH_WAYS = pytest.mark.parametrize("do", [act, press], ids=["from the list", "on its page"])


# The list


def test_what_nobody_has_read_stands_out_in_bold_and_by_a_word(boss):
    row = came("new")
    page = boss.get(reverse(LIST)).content.decode()
    assert re.search(r"<strong>.*?new", page)
    assert "sepahan-state-unread" in page
    press(boss, "mark_read", row)
    page = boss.get(reverse(LIST)).content.decode()
    assert ("<strong>" in page.split("result_list")[1], "sepahan-state-unread" in page) == (False, False)


def test_what_the_program_refused_is_marked_in_the_list(boss):
    came(dispatch_error="KeyError")
    assert "Processing failed" in page_text(boss.get(reverse(LIST)))


def test_the_list_is_narrowed_to_what_is_to_be_done(boss):
    came("unread")
    came("read", read_at="2026-11-24T10:00Z")
    came("handled", read_at="2026-11-24T10:00Z", done_at="2026-11-24T11:00Z")
    assert found(boss, attention="unread") == ["unread"]
    assert found(boss, attention="open") == ["read", "unread"]
    assert found(boss, attention="handled") == ["handled"]
    assert found(boss, attention="nonsense") == ["handled", "read", "unread"]


def test_the_list_is_narrowed_to_a_line(boss):
    came("a", line="3000")
    came("b", line="+985000")
    came("c", line="")
    (lines,) = [one for one in boss.get(reverse(LIST)).context["cl"].filter_specs if one.title == "line"]
    assert sorted(value for value, _label in lines.lookup_choices) == ["+985000", "3000"]
    assert found(boss, line="+985000") == ["b"]


def test_lines_of_hidden_accounts_are_not_named(client, gateway):
    other = account("other")
    other.groups.add(Group.objects.create(name="sales"))
    came(line="7777", api_key=other)
    came(line="3000")
    page = clerk(client, *LOOK).get(reverse(LIST)).content.decode()
    assert ("7777" in page, "3000" in page) == (False, True)


@pytest.mark.parametrize("sender", ["09121234567", "9121234567", "+989121234567", "00989121234567"])
@pytest.mark.parametrize(
    "term", ["09121234567", "+98 912 123 4567", "۰۹۱۲۱۲۳۴۵۶۷", "9121234567", "0912123", "98912", "912 123"]
)
def test_a_number_is_found_in_any_writing_by_any_writing_or_its_beginning(boss, sender, term):
    came("wanted", sender=sender)
    came("another's", sender="09359999999")
    assert found(boss, q=term) == ["wanted"]


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("IRANCELL", ["name"]),
        ("IRAN", ["name"]),
        ("3000", ["code"]),
        ("300", ["code"]),
        ("0", ["mobile"]),
        ("nobody", []),
        ("%", []),
    ],
)
def test_names_and_short_codes_are_found_by_their_beginning(boss, term, expected):
    came("name", sender="IRANCELL")
    came("code", sender="3000")
    came("mobile")
    assert found(boss, q=term) == expected


def test_the_conversation_is_a_click_away(boss):
    came()
    (address,) = re.findall('href="([^"]*/conversation/[^"]*)"', boss.get(reverse(LIST)).content.decode())
    assert boss.get(address).status_code == 200


def test_whoever_may_not_see_texts_is_led_to_no_conversation(client, gateway):
    row = came()
    client = clerk(client, "view_inboundmessage")
    for address in (reverse(LIST), reverse("admin:sepahan_django_inboundmessage_change", args=[row.pk])):
        assert "/conversation/" not in client.get(address).content.decode()


# Marks


@BOTH_WAYS
def test_marks_are_made_with_a_button(boss, do):
    row = came()

    def state():
        row.refresh_from_db()
        return (row.read_at is not None, row.done_at is not None)

    seen = []
    for work in ("mark_read", "mark_unread", "mark_handled", "mark_open"):
        do(boss, work, row)
        seen.append(state())
    assert seen == [(True, False), (False, False), (True, True), (True, False)]


@BOTH_WAYS
def test_who_handled_it_is_kept_and_in_its_history(boss, do):
    row = came()
    do(boss, "mark_handled", row)
    row.refresh_from_db()
    entry = LogEntry.objects.get()
    assert (row.done_by.username, entry.user.username, entry.change_message) == (
        "boss",
        "boss",
        "Marked as handled.",
    )


def test_who_handled_it_second_leaves_no_trace(boss, client):
    row = came()
    press(boss, "mark_handled", row)
    client.force_login(User.objects.create_superuser("second"))
    answer = press(client, "mark_handled", row)
    row.refresh_from_db()
    assert (row.done_by.username, LogEntry.objects.count()) == ("boss", 1)
    assert "0 SMS marked as handled" in page_text(answer)


def test_a_page_offers_what_can_be_done_about_the_message(boss):
    def offered(row):
        page = boss.get(reverse("admin:sepahan_django_inboundmessage_change", args=[row.pk]))
        return [name for name, _label in page.context["works"]]

    assert offered(came()) == ["mark_read", "mark_handled", "dispatch_again"]
    handled = came(read_at="2026-11-24T10:00Z", done_at="2026-11-24T11:00Z")
    assert offered(handled) == ["mark_unread", "mark_open", "dispatch_again"]


def test_the_script_of_a_page_marks_it_as_read_and_says_nothing(boss):
    row = came()
    answer = press(boss, "mark_read", row, accept="application/json")
    assert answer.json() == {"marked": 1}
    assert "marked as read" not in page_text(boss.get(reverse(LIST)))


def test_a_message_marked_as_unread_is_not_opened_again_at_once(boss):
    row = came(read_at="2026-11-24T10:00Z")
    assert press(boss, "mark_unread", row).redirect_chain[-1][0] == reverse(LIST)


def test_looking_at_a_message_marks_nothing(boss):
    row = came()
    boss.get(reverse("admin:sepahan_django_inboundmessage_change", args=[row.pk]))
    row.refresh_from_db()
    assert row.read_at is None


# Pass on again


@BOTH_WAYS
def test_a_message_is_passed_on_again_and_it_is_in_its_history(boss, listen, do):
    received = listen(signals.message_received)
    row = came(dispatched_at="2026-11-24T10:00Z")
    answer = do(boss, "dispatch_again", row)
    assert ([one["message"].pk for one in received], "1 SMS processed." in page_text(answer)) == (
        [row.pk],
        True,
    )
    assert LogEntry.objects.get().change_message == "Processed again."


@BOTH_WAYS
def test_the_receivers_error_stands_on_the_page(boss, refusing, do):
    answer = do(boss, "dispatch_again", came())
    assert "no order for 09121234567" in page_text(answer)


def test_the_receivers_error_is_told_to_nobody_who_may_not_see_texts(client, gateway, refusing):
    answer = press(clerk(client, "view_inboundmessage", "pull_inbox"), "dispatch_again", came())
    assert ("09121234567" in page_text(answer), "reported an error" in page_text(answer)) == (False, True)


def test_the_page_of_a_refused_message_tells_error_and_attempts(boss, refusing):
    row = came()
    for _each in range(2):
        answer = press(boss, "dispatch_again", row)
    assert re.search(r"Failed attempts: 2 Processing error: KeyError", page_text(answer))


def test_while_another_process_fetches_the_page_says_so(boss, monkeypatch):
    monkeypatch.setattr("sepahan_django.inbox.redelivering.PATIENCE", ())
    row = came()
    assert Lease(accounts.resolve()).acquire()
    assert "another process is already fetching" in page_text(press(boss, "dispatch_again", row))


def test_too_many_at_once_are_refused(boss, monkeypatch, listen):
    monkeypatch.setattr("sepahan_django.admin.inbound.actions.MAX_REDELIVERED", 1)
    received = listen(signals.message_received)
    answer = act(boss, "dispatch_again", came("1"), came("2"))
    assert ("At most 1 SMS" in page_text(answer), received) == (True, [])


def test_where_a_request_is_one_transaction_receivers_are_called_after_it(boss, settings):
    from django.db import connection

    open_ones = []

    def receiver(sender, message, **kwargs):
        open_ones.append(connection.in_atomic_block)

    signals.message_received.connect(receiver)
    row = came()
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        answer = press(boss, "dispatch_again", row)
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
        signals.message_received.disconnect(receiver)
    assert (open_ones, "1 SMS processed." in page_text(answer)) == ([False], True)


# Rights


@BOTH_WAYS
@pytest.mark.parametrize(
    ("work", "needed"),
    [
        ("mark_read", ("view_content", "view_inboundmessage")),
        ("mark_unread", ("view_content", "view_inboundmessage")),
        ("mark_handled", ("change_inboundmessage",)),
        ("mark_open", ("change_inboundmessage",)),
        ("dispatch_again", ("pull_inbox", "view_inboundmessage")),
    ],
)
def test_each_work_takes_its_own_permissions(client, gateway, listen, do, work, needed):
    marks = {"read_at": "2026-11-24T10:00Z"} if work == "mark_unread" else {}
    marks |= {"done_at": "2026-11-24T10:00Z"} if work == "mark_open" else {}
    row = came(**marks)
    received = listen(signals.message_received)

    def is_done(*permissions):
        before = InboundMessage.objects.values("read_at", "done_at", "dispatched_at").get()
        do(clerk(client, *permissions), work, row)
        return InboundMessage.objects.values("read_at", "done_at", "dispatched_at").get() != before

    everything = {"view_inboundmessage", "view_content", "pull_inbox", "change_inboundmessage"}
    others = everything - {needed[0]}
    assert (is_done(*others), received) == (False, [])
    assert is_done(*needed, "view_inboundmessage")


def test_messages_of_hidden_accounts_are_out_of_reach(client, gateway):
    other = account("other")
    other.groups.add(Group.objects.create(name="sales"))
    row = came(api_key=other)
    client = clerk(client, *LOOK, "pull_inbox", "change_inboundmessage")
    for work in ("mark_read", "mark_handled", "dispatch_again"):
        act(client, work, row)
        assert press(client, work, row).status_code == 404
    row.refresh_from_db()
    assert (row.read_at, row.done_at, row.dispatched_at) == (None, None, None)


def test_a_work_that_does_not_exist_is_not_found(boss):
    assert press(boss, "delete", came()).status_code == 404


# The overview


def test_the_overview_counts_the_unread_and_leads_to_them(boss):
    came()
    came(read_at="2026-11-24T10:00Z")
    page = boss.get(reverse("admin:sepahan_django_overview_changelist"))
    assert "Unread inbound 1 " in page_text(page)
    assert f'href="{reverse(LIST)}?attention=unread"' in page.content.decode()


def test_very_many_unread_ones_are_not_counted(boss, monkeypatch):
    monkeypatch.setattr("sepahan_django.admin.overview.page.MAX_UNREAD_COUNTED", 2)
    for _each in range(3):
        came()
    assert "Unread inbound more than 2 " in page_text(
        boss.get(reverse("admin:sepahan_django_overview_changelist"))
    )


def test_the_overview_counts_the_unread_messages_that_its_reader_may_see(client, gateway):
    """Staff who may not see inbound messages get no count, and those of hidden accounts are in none."""
    other = account("other")
    other.groups.add(Group.objects.create(name="sales"))
    came(api_key=other)
    overview = reverse("admin:sepahan_django_overview_changelist")
    assert "Unread inbound 0 " in page_text(clerk(client, "view_inboundmessage").get(overview))
    assert "Unread inbound" not in page_text(clerk(client, "view_outboundmessage").get(overview))


# Fetching


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
