"""Digits in the three scripts that people here type, and how numbers are shown."""

from django.utils.translation import get_language

LATIN = "0123456789"
PERSIAN = "۰۱۲۳۴۵۶۷۸۹"
ARABIC = "٠١٢٣٤٥٦٧٨٩"
FULL_WIDTH = "０１２３４５６７８９"

_TO_LATIN = {
    ord(digit): LATIN[i] for script in (PERSIAN, ARABIC, FULL_WIDTH) for i, digit in enumerate(script)
}
_TO_PERSIAN = str.maketrans(LATIN, PERSIAN)


def latin_digits(text: str) -> str:
    """The text with its Persian, Arabic and full-width digits as Latin ones."""
    return text.translate(_TO_LATIN)


def persian_digits(text: str) -> str:
    """The text with its Latin digits as Persian ones."""
    return text.translate(_TO_PERSIAN)


def is_persian(language: str | None = None) -> bool:
    """Whether this language, or the active one, is Persian."""
    return (language or get_language() or "").split("-")[0] == "fa"


def localize_digits(text: str, *, language: str | None = None) -> str:
    """In Persian digits where the language is Persian, otherwise as it is."""
    return persian_digits(text) if is_persian(language) else text


def localize_number(value: int, *, language: str | None = None) -> str:
    """A whole number with separators: 1,240 or ۱٬۲۴۰."""
    shown = f"{value:,}"
    return persian_digits(shown.replace(",", "٬")) if is_persian(language) else shown
