"""Putting one claimed request on the wire, outside of any transaction, and seeing it through.

What makes a crash at any line safe: before the call the database says that the request may be out
(`attempts`), and after it only what is settled counts. `doubt` has what happens
when the request is taken up again.
"""

import logging
from typing import TYPE_CHECKING

from django.utils import timezone

from sepahan_django import accounts
from sepahan_django.gateway.codes import Verdict
from sepahan_django.gateway.errors import NotSubmitted, OutcomeUnknown, Rejected, SepahanError
from sepahan_django.models import PauseKind
from sepahan_django.outbox import settling
from sepahan_django.outbox.claiming import Claim
from sepahan_django.outbox.settling import Tally
from sepahan_django.wording import explain

if TYPE_CHECKING:
    from sepahan_django.gateway import SendResult, SepahanClient

logger = logging.getLogger("sepahan_django")


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
        """Submit, and settle what comes of it."""
        if not self._wait_turn():
            return
        self._set_expired_aside()
        self._proceed()

    def _proceed(self) -> None:
        if self.claim.messages:
            self._submit()
        else:
            self.tally += settling.released(self.claim)

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
        expired = [m for m in self.claim.messages if m.expires_at and m.expires_at <= now]
        if expired:
            self.claim.expired += expired
            self.claim.messages = [m for m in self.claim.messages if m not in expired]

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
                code=error.code,
                since=self.began,
            )
        elif says is Verdict.NO_CREDIT:
            accounts.pause_for_credit(api_key, reason=explain(error), code=error.code)
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
