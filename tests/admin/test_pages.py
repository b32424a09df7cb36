"""What holds for every list and record, and which pages a permission closes."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from sepahan_django import accounts, outbox
from sepahan_django.models import Campaign, InboundMessage, OutboundMessage
from tests.factories import queued
from tests.staff import clerk

pytestmark = pytest.mark.django_db(transaction=True)


# Lists


@pytest.mark.parametrize(
    "model", ["outboundmessage", "inboundmessage", "apikey", "senderline", "campaign", "sendrequest"]
)
@pytest.mark.parametrize("language", ["fa", "en"])
def test_every_list_opens_in_both_languages(boss, gateway, model, language):
    queued(2)
    outbox.drain()
    answer = boss.get(
        reverse(f"admin:sepahan_django_{model}_changelist"), headers={"accept-language": language}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("model", ["outboundmessage", "inboundmessage", "campaign", "sendrequest"])
def test_every_record_opens_and_can_not_be_changed(boss, gateway, model):
    queued(1, campaign=Campaign.objects.create(title="t"))
    outbox.drain()
    InboundMessage.objects.create(line="1", sender="2", text="3", gateway_date="", api_key=accounts.resolve())
    classes = {"outboundmessage": OutboundMessage, "inboundmessage": InboundMessage, "campaign": Campaign}
    row = classes.get(model, OutboundMessage.objects.get().request.__class__).objects.get()
    address = reverse(f"admin:sepahan_django_{model}_change", args=[row.pk])
    assert (boss.get(address).status_code, boss.post(address, {}).status_code) == (200, 403)


def test_times_are_jalali_with_persian_digits_in_persian(boss, gateway, time_machine):
    time_machine.move_to("2026-11-24 10:50:00+00:00")
    queued(1)
    page = boss.get(
        reverse("admin:sepahan_django_outboundmessage_changelist"), headers={"accept-language": "fa"}
    )
    assert "۱۴۰۵/۰۹/۰۳ ۱۴:۲۰" in page.content.decode()


# Rights


DOORS = [
    ("admin:sepahan_django_send", [], "get", "send_message"),
    ("admin:sepahan_django_send", [], "post", "send_message"),
    ("admin:sepahan_django_pull", [], "post", "pull_inbox"),
    ("admin:sepahan_django_credit", [1], "post", "view_credit"),
    ("admin:sepahan_django_try_now", [1], "post", "change_apikey"),
    ("admin:sepahan_django_inbox_new", [1], "post", "change_apikey"),
    ("admin:sepahan_django_generate", [], "get", "generate_api_key"),
]


@pytest.mark.parametrize(("name", "args", "verb", "permission"), DOORS)
def test_a_page_is_closed_without_its_permission(client, gateway, name, args, verb, permission):
    accounts.resolve()
    others = Permission.objects.filter(content_type__app_label="sepahan_django").exclude(codename=permission)
    staff = clerk(client, *others.values_list("codename", flat=True))
    assert getattr(staff, verb)(reverse(name, args=args)).status_code == 403


@pytest.mark.parametrize(("name", "args", "verb", "permission"), DOORS)
def test_a_page_is_closed_to_visitors(client, gateway, name, args, verb, permission):
    answer = getattr(client, verb)(reverse(name, args=args))
    assert (answer.status_code, "login" in answer["Location"]) == (302, True)
