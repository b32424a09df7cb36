"""Sentences that are stored by what they are made of, so that each reader gets them in their own language.

A worker writes why a message failed, and a person reads it later, perhaps in another language. A `Sentence`
is a plain text in the language that was active when it was made; it also knows its message of the catalogue
and the values in it. `stored` writes these down, and `restored` makes the sentence again in the language that
is active then. Texts of others, such as the gateway's own words, stay as they are.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext

PREFIX = "sentence:"
"""Before a stored sentence. A plain text that begins with it is stored as a sentence of one plain piece."""

_VALUE = re.compile(r"%\((\w+)\)s|%%")


class Message(NamedTuple):
    """A message of the catalogue, by its English text, with the values of its `%(name)s`."""

    text: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        # Not by the % operator: what is stored must not be able to ask for a width of a gigabyte.
        return _VALUE.sub(lambda found: self._value(found[1]), gettext(self.text))

    def _value(self, name: str | None) -> str:
        return "%" if name is None else str(self.values.get(name, ""))


class Sentence(str):
    """A text for people that can be stored and read again in another language."""

    pieces: "tuple[str | Message, ...]"

    def __new__(cls, pieces: "Iterable[str | Message]") -> "Sentence":
        pieces = tuple(pieces)
        made = super().__new__(cls, "".join(map(str, pieces)))
        made.pieces = pieces
        return made

    def __getnewargs__(self) -> Any:
        """For pickles and copies."""
        return (self.pieces,)

    def cleaned(self, clean: Callable[[str], str]) -> "Sentence":
        """The same sentence with this done to every text in it that does not come from the catalogue."""
        return Sentence(_cleaned(piece, clean) for piece in self.pieces)


def sentence(text: str, **values: object) -> Sentence:
    """The catalogue's message with this English text, in the active language, with its `%(name)s` filled in.

    To be imported as `_`, so that `makemessages` finds the text. A value may be a sentence itself.
    """
    return Sentence([Message(text, {name: _as_text(value) for name, value in values.items()})])


def joined(parts: Iterable[str], between: str = "") -> Sentence:
    """Texts and sentences one after another, as one sentence."""
    pieces: list[str | Message] = []
    for part in parts:
        if pieces and between:
            pieces.append(between)
        pieces += part.pieces if isinstance(part, Sentence) else [part]
    return Sentence(pieces)


def shortened(text: str, most: int) -> str:
    """The text with no more than so many characters. Of a longer sentence the first pieces stay sentences."""
    if len(text) <= most:
        return text
    if not isinstance(text, Sentence):
        return text[:most]
    kept: list[str | Message] = []
    for piece in text.pieces:
        shown = str(piece)
        if len(shown) > most:
            kept.append(shown[:most])  # a reason in the wrong language is better than none
            break
        kept.append(piece)
        most -= len(shown)
    return Sentence(kept)


def stored(text: str) -> str:
    """What a column keeps of a text. Of an empty sentence nothing, so that SQL finds it empty too."""
    if not text:
        return ""
    if isinstance(text, Sentence):
        return PREFIX + json.dumps([_as_data(piece) for piece in text.pieces], ensure_ascii=False)
    return PREFIX + json.dumps([text], ensure_ascii=False) if text.startswith(PREFIX) else text


def restored(kept: str) -> str:
    """What a column keeps, as a text again, in the active language. What can't be read stays as it is."""
    if not kept.startswith(PREFIX):
        return kept
    try:
        return _sentence_from(json.loads(kept.removeprefix(PREFIX)))
    except (ValueError, TypeError, RecursionError):
        return kept


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def _cleaned(piece: str | Message, clean: Callable[[str], str]) -> str | Message:
    if not isinstance(piece, Message):
        return clean(piece)
    return Message(
        piece.text,
        {
            name: value.cleaned(clean) if isinstance(value, Sentence) else clean(value)
            for name, value in piece.values.items()
        },
    )


def _as_data(piece: str | Message) -> Any:
    if not isinstance(piece, Message):
        return piece
    values = {
        name: [_as_data(inner) for inner in value.pieces] if isinstance(value, Sentence) else value
        for name, value in piece.values.items()
    }
    return [piece.text, values]


def _sentence_from(data: Any) -> Sentence:
    if not isinstance(data, list):
        raise TypeError("A sentence is a list of pieces.")
    return Sentence(_from_data(piece) for piece in data)


def _from_data(data: Any) -> str | Message:
    if isinstance(data, str):
        return data
    text, values = data
    if not isinstance(text, str) or not isinstance(values, dict):
        raise TypeError("A message is a text and its values.")
    return Message(
        text,
        {
            str(name): _sentence_from(value) if isinstance(value, list) else str(value)
            for name, value in values.items()
        },
    )
