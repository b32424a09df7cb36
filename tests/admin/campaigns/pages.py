"""The page of a campaign, its buttons, and what its history has kept."""

from django.contrib.admin.models import LogEntry
from django.urls import reverse


def address(name, campaign):
    return reverse(f"admin:sepahan_django_campaign_{name}", args=[campaign.pk])


def page(client, campaign, name="change", language="en"):
    return client.get(address(name, campaign), headers={"accept-language": language})


def post(client, campaign, name, **fields):
    return client.post(address(name, campaign), fields, follow=True)


def looked_up(client, campaign):
    return client.get(address("progress", campaign)).json()


def history(campaign):
    rows = LogEntry.objects.filter(content_type__model="campaign", object_id=str(campaign.pk))
    return list(rows.order_by("pk").values_list("change_message", flat=True))
