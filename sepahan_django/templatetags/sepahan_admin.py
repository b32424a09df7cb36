"""What the templates of the admin's pages ask for."""

import re
from typing import Any

from django import template
from django.template import RequestContext

from sepahan_django.admin.kit import banner
from sepahan_django.admin.kit.addresses import page_address
from sepahan_django.admin.kit.permissions import may_set_up, may_view_anything
from sepahan_django.admin.overview import first_run
from sepahan_django.values.digits import localize_digits, localize_number
from sepahan_django.values.visible import visible

register = template.Library()

_BETWEEN_TAGS = re.compile(r"<[^>]*>|&#?\w+;|[^<&]+")


@register.filter
def sepahan_digits(html: str) -> str:
    """Markup of Django's own, such as its page numbers, with the digits of the page's language in its text.

    For `{% filter %}` around a block, escaped by then; tags and character references stay as they are.
    """

    def piece(found: re.Match[str]) -> str:
        return found[0] if found[0][0] in "<&" else localize_digits(found[0])

    return _BETWEEN_TAGS.sub(piece, html)


@register.simple_tag(takes_context=True)
def sepahan_incidents(context: RequestContext) -> dict[str, Any]:
    """The open incidents: those shown at once, and the others."""
    notes = banner.notes(context.request)
    first, others = notes[: banner.OPEN_AT_ONCE], notes[banner.OPEN_AT_ONCE :]
    return {"first": first, "others": others, "more": localize_number(len(others))}


@register.simple_tag(takes_context=True)
def sepahan_address(context: RequestContext, name: str) -> str:
    """The address of a page of the app in this admin site; empty where it isn't for this user."""
    if not may_view_anything(context.request):
        return ""
    return page_address(context.request, name)


@register.simple_tag(takes_context=True)
def sepahan_first_run(context: RequestContext) -> str:
    """The address of the page that sets the app up, while something is missing and the user may fix it."""
    if not may_set_up(context.request) or first_run.is_complete(context.request):
        return ""
    return page_address(context.request, "sepahan_django_first_run")


@register.filter
def sepahan_number(value: int) -> str:
    """A whole number in the language's digits."""
    return localize_number(value)


@register.filter
def sepahan_visible(value: object) -> str:
    """What others wrote, with its control characters for direction written out."""
    return visible(str(value))
