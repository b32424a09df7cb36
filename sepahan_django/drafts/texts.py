"""The text that a draft's recipients get: the columns filled in, the opt-out line at its end."""

import re

from sepahan_django.models import SendDraft
from sepahan_django.values.digits import latin_digits
from sepahan_django.values.placeholders import Filling

OPT_OUT = "لغو۱۱"
"""What the regulator requires at the end of advertising, on a separate line: replying 11 opts out."""

_ENDS_WITH_OPT_OUT = re.compile("لغو\\s*:?\\s*11\\s*$")


def ends_with_opt_out(text: str) -> bool:
    """Whether the text has its opt-out line already, in whatever digits."""
    return _ENDS_WITH_OPT_OUT.search(latin_digits(text)) is not None


def with_opt_out(text: str) -> str:
    """The text with the opt-out line, once."""
    return text if ends_with_opt_out(text) else f"{text.rstrip()}\n{OPT_OUT}"


def written_text(draft: SendDraft) -> str:
    """The draft's text as it goes out, with its placeholders still in it."""
    return with_opt_out(draft.text) if draft.with_opt_out and draft.text.strip() else draft.text


def filling_of(draft: SendDraft) -> Filling:
    """The draft's text and columns. InvalidPlaceholder for a stray brace."""
    return Filling(written_text(draft), draft.columns)
