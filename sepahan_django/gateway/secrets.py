"""Texts that don't show themselves."""


class Secret(str):
    """A token or password. It behaves as the plain text; its repr, such as in a traceback, is masked.

    `str()` and formatting give the clear text, because that is what the wire needs: never format one
    into anything that is logged or shown.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{self.masked}'"

    @property
    def masked(self) -> str:
        """What may be shown: its last four characters, and of a short one nothing."""
        return f"••••{self[-4:]}" if len(self) >= 16 else "••••"

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        return type(self), (str.__str__(self),)


class SecretBytes(bytes):
    """A request's body, whose repr shows only its length: it may hold a password, and holds SMS."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"
