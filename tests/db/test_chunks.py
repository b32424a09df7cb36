import pytest
from django.db import OperationalError, connection
from django.db.models import Value

from sepahan_django.db import chunks
from sepahan_django.db.chunks import each_chunk, walk, walk_values
from sepahan_django.models import Campaign

pytestmark = pytest.mark.django_db

ALL = Campaign.objects.all()


def campaigns(count):
    return [Campaign.objects.create(title=str(index)).pk for index in range(count)]


# Reading


def read(rows=ALL, **options):
    return [one.pk for one in walk(rows, chunk=3, **options)]


@pytest.mark.parametrize(("count", "queries"), [(0, 1), (2, 1), (3, 2), (7, 3)])
def test_rows_are_read_a_chunk_a_query_until_one_is_not_full(count, queries, django_assert_num_queries):
    pks = campaigns(count)
    with django_assert_num_queries(queries):
        assert read() == pks


def test_rows_are_read_by_their_keys_whatever_their_own_order():
    pks = campaigns(7)
    assert read(ALL.order_by("-title")) == pks


def test_the_newest_come_first_on_demand():
    pks = campaigns(7)
    assert read(newest_first=True) == pks[::-1]


def test_rows_that_are_deleted_on_the_way_hide_none_of_the_others():
    pks = campaigns(7)
    seen = []
    for one in walk(ALL, chunk=3):
        seen.append(one.pk)
        ALL.filter(pk__in=[one.pk, pks[5]]).delete()
    assert seen == [pk for pk in pks if pk != pks[5]]


def test_newest_first_a_row_that_is_added_meanwhile_does_not_come():
    pks = campaigns(4)
    seen = []
    for one in walk(ALL, newest_first=True, chunk=2):
        seen.append(one.pk)
        campaigns(1)
    assert seen == pks[::-1]


def test_what_is_to_be_fetched_with_the_rows_is_fetched_once_a_chunk(django_assert_num_queries):
    campaigns(4)
    with django_assert_num_queries(2 * 2 + 1):
        assert [list(one.messages.all()) for one in walk(ALL.prefetch_related("messages"), chunk=2)] == [
            []
        ] * 4


@pytest.mark.parametrize("count", [0, 2, 3, 7])
def test_values_come_with_the_key_in_front(count):
    pks = campaigns(count)
    rows = ALL.annotate(sign=Value("!"))
    assert list(walk_values(rows, "title", "sign", chunk=3)) == [
        (pk, str(index), "!") for index, pk in enumerate(pks)
    ]


# Changing


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(chunks, "KEY_CHUNK", 3)


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (2, [2]), (3, [3]), (7, [3, 3, 1])], ids=["none", "few", "a chunk", "many"]
)
def test_every_key_is_handed_over_once_in_bounded_chunks(small_chunks, count, sizes):
    pks, handed, done = campaigns(count), [], []
    total = each_chunk(ALL, lambda some: handed.append(some) or len(some), progress=done.append)
    assert [pk for some in handed for pk in some] == pks
    assert ([len(some) for some in handed], done, total) == (sizes, sizes, count)


def test_the_sum_is_of_what_was_changed_and_not_of_the_keys(small_chunks):
    campaigns(7)
    assert each_chunk(ALL, lambda pks: 1) == 3


def test_rows_that_the_change_deletes_do_not_hide_the_next(small_chunks):
    campaigns(7)
    assert each_chunk(ALL, lambda pks: ALL.filter(pk__in=pks).delete()[0]) == 7
    assert not ALL.exists()


def test_a_row_that_no_longer_meets_the_condition_is_left_as_it_is(small_chunks):
    campaigns(2)
    rows = ALL.filter(title__in=["0", "1"])

    def change(pks):
        ALL.filter(title="1").update(title="somebody else's")
        return rows.filter(pk__in=pks).update(title="changed")

    assert each_chunk(rows, change) == 1
    assert sorted(ALL.values_list("title", flat=True)) == ["changed", "somebody else's"]


def test_a_change_that_changes_nothing_is_not_called_for_the_same_keys_for_ever(small_chunks):
    campaigns(7)
    assert each_chunk(ALL, lambda pks: 0) == 0


def test_a_wish_to_stop_is_asked_for_before_each_chunk(small_chunks, django_assert_num_queries):
    campaigns(7)
    wishes = iter([False, True])
    assert each_chunk(ALL, len, should_stop=lambda: next(wishes)) == 3
    with django_assert_num_queries(0):
        assert each_chunk(ALL, len, should_stop=lambda: True) == 0


@pytest.mark.django_db(transaction=True)
def test_keys_that_the_database_could_not_give_are_asked_for_again(small_chunks, monkeypatch):
    monkeypatch.setattr("sepahan_django.db.transactions.PATIENCE", (0,))
    campaigns(4)
    failures = iter([True])

    def failing_once(execute, *arguments):
        if next(failures, False):
            raise OperationalError("database is locked")
        return execute(*arguments)

    with connection.execute_wrapper(failing_once):
        assert each_chunk(ALL, len) == 4
