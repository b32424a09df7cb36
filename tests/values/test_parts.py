import json
from pathlib import Path

import pytest

from sepahan_django.values.parts import count_parts

VECTORS = json.loads((Path(__file__).parent / "part_vectors.json").read_text())


def spelled(short: str) -> str:
    """`A*160+€` written out."""
    if "*" not in short:
        return short
    pieces = (piece.partition("*") for piece in short.split("+"))
    return "".join(text * int(times or 1) for text, _star, times in pieces)


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
