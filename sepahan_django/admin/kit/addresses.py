"""Addresses of the app's pages, and what comes in by an address."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse

MAX_PK = 2**63 - 1
"""The largest key that a database can hold."""


def parse_integer(value: object) -> int | None:
    """A number from 0 to MAX_PK out of a query or a form, in ASCII digits; None for anything else."""
    text = "" if value is None else str(value)
    # The length first: reading very many digits takes long, or raises.
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_PK))):
        return None
    number = int(text)
    return number if number <= MAX_PK else None


def parse_pk(value: object) -> int:
    """A row's key out of a query or a form; 0, which no row has, for what can't be one."""
    return parse_integer(value) or 0


def page_address(request: HttpRequest, name: str, *args: object) -> str:
    """The address of one of the app's pages in the admin site that serves this request.

    Empty where that site doesn't have the page.
    """
    namespace = request.resolver_match.namespace if request.resolver_match else ""
    try:
        return reverse(f"{namespace}:{name}" if namespace else name, args=args)
    except NoReverseMatch:
        return ""


def to_page(site: admin.AdminSite, name: str, *args: object) -> HttpResponseRedirect:
    """To one of the app's pages in this site."""
    return HttpResponseRedirect(reverse(f"{site.name}:sepahan_django_{name}", args=args))
