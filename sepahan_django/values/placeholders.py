"""Placeholders: `{name}` in a text stands for a column of the recipients, `{{` and `}}` for the braces.

Nothing but names: no tags, no format, no attributes, so that a text written by staff can run nothing.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from sepahan_django.values.digits import latin_digits

MAX_NAME_LENGTH = 60

_JOINERS = "\u200c\u200d"
"""Invisible, and part of Persian spelling."""
_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")
_SAME = str.maketrans("يىك", "ییک", "\u200c\u200d\u200e\u200f\ufeff")


class InvalidPlaceholder(ValueError):
    """A brace that is not part of a placeholder; str() is one sentence."""

    reason = _("A single brace belongs to no column. Write {{ or }} for the character itself.")

    def __str__(self) -> str:
        return str(self.reason)


def clean_name(name: object) -> str:
    """A column's name as texts can use it: one line, without braces, not too long; may be empty."""
    shown = "".join(
        " " if unicodedata.category(c) == "Cc" else c
        for c in str(name)
        if c in _JOINERS or unicodedata.category(c) != "Cf"
    )
    return " ".join(shown.replace("{", "(").replace("}", ")").split())[:MAX_NAME_LENGTH].strip()


def same_name(name: str) -> str:
    """The name as it is compared: without differences of digit script, case, or Arabic yeh and kaf."""
    folded = latin_digits(unicodedata.normalize("NFKC", name)).translate(_SAME)
    return " ".join(folded.split()).casefold()


@dataclass(frozen=True)
class _Name:
    written: str


def _pieces(text: str) -> list[str | _Name]:
    pieces: list[str | _Name] = []
    end = 0
    for found in _TOKEN.finditer(text):
        pieces.append(text[end : found.start()])
        end = found.end()
        token = found[0]
        if token in ("{{", "}}"):
            pieces.append(token[0])
        elif found[1] and found[1].strip():
            pieces.append(_Name(found[1].strip()))
        else:
            raise InvalidPlaceholder(token)
    return [*pieces, text[end:]]


def placeholders(text: str) -> list[str]:
    """The names that a text uses, each once, as they are written. InvalidPlaceholder for a stray brace."""
    names = {same_name(piece.written): piece.written for piece in _pieces(text) if isinstance(piece, _Name)}
    return list(names.values())


class Filling:
    """A text and the columns that can be filled into it. InvalidPlaceholder for a stray brace."""

    def __init__(self, text: str, columns: Sequence[str]) -> None:
        known = {same_name(column): column for column in reversed(columns)}
        self.unknown: list[str] = []
        """Names in the text that no column has."""
        self._parts: list[tuple[str, Any]] = []
        used: dict[str, None] = {}
        for piece in _pieces(text):
            if isinstance(piece, str):
                self._parts.append((piece, None))
                continue
            column = known.get(same_name(piece.written))
            if column is None:
                if piece.written not in self.unknown:
                    self.unknown.append(piece.written)
                self._parts.append((f"{{{piece.written}}}", None))
            else:
                used[column] = None
                self._parts.append(("", column))
        self.used = list(used)
        """Columns that the text uses, in the order of the text."""
        self.constant = None if used else "".join(part for part, _column in self._parts)
        """The text where it is the same for all."""

    def empty(self, values: Mapping[str, str]) -> list[str]:
        """The columns that the text uses and that are empty here."""
        return [column for column in self.used if not str(values.get(column, "")).strip()]

    def fill(self, values: Mapping[str, str]) -> str:
        """The text for this recipient."""
        if self.constant is not None:
            return self.constant
        return "".join(part if column is None else str(values[column]) for part, column in self._parts)
