import codecs
import io
import zipfile

import openpyxl
import pytest
from django.contrib.auth.models import User

from sepahan_django import accounts, drafts
from sepahan_django.drafts import rows, spreadsheets
from sepahan_django.models import DraftRow, ListMember, RecipientList
from tests.factories import number

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    return drafts.start(User.objects.create_user("clerk"), account=accounts.resolve(), text="سلام")


def stored(draft):
    return [(row.recipient or row.raw, row.problem) for row in draft.rows.order_by("pk")]


def sheet(*lines):
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    file = io.BytesIO()
    book.save(file)
    return file


TABLE = [("نام", "موبایل"), ("علی", 9121234567), ("رضا", "0935 123 4567"), ("مینا", "x")]
TEXT = "نام,موبایل\nعلی,9121234567\nرضا,0935 123 4567\nمینا,x\n"
READ = [("09121234567", ""), ("09351234567", ""), ("x", "unreadable")]


# From where recipients come


def test_a_paste_is_stored_row_by_row(draft):
    drafts.fill_from_text(draft, "نام\tموبایل\nعلی\t09121234567\nرضا\t0912")
    assert (stored(draft), draft.columns) == ([("09121234567", ""), ("0912", "unreadable")], ["نام"])


def test_what_was_pasted_before_is_replaced(draft):
    drafts.fill_from_text(draft, "09121234567")
    drafts.fill_from_text(draft, "09351234567")
    assert stored(draft) == [("09351234567", "")]


def test_a_number_given_again_is_a_duplicate(draft):
    drafts.fill_from_text(draft, "09121234567\n+989121234567")
    assert stored(draft) == [("09121234567", ""), ("09121234567", "duplicate")]


def test_pairs_from_code_bring_their_columns(draft):
    drafts.fill(draft, ((number(i), {"name": f"n{i}", "{x}": None}) for i in range(2)))
    assert (draft.columns, draft.rows.first().values) == (["name", "(x)"], {"name": "n0"})


def test_a_saved_list_brings_its_columns(draft):
    saved = RecipientList.objects.create(title="staff", columns=["name"])
    ListMember.objects.create(list=saved, recipient="09121234567", values={"name": "Ali"})
    drafts.fill_from_list(draft, saved)
    assert (stored(draft), draft.columns, draft.source) == ([("09121234567", "")], ["name"], "staff")


def test_a_workbook_is_read_with_all_its_columns(draft):
    drafts.fill_from_file(draft, sheet(*TABLE), "a.xlsx")
    assert (stored(draft), draft.columns, draft.number_column) == (READ, ["نام", "موبایل"], "موبایل")


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.replace("ی", "ي").encode("cp1256"),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
        b"sep=;\n" + TEXT.replace(",", ";").encode(),
        TEXT.replace("\n", "\r\n").encode(),
    ],
    ids=["utf-8", "mark", "utf-16", "utf-16-be", "windows-1256", "semicolon", "tab", "sep", "crlf"],
)
def test_csv_is_read_in_every_writing(draft, content):
    drafts.fill_from_file(draft, io.BytesIO(content), "a.csv")
    assert (stored(draft), len(draft.columns)) == (READ, 2)


def test_a_file_without_a_head_has_columns_by_position(draft):
    drafts.fill_from_file(draft, io.BytesIO(b"Ali,9121234567.0\nReza,9.12E+09\n"), "a.csv")
    assert (stored(draft), draft.columns) == (
        [("09121234567", ""), ("9.12E+09", "unreadable")],
        ["Column 1", "Column 2"],
    )


def test_rows_of_a_file_have_the_sheets_numbers(draft):
    drafts.fill_from_file(draft, sheet(*TABLE), "a.xlsx")
    assert list(draft.rows.values_list("number", flat=True)) == [2, 3, 4]


def test_numbers_are_read_from_another_column_when_asked(draft):
    drafts.fill_from_file(draft, sheet(("a", "b"), (number(1), number(2)), (number(3), "")), "a.xlsx")
    drafts.map_number(draft, "b")
    assert (stored(draft), draft.number_column) == ([(number(2), ""), ("", "unreadable")], "b")


def test_a_cell_with_two_numbers_is_two_rows_and_one_after_another_choice(draft):
    two = f"{number(1)}, {number(2)}"
    drafts.fill_from_file(draft, sheet(("a", "b"), (two, number(3)), (number(4), "")), "a.xlsx")
    drafts.map_number(draft, "a")
    assert len(stored(draft)) == 3
    drafts.map_number(draft, "b")
    assert stored(draft) == [(number(3), ""), ("", "unreadable")]


