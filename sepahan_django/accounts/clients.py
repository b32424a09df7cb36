"""An account's token, address and client."""

import os
import threading
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from sepahan_django.accounts.errors import AccountUnusable
from sepahan_django.conf import setting, timeouts
from sepahan_django.gateway.secrets import Secret
from sepahan_django.models import ApiKey
from sepahan_django.models.fields import UnreadableSecret
from sepahan_django.values.sentences import sentence as _

if TYPE_CHECKING:
    from sepahan_django.gateway import SepahanClient


def token_of(api_key: ApiKey) -> Secret:
    """The account's token. AccountUnusable says why there is none."""
    token = Secret(setting("API_KEY").strip()) if api_key.is_from_settings else api_key.token
    if isinstance(token, UnreadableSecret):
        raise AccountUnusable(
            _(
                "The token of the account “%(title)s” can't be decrypted: add the key it was "
                "stored with to SEPAHAN[“ENCRYPTION_KEYS”] or SECRET_KEY_FALLBACKS, or enter the "
                "token again.",
                title=api_key.title,
            )
        )
    if not token:
        raise AccountUnusable(_("The account “%(title)s” has no token.", title=api_key.title))
    return Secret(token)


def address_of(api_key: ApiKey) -> str:
    """The address the account's token is sent to. The token in the settings is only sent to their address."""
    own = "" if api_key.is_from_settings else api_key.base_url
    return own or str(setting("BASE_URL"))


_clients: dict[int, tuple[tuple[Any, ...], "SepahanClient"]] = {}
_clients_pid = os.getpid()
_clients_lock = threading.Lock()


def client_for(api_key: ApiKey) -> "SepahanClient":
    """The account's client, kept for as long as its settings are the same, so connections stay open.

    AccountUnusable when the account has no token or a setting can't be used.
    """
    wait = timeouts()
    arguments = {
        "base_url": address_of(api_key),
        "timeout": (wait.connect, wait.read),
        "ca_bundle": setting("CA_BUNDLE"),
        "max_requests_per_second": setting("MAX_REQUESTS_PER_SECOND"),
    }
    token = token_of(api_key)
    made_from = (setting("CLIENT"), token, *arguments.values())
    global _clients_pid
    with _clients_lock:
        if _clients_pid != os.getpid():  # two processes on one connection would read each other's answers
            _clients.clear()
            _clients_pid = os.getpid()
        known = _clients.get(api_key.pk)
        if known is not None and known[0] == made_from:
            return known[1]
        try:
            client: SepahanClient = import_string(made_from[0])(token, **arguments)
        except ImportError as error:
            raise ImproperlyConfigured(f'SEPAHAN["CLIENT"] can\'t be imported: {error}') from error
        except ValueError as error:
            raise AccountUnusable(
                _("The account “%(title)s” can't be used: %(why)s", title=api_key.title, why=error)
            ) from None
        _clients[api_key.pk] = (made_from, client)
        return client


def forget_clients() -> None:
    """Drop the kept clients; for tests and after a change of settings."""
    with _clients_lock:
        _clients.clear()
