"""Model fields: one that encrypts, one that compares exactly on every database, one for sentences."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _

from sepahan_django.db.encryption import PREFIX, Undecryptable, decrypt, encrypt
from sepahan_django.db.storable import storable
from sepahan_django.gateway.secrets import Secret
from sepahan_django.values.sentences import Sentence, restored, stored


class UnreadableSecret(Secret):
    """A stored secret that no configured key decrypts: shown as nothing, and written back unchanged."""

    stored: str

    def __new__(cls, stored: str) -> "UnreadableSecret":
        secret = super().__new__(cls, "")
        secret.stored = stored
        return secret


def stored_form(value: Any) -> Any:
    """What the database and pickles hold of a secret: encrypted, or as it was where no key decrypts it."""
    if isinstance(value, UnreadableSecret):
        return value.stored
    if value is None or value == "":
        return value
    if isinstance(value, Secret):
        # Clear text, whatever it looks like: a stored form out of a backup that somebody enters as a token
        # must not be taken for one, or it would be decrypted and sent to an address of their choice.
        return encrypt(value)
    secret = Secret(value)  # also on its way to encryption, should that fail
    return str(secret) if secret.startswith(PREFIX) else encrypt(secret)


class SecretAttribute(DeferredAttribute):
    """Makes a `Secret` of whatever is assigned, so that an unsaved token doesn't show itself either."""

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class EncryptedField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in the database and in dumps, and a `Secret` in Python.

    A value that can't be decrypted is an `UnreadableSecret` (false, and empty), so that one account's lost
    key doesn't keep the others from being read.
    """

    description = _("Encrypted text")
    descriptor_class = SecretAttribute

    def from_db_value(self, value: str | None, *args: object) -> Secret | None:
        return None if value is None else self._opened(value)

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, Secret):
            return value
        return self._opened(str(value))

    def _opened(self, value: str) -> Secret:
        if not value.startswith(PREFIX):
            return Secret(value)
        try:
            return Secret(decrypt(value))
        except Undecryptable:
            return UnreadableSecret(value)

    def get_prep_value(self, value: Any) -> Any:
        return stored_form(value)

    def value_to_string(self, obj: models.Model) -> str:
        """What `dumpdata` writes: never the clear text."""
        return str(self.get_prep_value(self.value_from_object(obj)) or "")

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError("An encrypted field can't be searched.")
        return super().get_lookup(lookup_name)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "sepahan_django.models.fields.EncryptedField", args, kwargs


class ExactCharField(models.CharField):  # type: ignore[type-arg]
    """A CharField that tells upper from lower case on MySQL and MariaDB too, so that unique means equal."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        column = super().db_type(connection)
        return (
            f"{column} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" if connection.vendor == "mysql" else column
        )


class SentenceField(models.TextField):  # type: ignore[type-arg]
    """Text for people: a `Sentence` is stored by what it is made of, and read in the language active then.

    Plain text, such as the gateway's own words, is stored and read as it is.
    """

    def from_db_value(self, value: str | None, *args: object) -> str | None:
        return None if value is None else restored(value)

    def get_prep_value(self, value: Any) -> Any:
        # Not TextField's own, which would read a plain text that looks like a stored sentence as one.
        prepared = models.Field.get_prep_value(self, value)
        if prepared is None:
            return None
        # What the gateway says may hold anything, and what it says of is settled all the same.
        if isinstance(prepared, Sentence):
            return stored(prepared.cleaned(storable))
        return stored(storable(str(prepared)))

    def value_to_string(self, obj: models.Model) -> str:
        """What `dumpdata` writes, and `to_python` reads."""
        return str(self.get_prep_value(self.value_from_object(obj)) or "")

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return restored(text) if type(text) is str else text

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "sepahan_django.models.fields.SentenceField", args, kwargs
