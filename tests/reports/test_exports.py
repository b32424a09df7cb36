import csv
import io
import tracemalloc

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import translation

from sepahan_django import accounts
from sepahan_django.models import ApiKey, Campaign, InboundMessage, OutboundMessage
from sepahan_django.reports import exports
from tests.factories import queued
from tests.staff import clerk

pytestmark = pytest.mark.django_db

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "  =1",
    "\r=1",
    "＝1+1",
    '=HYPERLINK("http://x","y")',
]
LONG_ID = 639_027_944_154_527_200


@pytest.fixture
def exporter(client):
    return clerk(
        client,
        "view_outboundmessage",
        "view_inboundmessage",
        "export_messages",
        "export_inbound",
        "view_content",
    )


def export(client, model="outboundmessage", kind="xlsx", **query):
    return client.post(
        reverse(f"admin:sepahan_django_export_{model}", query=query or None)
        if query
        else reverse(f"admin:sepahan_django_export_{model}"),
        {"format": kind},
    )


def sheet_of(answer):
    return openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active


def lines_of(answer):
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_sheet_is_a_formula(exporter, gateway, text):
    queued(1, text=text)
    sheet = sheet_of(export(exporter))
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds == {"s"}
    assert sheet["C2"].value == text.replace("\r", "\n")  # as XML has it


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_csv_file_begins_as_a_formula_does(exporter, gateway, text):
    queued(1, text=text)
    (_head, row) = lines_of(export(exporter, kind="csv"))
    assert (row[2][0], row[2].replace("'", "")) == ("'", text)


@pytest.mark.parametrize("separator", [";", "\t", "\n", "\r\n", "; ", "|"])
def test_no_part_of_a_csv_cell_is_a_formula_where_lists_are_separated_otherwise(exporter, gateway, separator):
    queued(1, text=f"a{separator}=1+1")
    (_head, row) = lines_of(export(exporter, kind="csv"))
    assert row[2] == f"a{separator}'=1+1"


def test_what_strangers_wrote_is_guarded_too(exporter, gateway):
    InboundMessage.objects.create(
        line="3000", sender="=cmd|'/C calc'!A0", text="@x", gateway_date="=1", api_key=accounts.resolve()
    )
    (_head, row) = lines_of(export(exporter, "inboundmessage", "csv"))
    assert not [cell for cell in row if cell.startswith(("=", "@"))]


def test_ids_and_numbers_stay_exact_texts(exporter, gateway):
    queued(1, gateway_id=LONG_ID)
    values = [cell.value for cell in sheet_of(export(exporter))[2]]
    assert ("09120000000" in values, str(LONG_ID) in values) == (True, True)


@pytest.mark.parametrize(("language", "expected"), [("fa", True), ("en", False)])
def test_a_sheet_runs_as_its_language_does(exporter, gateway, language, expected):
    queued(1)
    exporter.cookies["django_language"] = language
    assert bool(sheet_of(export(exporter)).sheet_view.rightToLeft) is expected


def test_states_are_words_and_dates_come_in_both_calendars(exporter, gateway):
    queued(1, created_at="2026-11-24T06:30:00Z")
    exporter.cookies["django_language"] = "fa"
    values = [cell.value for cell in sheet_of(export(exporter))[2]]
    assert {"در صف", "queued", "1405/09/03 10:00", "2026-11-24T10:00:00+03:30"} <= set(values)


def test_what_no_sheet_can_hold_is_replaced(exporter, gateway):
    queued(1, text="a\x0bb")
    assert sheet_of(export(exporter))["C2"].value == "a\ufffdb"


def test_the_lists_filters_decide_what_is_exported(exporter, gateway):
    queued(2)
    OutboundMessage.objects.filter(pk=OutboundMessage.objects.first().pk).update(state="cancelled")
    address = reverse("admin:sepahan_django_export_outboundmessage") + "?state__exact=cancelled"
    assert len(lines_of(exporter.post(address, {"format": "csv"}))) == 2


def test_messages_of_accounts_of_other_groups_are_not_exported(exporter, gateway):
    from django.contrib.auth.models import Group

    queued(1)
    ApiKey.objects.get().groups.add(Group.objects.create(name="others"))
    assert len(lines_of(export(exporter, kind="csv"))) == 1


def test_who_may_not_see_numbers_exports_none(client, gateway):
    queued(1, text="nobody's", campaign=Campaign.objects.create(title="a campaign"))
    clerk(client, "view_outboundmessage", "export_messages")
    text = b"".join(export(client, kind="csv").streaming_content).decode()
    assert ("09120000000" in text, "nobody's" in text, "0912•••0000" in text) == (False, False, True)


@pytest.mark.parametrize("model", ["outboundmessage", "inboundmessage"])
@pytest.mark.parametrize(
    "permissions",
    [
        [],
        ["view_outboundmessage", "view_inboundmessage"],
        ["export_messages", "export_inbound"],
        ["view_outboundmessage", "export_inbound", "view_content"],
        ["view_inboundmessage", "export_messages", "view_content"],
    ],
)
def test_exporting_takes_its_permission_and_that_to_look(client, gateway, model, permissions):
    clerk(client, *permissions)
    assert export(client, model).status_code == 403


def test_an_export_is_kept_in_the_history(exporter, gateway):
    queued(3)
    export(exporter, kind="csv")
    entry = LogEntry.objects.get()
    assert (entry.object_repr, "CSV" in entry.change_message) == ("3 × outbound message", True)


def test_a_link_exports_nothing(exporter, gateway):
    queued(1)
    answer = exporter.get(reverse("admin:sepahan_django_export_outboundmessage"))
    assert (answer.status_code, LogEntry.objects.count()) == (405, 0)


def test_more_rows_than_a_sheet_holds_get_a_sentence(exporter, gateway, monkeypatch):
    monkeypatch.setattr(exports, "MAX_SHEET_ROWS", 2)
    queued(3)
    answer = exporter.post(reverse("admin:sepahan_django_export_outboundmessage"), {}, follow=True)
    assert "Filter the list first" in answer.content.decode()


def test_a_long_list_costs_no_more_memory_than_a_short_one(exporter, gateway):
    (message,) = queued(1)
    key = message.api_key
    rows = (
        OutboundMessage(recipient=f"0912{n:07}", text="x" * 100, sender="3000", api_key=key)
        for n in range(6_000)
    )
    OutboundMessage.objects.bulk_create(rows, batch_size=1000)

    def peak(limit):
        found = OutboundMessage.objects.order_by("pk")[:limit]
        # A slice can't be sliced and related again: its rows by their ids' end.
        found = OutboundMessage.objects.filter(pk__lte=list(found)[-1].pk)
        tracemalloc.start()
        for _line in exports.csv_lines(exports.rows_of(found, exports.outbound_columns(whole=True))):
            pass
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few = peak(1_000)
    assert peak(6_000) < 2 * few


def test_a_head_is_in_the_language_of_the_reader():
    with translation.override("fa"):
        head = next(exports.rows_of(OutboundMessage.objects.none(), exports.outbound_columns(whole=True)))
    assert "گیرنده" in head
