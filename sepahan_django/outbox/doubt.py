"""Seeing a request through that may have been received: ask the gateway, then settle or submit again.

The second submission goes out under the same request-Id, so that the gateway can't take both, and only after
the gateway has said that it does not have the first (docs/gateway.rst, In doubt).
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import F
from django.utils import timezone

from sepahan_django.gateway.codes import Verdict
from sepahan_django.gateway.errors import NotSubmitted, OutcomeUnknown, Rejected, SepahanError
from sepahan_django.outbox import settling
from sepahan_django.outbox.claiming import Claim, claim_duration, renew
from sepahan_django.outbox.settling import MEMORY
from sepahan_django.outbox.submitting import Submission

if TYPE_CHECKING:
    from sepahan_django.gateway import SepahanClient

logger = logging.getLogger("sepahan_django")

MARGIN = timedelta(minutes=10)
"""Kept off the end of the gateway's memory, for clocks that differ and calls that take their time."""


def submission_of(claim: Claim, client: "SepahanClient") -> Submission:
    """How this claim is seen through: asked about first where an earlier attempt may have been received."""
    return Resolution(claim, client) if claim.may_have_been_sent else Submission(claim, client)


class Resolution(Submission):
    """A request in doubt, taken up again."""

    def _proceed(self) -> None:
        if self._is_forgotten(timezone.now()):
            self.tally += settling.leave_unresolved(self.claim)
            return
        asked_at = timezone.now()
        received = self._ask()
        if received is None:
            return
        self._set_expired_aside()
        if received:
            self._accepted(None)
        elif self.claim.messages:
            self._submit_again(asked_at)
        elif self._is_forgotten(timezone.now() + settling.MAX_DOUBT_PAUSE):
            self.tally += settling.close_expired(self.claim)
        else:
            # Nothing is left that may be sent, but the first submission may still be on its way through
            # the gateway: go on asking for as long as the gateway remembers.
            self.tally += settling.still_in_doubt(self.claim)

    def _is_forgotten(self, now: datetime) -> bool:
        """Whether the gateway's no proves nothing any more. So does a clock that has gone backwards."""
        first = self.claim.request.first_attempt_at
        return first is None or now < first - MARGIN or now >= first + MEMORY - MARGIN

    def _ask(self) -> bool | None:
        """Whether the gateway has the request; None when it doesn't say, and the request stays in doubt."""
        request = self.claim.request
        try:
            received = self.client.check_request_id(request.request_id)
            if received or not self._is_forgotten(timezone.now()):
                return received
            # However long this call took: by now the gateway's no may mean that it has forgotten.
            self.tally += settling.still_in_doubt(self.claim)
        except Rejected as error:
            self.tally += settling.still_in_doubt(self.claim, error)
            self._act_on(error)
            if not self.trouble:
                self._back_off(error)
        except SepahanError as error:
            self._remain_in_doubt(error)
        except Exception as error:  # a fault of the client's own
            logger.exception("The client failed while checking request %s.", request.request_id)
            self._remain_in_doubt(OutcomeUnknown(f"The client failed: {type(error).__name__}"))
        return None

    def _submit_again(self, asked_at: datetime) -> None:
        """Under the same request-Id, so that the gateway can't take it twice."""
        now = timezone.now()
        if not renew(self.claim, now=now, attempts=F("attempts") + 1, last_attempt_at=now):
            return  # another process has taken it up in the meantime
        # The gateway's no is as old as the question: what came in since then it remembers for four hours, and
        # a machine that was suspended in between must not come back after that.
        self.claim.until = min(self.claim.until, asked_at + claim_duration())
        try:
            result = self._call_gateway()
        except (NotSubmitted, OutcomeUnknown) as error:
            # Also when this attempt never left: the ones before it may have.
            self._remain_in_doubt(error)
        except Rejected as error:
            self._rejected_again(error)
        else:
            self._accepted(result)

    def _rejected_again(self, error: Rejected) -> None:
        """Another refusal than -20 says nothing of the earlier attempt: the gateway is asked once more.

        A refusal for the account's sake is believed for the account all the same.
        """
        if error.verdict is Verdict.ALREADY_RECEIVED:
            return self._accepted(None, error=error)
        if not renew(self.claim, now=timezone.now()):
            return None
        received = self._ask()
        if received:
            self._accepted(None)
        elif received is False:
            self._rejected(error)
        return None
