import pytest

from sepahan_django.values.tables import Pasted, column_names, guess_number_column, is_head, read_number

ALI, REZA = "09121234567", "09351234567"


def rows(text):
    """Numbers with their cells, and the columns."""
    pasted = Pasted(text)
    found = [(one.number, one.values) for one in pasted]
    return found, pasted.columns


def test_the_first_line_of_a_table_names_its_columns():
    assert rows(f"نام\tموبایل\tبدهی\nعلی\t{ALI}\t۱۲۰۰۰") == (
        [(ALI, {"نام": "علی", "بدهی": "۱۲۰۰۰"})],
        ["نام", "بدهی"],
    )


@pytest.mark.parametrize("text", [f"{ALI}\tعلی", f"{ALI}، علی", f"{ALI}    علی"])
def test_cells_beside_the_number_are_called_by_their_position(text):
    assert rows(text) == ([(ALI, {"Column 2": "علی"})], ["Column 2"])


def test_a_name_in_the_numbers_own_cell_is_kept():
    assert rows(f"علی رضایی {ALI}") == ([(ALI, {"Column 1": "علی رضایی"})], ["Column 1"])


def test_several_numbers_in_a_line_are_several_rows():
    assert rows(f"علی\t{ALI}\t{REZA}") == (
        [(ALI, {"Column 1": "علی"}), (REZA, {"Column 1": "علی"})],
        ["Column 1"],
    )


def test_numbers_alone_have_no_columns():
    assert rows(f"{ALI} {REZA}\n+98 912 000 0001") == (
        [(ALI, {}), (REZA, {}), ("09120000001", {})],
        [],
    )


def test_an_amount_beside_a_number_is_no_number_gone_wrong():
    assert rows(f"{ALI}\t125000000") == ([(ALI, {"Column 2": "125000000"})], ["Column 2"])


def test_a_line_without_a_number_says_why():
    (one,) = Pasted("علی\t0912")
    assert (one.number, one.raw, bool(one.reason)) == ("", "0912", True)


def test_rows_are_counted_as_in_what_was_pasted():
    assert [one.row for one in Pasted(f"نام\tموبایل\n\nعلی\t{ALI}")] == [3]


def test_no_two_columns_have_one_name():
    assert column_names(["نام", "نام ", "", "{x}"]) == ["نام", "نام 2", "Column 3", "(x)"]


PASTED = [
    ("09121234567\n09351234567", [ALI, REZA]),
    ("09121234567,09351234567", [ALI, REZA]),
    ("09121234567، 09351234567", [ALI, REZA]),
    ("09121234567;09351234567؛09011234567", [ALI, REZA, "09011234567"]),
    ("09121234567 09351234567", [ALI, REZA]),
    ("0912 123 4567   0935 123 4567", [ALI, REZA]),
    ("0912 123 4567", [ALI]),
    ("علی رضایی\t09121234567", [ALI]),
    ("علی رضایی 0912 123 4567", [ALI]),
    ("09121234567 - مریم", [ALI]),
    ("1\tعلی\t9121234567\t25000", [ALI]),
    ("۰۹۱۲۱۲۳۴۵۶۷/۰۹۳۵۱۲۳۴۵۶۷", [ALI, REZA]),
    ("9121234567.0\r\n9351234567.0\r\n", [ALI, REZA]),
    ("09121234567 | 09351234567", [ALI, REZA]),
    ("\n\n 09121234567 \n\n", [ALI]),
    ("", []),
]


@pytest.mark.parametrize(("text", "numbers"), PASTED)
def test_numbers_are_found_in_what_is_pasted(text, numbers):
    assert [one.number for one in Pasted(text)] == numbers


@pytest.mark.parametrize("line", ["علی", "0912", "02188776655", f"{ALI} 0912555", "9.12E+09"])
def test_what_can_not_be_read_is_named_with_its_row_and_a_reason(line):
    unread = [one for one in Pasted(f"{REZA}\n{line}") if not one.number]
    assert [(one.row, bool(one.raw), bool(one.reason)) for one in unread] == [(2, True, True)]


def test_the_column_with_the_most_numbers_is_the_numbers():
    assert guess_number_column([["1", ALI, "x"], ["2", "9351234567.0", REZA]], 3) == 1


def test_without_a_number_no_column_is_guessed():
    assert guess_number_column([["1", "x"]], 2) is None


@pytest.mark.parametrize(
    ("cells", "expected"), [(["نام", "موبایل"], True), (["علی", ALI], False), ([], False)]
)
def test_a_head_is_a_row_of_text_without_a_number(cells, expected):
    assert is_head(cells) == expected


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [("9123456789.0", ["09123456789"]), (f"{ALI}، {REZA}", [ALI, REZA]), ("9.12E+09", [""]), ("", [""])],
)
def test_a_cell_is_read_as_excel_leaves_it(cell, numbers):
    assert [number for number, _reason in read_number(cell)] == numbers
