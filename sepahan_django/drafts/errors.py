"""Why a draft can't be filled or sent; str() of each is one sentence for the person who wrote it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from sepahan_django.models import Campaign


@dataclass(frozen=True)
class Issue:
    """Something to be said; `code` is for the program, `sentence` for the person."""

    code: str
    sentence: str


class DraftError(ValueError):
    """Something about the draft, or what it was to be filled with, can't be used."""


class InvalidFile(DraftError):
    """The file can't be read, or is larger than what is read."""


class AlreadySent(DraftError):
    """The draft was already sent, as `campaign`."""

    def __init__(self, campaign: "Campaign | None") -> None:
        super().__init__(_("This page was already submitted; it was sent only once."))
        self.campaign = campaign


class Changed(DraftError):
    """What would go out is not what was shown."""

    def __init__(self) -> None:
        super().__init__(_("The draft has changed since this page was opened. Review it again, then send."))


class Blocked(DraftError):
    """Nothing goes out until the `blockers` are fixed."""

    def __init__(self, blockers: list[Issue]) -> None:
        super().__init__(" ".join(issue.sentence for issue in blockers))
        self.blockers = blockers
