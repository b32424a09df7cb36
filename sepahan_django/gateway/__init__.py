"""The wire: a client for the gateway's eight methods that works without the rest of the app.

`requests` is imported when the first client is made, not when this package is.
"""

from typing import TYPE_CHECKING, Any

from sepahan_django.gateway.results import ReceivedMessage, SendResult

if TYPE_CHECKING:
    from sepahan_django.gateway.client import SepahanClient

__all__ = ["ReceivedMessage", "SendResult", "SepahanClient"]


def __getattr__(name: str) -> Any:
    if name == "SepahanClient":
        from sepahan_django.gateway.client import SepahanClient

        return SepahanClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
