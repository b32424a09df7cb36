"""Putting one claimed request on the wire, outside of any transaction, and seeing it through.

What makes a crash at any line safe: before the call the database says that the request may be out
(`attempts`), and after it only what is settled counts. A process that takes the request up later asks
the gateway first, and submits again only under the same request-Id.
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import F
from django.utils import timezone

from sepahan_django import accounts
from sepahan_django.gateway.codes import Verdict
from sepahan_django.gateway.errors import NotSubmitted, OutcomeUnknown, Rejected, SepahanError
from sepahan_django.models import PauseKind
from sepahan_django.outbox import settling
from sepahan_django.outbox.claiming import Claim, claim_duration, renew
from sepahan_django.outbox.settling import MEMORY, Tally
from sepahan_django.wording import explain

if TYPE_CHECKING:
    from sepahan_django.gateway import SendResult, SepahanClient

logger = logging.getLogger("sepahan_django")

MARGIN = timedelta(minutes=10)
"""Kept off its end, for clocks that differ and calls that take their time."""


class Submission:
    """One request being seen through. `tally` is what came of it, `trouble` why no other should follow now.

    `follow_ups` are the requests that it was split into.
    """

    def __init__(self, claim: Claim, client: "SepahanClient") -> None:
        self.claim = claim
        self.client = client
        self.began = timezone.now()
        self.tally = Tally()
        self.trouble = ""
        self.follow_ups: list[int] = []

    def run(self) -> None:
        """Submit, or find out what became of the submission before."""
        if not self._wait_turn():
            return
        self._set_expired_aside()
        if self.claim.may_have_been_sent:
            self._resolve_doubt()
        elif not self.claim.messages:
            self.tally += settling.released(self.claim)
        else:
            self._submit()

    def _wait_turn(self) -> bool:
        """Wait for the client's rate limit before looking at the clock, not between that and the request."""
        wait_turn = getattr(self.client, "wait_turn", None)
        if wait_turn is None:
            return True
        try:
            wait_turn()
        except NotSubmitted as error:
            settle = settling.still_in_doubt if self.claim.may_have_been_sent else settling.released
            self.tally += settle(self.claim, error)
            self.trouble = explain(error)
            return False
        return True

    def _set_expired_aside(self) -> None:
        now = timezone.now()
        outlived = [m for m in self.claim.messages if m.expires_at and m.expires_at <= now]
        if outlived:
            self.claim.expired += outlived
            self.claim.messages = [m for m in self.claim.messages if m not in outlived]

    # The first submission

    def _submit(self) -> None:
        if self.claim.expired:
            # Before the rest goes out, so that the request always holds exactly what was sent in it.
            self.tally += settling.drop_expired(self.claim)
        try:
            result = self._call_gateway()
        except NotSubmitted as error:
            self.tally += settling.released(self.claim, error)
            self._back_off(error)
        except OutcomeUnknown as error:
            self._remain_in_doubt(error)
        except Rejected as error:
            self._rejected(error)
        else:
            self._accepted(result)

    def _call_gateway(self) -> "SendResult":
        """One HTTP request with the claim's request-Id; raises the gateway's errors and no others."""
        if timezone.now() >= self.claim.until:
            # This process slept so long that the request may be somebody else's by now. To them it is in
            # doubt, and to send it here could be to send it after they have given it up.
            raise OutcomeUnknown("The claim expired before the request was made.")
        messages = self.claim.messages
        first = messages[0]
        request_id = self.claim.request.request_id
        try:
            if all((m.text, m.sender) == (first.text, first.sender) for m in messages):
                return self.client.send(
                    sender=first.sender,
                    text=first.text,
                    recipients=[m.recipient for m in messages],
                    request_id=request_id,
                )
            return self.client.send_p2p(
                senders=[m.sender for m in messages],
                texts=[m.text for m in messages],
                recipients=[m.recipient for m in messages],
                request_id=request_id,
            )
        except SepahanError:
            raise
        except ValueError as error:  # the client refuses it before anything leaves: one message is bad
            raise Rejected(str(error), code=None) from None
        except Exception as error:  # an error in the client: whether it has sent is unknown
            logger.exception("The client failed with request %s.", request_id)
            raise OutcomeUnknown(f"The client failed: {type(error).__name__}") from None

    def _accepted(self, result: "SendResult | None", *, error: Rejected | None = None) -> None:
        self.tally += settling.accepted(self.claim, result, error=error)
        accounts.resume(self.claim.request.api_key)

    def _rejected(self, error: Rejected) -> None:
        if error.verdict is Verdict.ALREADY_RECEIVED:
            return self._accepted(None, error=error)
        tally, self.follow_ups = settling.rejected(self.claim, error)
        self.tally += tally
        self._act_on(error)

    def _act_on(self, error: Rejected) -> None:
        """What a refusal means for the account."""
        api_key, says = self.claim.request.api_key, error.verdict
        if says is Verdict.ACCOUNT_AT_FAULT:
            accounts.pause(
                api_key,
                kind=PauseKind.ACCOUNT,
                reason=explain(error),
                code=getattr(error, "code", None),
                since=self.began,
            )
        elif says is Verdict.NO_CREDIT:
            accounts.pause_for_credit(api_key, reason=explain(error), code=getattr(error, "code", None))
        elif says is Verdict.TRY_LATER:
            accounts.back_off(api_key, reason=explain(error))
        else:
            accounts.resume(api_key)  # the gateway looked at the messages: the account works
            return
        self.trouble = explain(error)

    def _back_off(self, error: SepahanError) -> None:
        accounts.back_off(self.claim.request.api_key, reason=explain(error))
        self.trouble = explain(error)

    def _remain_in_doubt(self, error: SepahanError) -> None:
        self.tally += settling.still_in_doubt(self.claim, error)
        self._back_off(error)

    # A submission that may have been received

    def _resolve_doubt(self) -> None:
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
