"""How many SMS a text is: GSM 03.38 with its extension table, otherwise UCS-2 (3GPP TS 23.038, 23.040)."""

from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")
"""Each of these takes two units: an escape and itself."""

GSM = "GSM-7"
UCS2 = "UCS-2"
LIMITS = {GSM: (160, 153), UCS2: (70, 67)}
"""Units in a single SMS, and in each part of a joined one."""


@dataclass(frozen=True)
class Parts:
    """What a text comes to. `units_left` is the room in its last part."""

    encoding: str
    characters: int
    units: int
    parts: int
    units_left: int
    unicode_characters: tuple[str, ...] = ()
    """The distinct characters that GSM-7 doesn't have, in their order."""


def count_parts(text: str) -> Parts:
    """Count as the network does. A pair of units, an escape's or a surrogate's, is never cut in two."""
    foreign = tuple(dict.fromkeys(c for c in text if c not in BASIC and c not in EXTENDED))
    encoding = UCS2 if foreign else GSM
    sizes = [_size(character, encoding) for character in text]
    units = sum(sizes)
    single, joined = LIMITS[encoding]
    parts, used = 1, units
    if units > single:
        used = 0
        for size in sizes:
            if used + size > joined:
                parts, used = parts + 1, 0
            used += size
    return Parts(
        encoding=encoding,
        characters=len(text),
        units=units,
        parts=parts if units else 0,
        units_left=(single if units <= single else joined) - used,
        unicode_characters=foreign,
    )


def _size(character: str, encoding: str) -> int:
    if encoding == GSM:
        return 2 if character in EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1