def test_a_table_of_many_chunks_is_read_again_once(draft, monkeypatch):
    monkeypatch.setattr(rows, "ROW_CHUNK", 2)
    drafts.fill_from_file(draft, sheet(("a",), *((number(i),) for i in range(9))), "a.xlsx")
    drafts.map_number(draft, "a")
    assert stored(draft) == [(number(i), "") for i in range(9)]


def test_an_unknown_column_is_refused(draft):
    with pytest.raises(drafts.DraftError):
        drafts.map_number(draft, "nothing")


# Columns that the text uses


def test_a_row_whose_column_is_empty_is_refused_when_the_text_uses_it(draft):
    drafts.fill_from_text(draft, "نام\tموبایل\nعلی\t09121234567\n\t09351234567")
    drafts.change(draft, text="سلام {نام}")
    assert stored(draft) == [("09121234567", ""), ("09351234567", "empty")]
    drafts.change(draft, text="سلام")
    assert stored(draft) == [("09121234567", ""), ("09351234567", "")]


def test_the_first_row_with_what_the_text_needs_is_the_one_that_counts(draft):
    drafts.change(draft, text="سلام {نام}")
    drafts.fill_from_text(draft, "نام\tموبایل\n\t09121234567\nعلی\t09121234567\nرضا\t09121234567")
    assert [problem for _number, problem in stored(draft)] == ["empty", "", "duplicate"]


# What is too much, or no table


def boom():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (spreadsheets.MAX_UNPACKED_BYTES + 1))
    return file.getvalue()


def one_row_of_tags():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<c/>" * (spreadsheets.MAX_XML_TAGS + 1))
    return file.getvalue()


def texts_without_end():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"<si><t>ab</t></si>" * (spreadsheets.MAX_XML_TEXTS + 1))
    return file.getvalue()


def lying_about_its_size():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 1_000_000)
    return file.getvalue().replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\x00\x01\x02\x03" * 100,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"PK\x03\x04 and no archive",
        sheet(*TABLE).getvalue()[:-200],
        boom(),
        one_row_of_tags(),
        texts_without_end(),
        lying_about_its_size(),
        b'"' + b"a" * 200_000,
        b"a" * 300_000,
        b"a," * 60 + b"\n",
        b"a," + b"x" * 1001 + b"\n",
    ],
    ids=[
        *("nothing", "blank", "binary", "old", "no archive", "cut", "bomb", "one row", "texts", "lie"),
        *("quote", "line", "columns", "cell"),
    ],
)
def test_a_file_that_is_no_table_gets_a_sentence_and_changes_nothing(draft, content):
    drafts.fill_from_text(draft, "09121234567")
    with pytest.raises(drafts.InvalidFile, match=r"\.$"):
        drafts.fill_from_file(draft, io.BytesIO(content), "a.xlsx")
    draft.refresh_from_db()
    assert (stored(draft), draft.source) == ([("09121234567", "")], "")


def test_a_file_that_is_too_large_is_not_read(draft, monkeypatch):
    monkeypatch.setattr(spreadsheets, "MAX_FILE_BYTES", 10)
    with pytest.raises(drafts.InvalidFile):
        drafts.fill_from_file(draft, io.BytesIO(TEXT.encode()), "a.csv")


def test_more_rows_than_may_be_are_refused_as_a_whole(draft, monkeypatch):
    monkeypatch.setattr(rows, "MAX_ROWS", 2)
    with pytest.raises(drafts.DraftError):
        drafts.fill_from_text(draft, "\n".join(map(number, range(3))))
    assert DraftRow.objects.count() == 0


def test_without_openpyxl_one_sentence_says_what_is_missing(draft, monkeypatch):
    file = sheet(*TABLE)
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(drafts.InvalidFile, match="xlsx"):
        drafts.fill_from_file(draft, file, "a.xlsx")


def test_rows_are_walked_a_chunk_at_a_time(draft):
    import tracemalloc

    lines = (f"{number(i)},{'x' * 100}\n".encode() for i in range(8_000))
    file = io.BytesIO(b"".join(lines))
    drafts.change(draft, text="{Column 2}")
    tracemalloc.start()
    try:
        drafts.fill_from_file(draft, file, "a.csv")
        drafts.check(draft)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Eight thousand rows as objects would be more than twelve.
    assert peak < 6_000_000
