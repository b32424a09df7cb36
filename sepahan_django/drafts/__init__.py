"""Write, check, send: a sending is stored as it is written, and what the check showed is what goes.

`storing` stores the draft and its recipients, `spreadsheets` reads files, `rows` keeps and walks the rows,
`texts` makes the text of a row, `checking` says what would go out, `pricing` what it may cost, and `sending`
hands it to the outbox.
"""

from sepahan_django.drafts.checking import Check, Sample, check
from sepahan_django.drafts.errors import AlreadySent, Blocked, Changed, DraftError, InvalidFile, Issue
from sepahan_django.drafts.rows import iter_rows
from sepahan_django.drafts.sending import send, send_one_test, send_test
from sepahan_django.drafts.storing import (
    NoNumber,
    change,
    fill,
    fill_from_file,
    fill_from_list,
    fill_from_text,
    map_number,
    start,
)
from sepahan_django.drafts.texts import OPT_OUT, with_opt_out

__all__ = [
    "OPT_OUT",
    "AlreadySent",
    "Blocked",
    "Changed",
    "Check",
    "DraftError",
    "InvalidFile",
    "Issue",
    "NoNumber",
    "Sample",
    "change",
    "check",
    "fill",
    "fill_from_file",
    "fill_from_list",
    "fill_from_text",
    "iter_rows",
    "map_number",
    "send",
    "send_one_test",
    "send_test",
    "start",
    "with_opt_out",
]
