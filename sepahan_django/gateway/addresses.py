"""Which addresses a token may be sent to."""

import ipaddress
from urllib.parse import urlsplit


def check_base_url(url: str) -> str:
    """The gateway's address without a trailing slash.

    ValueError unless it is https, or http to a loopback address, with nothing in it but host, port and
    path. The sentence doesn't repeat the address, which may hold a password.
    """
    if not isinstance(url, str) or any(character.isspace() or ord(character) < 32 for character in url):
        raise ValueError("The gateway's address must be a URL without spaces.")
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _port = parts.port  # raises for one that is not a number
    except ValueError:
        raise ValueError("The gateway's address is not a URL.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("The gateway's address must begin with https:// and name a host.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("The gateway's address must not contain a username, a query or a fragment.")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("The gateway's address must be https: plain http is for loopback addresses only.")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether this host can only be the machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
