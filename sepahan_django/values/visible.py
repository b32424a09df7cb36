"""Showing text from others as it is, without their direction tricks."""

import re

_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""The characters that change the direction of what follows; the half-space (U+200C) is none of them."""


def visible(text: str) -> str:
    """The text with each control character for direction written out, as ``[U+202E]``.

    One of them can turn a number around on the screen, or the text of the page behind it.
    """
    return _DIRECTION.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def isolated(number: str) -> str:
    """A masked number that stands left to right in plain text of either direction, where markup can't say so.

    Right to left its halves would change places.
    """
    return f"\u2066{number}\u2069"
