"""Encryption of what must stay secret in the database: Fernet (AES-128-CBC with HMAC) of `cryptography`.

The stored form is `fernet$<ciphertext>`. The first of the configured keys encrypts; all of them can
decrypt, so that a key is changed by putting the new one in front.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sepahan_django.conf import encryption_secrets

PREFIX = "fernet$"


class Undecryptable(Exception):
    """No configured key decrypts this value."""


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(_derived(secret)) for secret in encryption_secrets()])


def _derived(secret: str) -> bytes:
    """A key of the length Fernet needs, bound to this use, so that SECRET_KEY itself encrypts nothing."""
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"sepahan_django.ApiKey.token")
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))


def encrypt(clear: str) -> str:
    """The stored form of `clear`."""
    return PREFIX + _fernet().encrypt(clear.encode()).decode()


def is_current(stored: str) -> bool:
    """Whether the newest key alone decrypts this stored form."""
    if not stored.startswith(PREFIX):
        return False
    newest = Fernet(_derived(encryption_secrets()[0]))
    try:
        newest.decrypt(stored.removeprefix(PREFIX))
    except (InvalidToken, ValueError):
        return False
    return True


def decrypt(stored: str) -> str:
    """The clear text of a stored form; Undecryptable when no key fits or it was tampered with."""
    try:
        return _fernet().decrypt(stored.removeprefix(PREFIX)).decode()
    except (InvalidToken, UnicodeDecodeError, ValueError):
        pass  # raised below, outside of the handler, so that no traceback holds the value
    raise Undecryptable("No key in ENCRYPTION_KEYS or SECRET_KEY decrypts this token.")
