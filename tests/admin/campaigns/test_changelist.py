"""The list of campaigns."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from sepahan_django.models import Campaign
from tests.campaigns import messages, sent
from tests.factories import NOON, account
from tests.staff import clerk, page_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]


LIST = "admin:sepahan_django_campaign_changelist"


def listed(client):
    return client.get(reverse(LIST))


def test_the_list_says_how_far_each_campaign_is(boss, campaign):
    messages(1, campaign)
    sent(1, campaign)
    other = Campaign.objects.create(title="Nowruz")
    messages(2, other, due_at=NOON + timedelta(days=1000), recipient="09121111111")
    shown = page_text(listed(boss))
    assert "In progress 1 of 2 SMS done (50%), 1 left." in shown
    assert "Scheduled 2 SMS, scheduled for 1408/" in shown


def test_the_list_costs_as_many_queries_however_many_campaigns(boss, gateway, django_assert_max_num_queries):
    for index in range(30):
        messages(2, Campaign.objects.create(title=f"campaign {index}"))
    with django_assert_max_num_queries(14):
        assert "campaign 29" in page_text(listed(boss))


def test_a_campaign_is_found_by_its_title(boss, campaign):
    Campaign.objects.create(title="Nowruz")
    found = boss.get(reverse(LIST), {"q": "yal"})
    assert [row.title for row in found.context["cl"].result_list] == ["Yalda"]


def test_the_list_hides_campaigns_of_other_groups_accounts(client, campaign):
    hidden = account("hidden")
    hidden.groups.add(Group.objects.create(name="sales"))
    messages(1, Campaign.objects.create(title="secret"), "sent", api_key=hidden)
    shown = page_text(listed(clerk(client, "view_campaign")))
    assert ("Yalda" in shown, "secret" in shown) == (True, False)
