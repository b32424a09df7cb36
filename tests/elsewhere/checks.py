"""What must hold in a project of another shape. Run by tests/test_elsewhere.py with its settings."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.urls import NoReverseMatch, reverse

from sepahan_django.models import Campaign, OutboundMessage, SendDraft
from tests.admin.doors import addresses, make_rows
from tests.admin.steps import send
from tests.factories import states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def boss(client):
    user = get_user_model().objects.create_superuser("boss@example.ir")
    client.force_login(user)
    client.user = user
    return client


def test_this_project_is_another_one():
    assert reverse("admin:index") == "/office/"
    with pytest.raises(NoReverseMatch):
        reverse("nothing:index")
    assert get_user_model()._meta.pk.get_internal_type() == "UUIDField"


def test_no_migration_is_missing():
    call_command("makemigrations", "sepahan_django", check=True, dry_run=True, verbosity=0)


def test_every_page_opens(boss, gateway):
    closed = {
        name: answer.status_code
        for name, address in addresses(make_rows())
        if (answer := boss.get(address, follow=True)).status_code not in (200, 403, 405)
    }
    assert closed == {}


@pytest.mark.parametrize("count", [1, 3])
def test_sms_are_sent_by_a_user_of_this_project(boss, inline, count):
    send(boss, recipients="\n".join(f"0912{index:07}" for index in range(count)))
    assert (states(), len(inline.state.ledger)) == ({"sent": count}, count)
    assert {message.created_by for message in OutboundMessage.objects.all()} == {boss.user}
    assert {campaign.created_by for campaign in Campaign.objects.all()} <= {boss.user}
    assert {draft.created_by for draft in SendDraft.objects.all()} == {boss.user}
    assert {entry.user for entry in LogEntry.objects.all()} == {boss.user}
