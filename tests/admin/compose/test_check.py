"""The page for checking: what goes out, what is left out, and the test."""

import io
import sys

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from sepahan_django import drafts
from sepahan_django.models import (
    OutboundMessage,
    SendDraft,
)
from tests.admin.steps import TABLE, check, csv, look, page_of, send, send_data
from tests.factories import number, states

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gateway")]


# Check


def test_what_is_left_out_is_listed_with_its_reason(boss):
    page = look(boss, recipients=TABLE, text="{نام}")
    rows = [(row["row"], row["raw"]) for row in page.context["refused"]]
    assert rows == [("5", "0912"), ("4", "09011234567")]


def test_of_many_rows_that_are_left_out_twenty_are_shown_and_the_rest_counted(boss):
    page = look(boss, recipients="09121234567\n" + "x\n" * 30)
    assert (len(page.context["refused"]), page.context["refused_more"]) == (20, 10)


def test_the_button_says_how_many(boss):
    assert "Send 2 SMS" in page_of(look(boss, recipients="09121234567 09351234567"))


def test_what_blocks_takes_the_button_away(boss):
    page = page_of(look(boss, text="{nothing}"))
    assert ("no column “nothing”" in page, "sepahan-send" in page) == (True, False)


def test_a_post_that_goes_round_what_blocks_sends_nothing(boss):
    page = look(boss, text="{nothing}")
    boss.post(page.request["PATH_INFO"], send_data(page))
    assert states() == {}


def test_a_draft_changed_in_another_window_is_shown_again_and_not_sent(boss):
    page = look(boss)
    drafts.change(SendDraft.objects.get(), text="another text")
    answer = boss.post(page.request["PATH_INFO"], send_data(page), follow=True)
    assert "has changed" in page_of(answer)
    assert "another text" in page_of(answer)
    assert states() == {}


def test_duplicates_are_switched_on(boss):
    draft = look(boss, recipients="09121234567 09121234567").context["draft"]
    assert check(boss, draft).context["found"].going == 1
    assert check(boss, draft, action="duplicates", keep="yes").context["found"].going == 2


def test_another_column_is_chosen_for_the_numbers(boss):
    file = csv(f"first,second\n{number(1)},{number(2)}\n{number(3)},\n")
    draft = look(boss, recipients="", file=file).context["draft"]
    found = check(boss, draft, action="map", column="second").context["found"]
    assert (found.first.recipient, found.going) == (number(2), 1)


def test_a_test_goes_to_ones_own_number_once_for_each_opened_page(boss, inline):
    page = look(boss, recipients=TABLE, text="سلام {نام}")
    data = {"action": "test", "number": "۰۹۱۲۰۰۰۰۰۰۱", "nonce": page.context["test"]["nonce"].value()}
    for _click in range(2):
        answer = check(boss, page.context["draft"], **data)
    message = OutboundMessage.objects.get()
    assert (message.recipient, message.text, message.campaign) == ("09120000001", "سلام علی", None)
    assert "check your phone" in page_of(answer)


def test_a_number_that_is_none_is_refused_for_the_test(boss):
    page = look(boss)
    nonce = page.context["test"]["nonce"].value()
    answer = check(boss, page.context["draft"], action="test", number="0912", nonce=nonce)
    assert answer.context["test"].errors
    assert states() == {}


def test_the_cost_is_estimated_from_what_earlier_sms_did_cost(boss, inline):
    send(boss)
    page = look(boss, recipients="09121234567 09351234567")
    request = OutboundMessage.objects.get().request
    assert page.context["found"].cost == 2 * request.total_price
    assert "Estimated cost" in page_of(page)


# The rows that are left out, as a file


def refused(client, draft, **query):
    answer = client.get(reverse("admin:sepahan_django_refused", args=[draft.pk]), query)
    return b"".join(answer.streaming_content)


def test_rows_that_are_left_out_are_downloaded_also_once_it_is_sent(boss):
    send(boss, recipients=TABLE, text="{نام}")
    book = openpyxl.load_workbook(io.BytesIO(refused(boss, SendDraft.objects.get())))
    rows = [row[:2] for row in book.active.iter_rows(min_row=2, values_only=True)]
    assert sorted(rows) == [("4", "09011234567"), ("5", "0912")]


def test_a_formula_in_a_row_is_no_formula_in_the_file(boss):
    draft = look(boss, recipients="09121234567\n=1+1;x").context["draft"]
    text = refused(boss, draft, format="csv").decode("utf-8-sig")
    assert "'=1+1" in text


def test_numbers_that_can_not_be_read_are_named_one_by_one_before_anything_is_sent(boss, inline):
    page = look(boss, recipients="09121234567\n0912\nعلی")
    assert [(row["row"], row["raw"]) for row in page.context["refused"]] == [("2", "0912"), ("3", "علی")]
    assert (inline.state.ledger, OutboundMessage.objects.count()) == ([], 0)


def test_a_test_submitted_twice_is_one_entry_in_the_history(boss):
    page = look(boss)
    data = {"action": "test", "number": number(1), "nonce": page.context["test"]["nonce"].value()}
    for _click in range(2):
        check(boss, page.context["draft"], **data)
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (
        str(OutboundMessage.objects.get().pk),
        "Test sent from the admin.",
    )


def test_where_excel_files_can_not_be_written_the_rows_come_as_csv(boss, monkeypatch):
    draft = look(boss, recipients=TABLE, text="{نام}").context["draft"]
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    lines = refused(boss, draft).decode("utf-8-sig").splitlines()
    assert sorted(line.split(",")[0] for line in lines[1:]) == ["4", "5"]
