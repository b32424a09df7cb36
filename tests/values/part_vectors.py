"""Texts with the number of their parts, for the server and for the script of the page."""

import json
from pathlib import Path

VECTORS = json.loads((Path(__file__).parent / "part_vectors.json").read_text())
"""Each text in short form, its encoding, units and parts, and the units that are left in the last part."""


def spelled(short: str) -> str:
    """`A*160+€` written out."""
    if "*" not in short:
        return short
    pieces = (piece.partition("*") for piece in short.split("+"))
    return "".join(text * int(times or 1) for text, _star, times in pieces)
