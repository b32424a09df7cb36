"""The way in: pull -> store -> acknowledge -> dispatch. The only writer of inbound messages.

`pulling` fetches, stores and acknowledges, under the `lease` of one account; `identity` tells messages
apart, which have no ids; `notifying` sends the signal, `redelivering` sends it on an operator's
request, perhaps once more. The algorithm is in docs/inbox.rst. `marks` records what staff have read and
handled.
"""

from sepahan_django.inbox.lease import InboxError
from sepahan_django.inbox.marks import mark_handled, mark_open, mark_read, mark_unread
from sepahan_django.inbox.pulling import PullReport, accept_as_new, pull
from sepahan_django.inbox.redelivering import MAX_REDELIVERED, RedeliveryReport, dispatch_again

# Earlier names, kept for projects that import them.
AgainReport = RedeliveryReport
Report = PullReport

__all__ = [
    "MAX_REDELIVERED",
    "AgainReport",
    "InboxError",
    "PullReport",
    "RedeliveryReport",
    "Report",
    "accept_as_new",
    "dispatch_again",
    "mark_handled",
    "mark_open",
    "mark_read",
    "mark_unread",
    "pull",
]
