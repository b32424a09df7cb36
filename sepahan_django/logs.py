"""What the app's log lines may hold: no forged lines, no whole phone numbers.

Much of what is logged comes from elsewhere: the gateway's reasons, account titles, exception messages.
One filter handles all of it, so that no call has to.
"""

import logging
import re
import traceback
import unicodedata

_GAP = r"[ \-._/()\u200c]{0,2}"
_NUMBER = re.compile(rf"(?<![0-9A-Za-z])(?:(?:\+|00)?98{_GAP}|0{_GAP})?9(?:{_GAP}[0-9]){{9}}(?![0-9A-Za-z])")
_LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩０１２３４５６７８９", "0123456789" * 3)


def one_line(text: str) -> str:
    """The text with every control character, line breaks and those for direction too, as its escape."""
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") and character != "\u200c"
        else character
        for character in text
    )


def without_numbers(text: str) -> str:
    """The text with the middle of each mobile number hidden, in whatever digits and groups it is written."""
    shown, end = [], 0
    for found in _NUMBER.finditer(text.translate(_LATIN)):  # a letter for a letter: the places are the same
        number = text[slice(*found.span())]
        shown += [text[end : found.start()], f"{number[:4]}•••{number[-4:]}"]
        end = found.end()
    return "".join([*shown, text[end:]])


class SafeRecords(logging.Filter):
    """Makes of each record one line without whole numbers; its traceback's lines are set in."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = one_line(without_numbers(record.getMessage()))
        record.args = None
        if isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
            lines = "".join(traceback.format_exception(*record.exc_info)).splitlines()
            # Formatters take the text that is there already.
            record.exc_text = "\n".join("  " + one_line(without_numbers(line)) for line in lines)
        return True
