import pytest

from sepahan_django.values.parts import count_parts
from tests.values.part_vectors import VECTORS, spelled


@pytest.mark.parametrize(("short", "encoding", "units", "parts", "left"), VECTORS)
def test_parts_are_counted_as_the_standard_counts(short, encoding, units, parts, left):
    counted = count_parts(spelled(short))
    assert (counted.encoding, counted.units, counted.parts, counted.units_left) == (
        encoding,
        units,
        parts,
        left,
    )


def test_the_characters_that_need_unicode_are_named_once():
    assert count_parts("ok سلام س").unicode_characters == ("س", "ل", "ا", "م")
