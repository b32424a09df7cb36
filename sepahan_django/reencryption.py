"""Encrypting stored tokens anew, after a change of keys."""

from collections import Counter
from collections.abc import Callable

from django.db.models import F, TextField
from django.db.models.functions import Cast

from sepahan_django.gateway.secrets import Secret
from sepahan_django.models import ApiKey
from sepahan_django.models.encryption import PREFIX, Undecryptable, decrypt, is_current

CHUNK = 100

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
    last = 0
    while not should_stop():
        rows = list(
            ApiKey.objects.annotate(stored=_STORED)
            .filter(pk__gt=last)
            .exclude(stored="")
            .order_by("pk")
            .values_list("pk", "title", "stored")[:CHUNK]
        )
        if not rows:
            break
        for pk, title, stored in rows:
            last = pk
            outcome = _reencrypted(pk, stored)
            counts[outcome] += 1
            if outcome == "unreadable":
                unreadable.append(title)
        progress(len(rows))
    return counts, unreadable


def _reencrypted(pk: int, stored: str) -> str:
    if is_current(stored):
        return "current"
    try:
        clear = Secret(decrypt(stored) if stored.startswith(PREFIX) else stored)
    except Undecryptable:
        return "unreadable"
    # On condition that it is what was read: a token that somebody has entered meanwhile stays.
    row = ApiKey.objects.annotate(stored=_STORED).filter(pk=pk, stored=stored)
    return "reencrypted" if row.update(token=clear) else "current"
