"""The way in: pull -> store -> acknowledge -> dispatch. The only writer of inbound messages.

`pulling` fetches, stores and acknowledges, under the `lease` of one account; `identity` tells messages
apart, which have no ids; `dispatching` sends the signal. The algorithm is in docs/inbox.rst.
"""

from sepahan_django.inbox.lease import InboxError
from sepahan_django.inbox.pulling import Report, accept_as_new, pull

__all__ = ["InboxError", "Report", "accept_as_new", "pull"]
