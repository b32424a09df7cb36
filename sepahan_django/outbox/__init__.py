"""The way out: queue -> claim -> submit -> settle. The only writer of outbound states.

`queueing` stores messages, `claiming` puts due ones into a request, `submitting` puts a request on the
wire, `doubt` finds out about one without an answer, `settling` records what came of it, `draining` does it
all until nothing is due. `pausing` holds a campaign back, `decisions` has what only an operator decides.
"""

from sepahan_django.outbox.claiming import BATCH
from sepahan_django.outbox.decisions import cancel, mark_sent, send_again, send_now
from sepahan_django.outbox.draining import drain, run_once, submit_now
from sepahan_django.outbox.pausing import cancel_rest, pause, resume
from sepahan_django.outbox.queueing import (
    IdempotencyConflict,
    InvalidMessage,
    SendOptions,
    queue,
    queue_many,
)

Draft = SendOptions  # the earlier name, kept for projects that import it

__all__ = [
    "BATCH",
    "Draft",
    "IdempotencyConflict",
    "InvalidMessage",
    "SendOptions",
    "cancel",
    "cancel_rest",
    "drain",
    "mark_sent",
    "pause",
    "queue",
    "queue_many",
    "resume",
    "run_once",
    "send_again",
    "send_now",
    "submit_now",
]
