"""Create a token at the gateway, and re-encrypt the stored ones after a change of keys."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.db.models import F, TextField
from django.db.models.functions import Cast
from django.utils.module_loading import import_string

from sepahan_django.accounts.errors import AccountUnusable
from sepahan_django.conf import setting, timeouts
from sepahan_django.db.chunks import walk_values
from sepahan_django.db.encryption import PREFIX, Undecryptable, decrypt, is_current
from sepahan_django.gateway.secrets import Secret
from sepahan_django.models import ApiKey
from sepahan_django.values.sentences import sentence as _

if TYPE_CHECKING:
    from sepahan_django.gateway import SepahanClient

# As it is stored, which the model's own field never gives.
_STORED = Cast(F("token"), TextField())


def reencrypt(
    *,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[Counter[str], list[str]]:
    """Encrypt every stored token with the newest key; returns counts, and the titles of those unreadable.

    `reencrypted`, `current` (already under the newest key) and `unreadable`, which are left as they are.
    """
    counts: Counter[str] = Counter(reencrypted=0, current=0, unreadable=0)
    unreadable: list[str] = []
    rows = ApiKey.objects.annotate(stored=_STORED).exclude(stored="")
    for pk, title, stored in walk_values(rows, "title", "stored"):
        if should_stop():
            break
        outcome = _reencrypted(pk, stored)
        counts[outcome] += 1
        if outcome == "unreadable":
            unreadable.append(title)
        progress(1)
    return counts, unreadable


def _reencrypted(pk: int, stored: str) -> str:
    if is_current(stored):
        return "current"
    try:
        clear = Secret(decrypt(stored) if stored.startswith(PREFIX) else stored)
    except Undecryptable:
        return "unreadable"
    # Only if it is still what was read: a token entered in the meantime stays.
    row = ApiKey.objects.annotate(stored=_STORED).filter(pk=pk, stored=stored)
    return "reencrypted" if row.update(token=clear) else "current"


def generate_api_key(
    *,
    title: str,
    username: str,
    password: str,
    domain: str,
    ips: Iterable[str] = (),
    base_url: str = "",
) -> ApiKey:
    """Make a token at the gateway and store it as an account; the panel's password is not kept.

    The title is checked before the call, so that no token is made that can't be stored. Raises the
    gateway's errors, and AccountUnusable when an address or the title can't be used.
    """
    if not title or ApiKey.objects.filter(title=title).exists():
        raise AccountUnusable(_("An account with the title “%(title)s” already exists.", title=title))
    username, password = Secret(username), Secret(password)
    wait = timeouts()
    try:
        # The client insists on a token, and this one method doesn't send it.
        client: SepahanClient = import_string(setting("CLIENT"))(
            "none",
            base_url=base_url or setting("BASE_URL"),
            timeout=(wait.connect, wait.read),
            ca_bundle=setting("CA_BUNDLE"),
            max_requests_per_second=None,
        )
        # At once a Secret, also of a client that gives a plain text: what fails below must not show it.
        token = Secret(
            client.generate_api_key(
                title=title, username=username, password=password, domain=domain, ips=tuple(ips)
            )
        )
    except ValueError as error:
        raise AccountUnusable(str(error)) from None
    is_first = not ApiKey.objects.filter(is_default=True).exists() and not setting("API_KEY")
    return ApiKey.objects.create(title=title, token=token, base_url=base_url, is_default=is_first)
