"""The overview and the page of the first run, as a browser gets them."""

from django.urls import reverse

OVERVIEW, FIRST_RUN = "admin:sepahan_django_overview_changelist", "admin:sepahan_django_first_run"


def page(client, name=OVERVIEW, language="en"):
    """The page of this name, in this language."""
    return client.get(reverse(name), headers={"accept-language": language})
