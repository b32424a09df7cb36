"""One account at the gateway: which one, its client, its pauses, its credit, its token.

`choosing` finds the account and its line, and says who may see it; `clients` keeps its client; `pausing`
holds its messages back; `credit` fetches the credit and counts it down; `tokens` creates tokens and
re-encrypts the stored ones.
"""

from sepahan_django.accounts.choosing import (
    SETTINGS_TITLE,
    active_accounts,
    default_sender,
    hidden_from,
    is_used,
    resolve,
    settings_account,
    visible_to,
)
from sepahan_django.accounts.clients import address_of, client_for, forget_clients, token_of
from sepahan_django.accounts.credit import pause_for_credit, refresh_credit, spend
from sepahan_django.accounts.errors import AccountError, AccountUnusable, UnknownAccount
from sepahan_django.accounts.pausing import (
    BACKOFF,
    PAUSES,
    back_off,
    end_expired_pause,
    is_backing_off,
    may_not_call,
    must_wait,
    pause,
    resume,
    take_probe,
)
from sepahan_django.accounts.tokens import generate_api_key, reencrypt

# Earlier names, kept for projects that import them.
is_held = must_wait
is_refused = may_not_call
let_in = end_expired_pause

__all__ = [
    "BACKOFF",
    "PAUSES",
    "SETTINGS_TITLE",
    "AccountError",
    "AccountUnusable",
    "UnknownAccount",
    "active_accounts",
    "address_of",
    "back_off",
    "client_for",
    "default_sender",
    "end_expired_pause",
    "forget_clients",
    "generate_api_key",
    "hidden_from",
    "is_backing_off",
    "is_held",
    "is_refused",
    "is_used",
    "let_in",
    "may_not_call",
    "must_wait",
    "pause",
    "pause_for_credit",
    "reencrypt",
    "refresh_credit",
    "resolve",
    "resume",
    "settings_account",
    "spend",
    "take_probe",
    "token_of",
    "visible_to",
]
