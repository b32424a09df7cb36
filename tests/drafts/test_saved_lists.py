import io

import pytest

from sepahan_django.drafts import InvalidFile, saved_lists
from sepahan_django.models import ListMember, RecipientList
from tests.factories import number

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return RecipientList.objects.create(title="staff")


def members(recipient_list):
    return list(recipient_list.members.order_by("pk").values_list("recipient", "values"))


def left_out(report):
    return [(one.row, one.raw, one.reason) for one in report.left_out]


def test_numbers_are_added_in_any_writing_with_the_cells_beside_them(staff):
    report = saved_lists.add_from_text(staff, "موبایل\tنام\n۰۹۱۲۰۰۰۰۰۰۰\tعلی رضایی\n+98 912 000 0001\tمریم")
    assert report.added == 2
    assert members(staff) == [(number(0), {"نام": "علی رضایی"}), (number(1), {"نام": "مریم"})]
    assert staff.columns == ["نام"]


def test_what_is_left_out_is_told_with_its_row_and_the_reason(staff):
    saved_lists.add_from_text(staff, number(0))
    report = saved_lists.add_from_text(staff, f"{number(1)}\n{number(1)}\n{number(0)}\n0912")
    assert (report.added, report.duplicates, report.unreadable) == (1, 2, 1)
    assert left_out(report) == [
        (2, number(1), "It appears twice."),
        (3, number(0), "It is already in the list."),
        (4, "0912", "It has too few digits."),
    ]


def test_of_very_many_rows_left_out_the_first_are_named_and_the_others_counted(staff):
    report = saved_lists.add_from_text(staff, "\n".join([number(0)] * (saved_lists.MAX_LISTED_ROWS + 11)))
    assert (len(report.left_out), report.unnamed) == (saved_lists.MAX_LISTED_ROWS, 10)


def test_a_column_is_the_same_in_whatever_letters_it_comes(staff):
    saved_lists.add_from_text(staff, f"mobile\tName\n{number(0)}\tAli")
    saved_lists.add_from_text(staff, f"mobile\tNAME\tcity\n{number(1)}\tSara\tYazd")
    assert staff.columns == ["Name", "city"]
    assert members(staff)[1] == (number(1), {"Name": "Sara", "city": "Yazd"})


def test_a_file_is_added_without_the_column_of_the_numbers(staff):
    file = io.BytesIO(f"name,mobile\nAli,{number(0)}\n".encode())
    assert saved_lists.add_from_file(staff, file).added == 1
    assert (members(staff), staff.columns) == ([(number(0), {"name": "Ali"})], ["name"])


def test_a_file_without_numbers_is_refused(staff):
    with pytest.raises(InvalidFile, match="No column"):
        saved_lists.add_from_file(staff, io.BytesIO(b"name,city\nAli,Yazd\nSara,Qom\n"))


def test_a_list_that_would_grow_too_long_stays_as_it_was(staff, monkeypatch):
    monkeypatch.setattr(saved_lists, "MAX_MEMBERS", 3)
    saved_lists.add_from_text(staff, f"mobile\tname\n{number(0)}\tAli")
    with pytest.raises(saved_lists.ListError, match="at most 3"):
        saved_lists.add_from_text(
            staff, "\n".join(["mobile\tcity", *(f"{number(i)}\tQom" for i in range(1, 4))])
        )
    assert (len(members(staff)), staff.columns) == (1, ["name"])


def test_too_many_columns_are_refused(staff):
    head = "\t".join(["mobile", *(f"column {index}" for index in range(60))])
    row = "\t".join([number(0), *("x" * 60)])
    with pytest.raises(saved_lists.ListError, match="columns"):
        saved_lists.add_from_text(staff, f"{head}\n{row}")
    assert members(staff) == []


def test_a_list_that_somebody_has_deleted_meanwhile_is_told(staff):
    RecipientList.objects.all().delete()
    with pytest.raises(saved_lists.ListError, match="no longer exists"):
        saved_lists.add_from_text(staff, number(0))


def test_only_members_of_this_list_are_removed_from_it(staff):
    other = RecipientList.objects.create(title="other")
    saved_lists.add_from_text(staff, number(0))
    saved_lists.add_from_text(other, number(0))
    assert saved_lists.remove(staff, list(ListMember.objects.values_list("pk", flat=True))) == 1
    assert (len(members(staff)), len(members(other))) == (0, 1)


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("", [0, 1]),
        ("۰۹۱۲", [0]),
        ("+98 912", [0]),
        ("912", [0]),
        (number(0), [0]),
        ("0999", []),
        ("علي", [0]),
        ("SARA", [1]),
        ("nobody", []),
    ],
)
def test_members_are_found_by_the_beginning_of_the_number_or_by_a_word(staff, term, found):
    saved_lists.add_from_text(staff, f"mobile\tname\n{number(0)}\tعلی رضایی\n09350000000\tSara")
    numbers = [number(0), "09350000000"]
    assert [one.recipient for one in saved_lists.search(staff, term)] == [numbers[index] for index in found]


def test_ten_thousand_are_added_in_a_bounded_number_of_queries(staff, django_assert_max_num_queries):
    text = "\n".join(f"{number(index)}\tname {index}" for index in range(10_000))
    with django_assert_max_num_queries(10_000 // saved_lists.MEMBER_CHUNK * 3 + 20):
        assert saved_lists.add_from_text(staff, text).added == 10_000
    assert len(saved_lists.search(staff, "name 9999")) == 1
