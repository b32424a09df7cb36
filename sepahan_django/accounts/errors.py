"""Why an account can't be used."""


class AccountError(ValueError):
    """No account, or not this one, can be used; str() is one sentence for the caller."""


class UnknownAccount(AccountError):
    """There is no active account of that name, or none at all."""


class AccountUnusable(AccountError):
    """The account is there, but has no token that can be used."""
