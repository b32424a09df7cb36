"""What strangers write: it runs no script, disguises nothing, and forges no line of a log."""

import logging

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from sepahan_django import drafts, inbox, signals
from sepahan_django.logs import one_line, without_numbers
from sepahan_django.models import (
    ApiKey,
    Campaign,
    InboundMessage,
    OutboundMessage,
    SendDraft,
    SenderLine,
    SendRequest,
)
from sepahan_django.values.visible import visible
from tests.factories import queued
from tests.faults import Inbound

SCRIPTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "{{ 123456|add:654321 }}{% load x %}",
    "javascript:alert(1)",
]
TURNED = "\u202e7654321\u202c0912"
"""Digits that a control character would show from right to left."""


@pytest.fixture
def boss(client):
    client.force_login(User.objects.create_superuser("boss"))
    return client


def plant(text):
    """A row of each model with the text wherever a stranger, the gateway or a colleague could put it."""
    (message,) = queued(1, text=text, error_message=text, error_code=-999, state="in_doubt")
    key = message.api_key
    request = SendRequest.objects.create(request_id="r", api_key=key, state="unresolved", error_message=text)
    campaign = Campaign.objects.create(title=text)
    OutboundMessage.objects.update(request=request, campaign=campaign)
    ApiKey.objects.update(title=text[:90], pause_reason=text, inbox_stop_reason=text)
    ApiKey.objects.update(paused_until="2030-01-01T00:00Z", inbox_stopped_at="2026-01-01T00:00Z")
    line = SenderLine.objects.create(number="3000", label=text, api_key=key)
    received = InboundMessage.objects.create(
        line=text[:40], sender=text, text=text, gateway_date=text, dispatch_error=text, api_key=key
    )
    name = "".join(character for character in text if character not in "{}")
    draft = drafts.start(None, account=key, text=f"x {{{name}}}", title=text)
    drafts.fill(draft, [("09121234567", {"name": text, text: text}), (text, {}), ("09121234567", {})])
    SendDraft.objects.update(source=text)
    rows = (message, request, campaign, line, received, key, draft)
    return {type(row): row for row in rows}


def pages(rows):
    for model, model_admin in admin.site._registry.items():
        if model in rows:
            for pattern in model_admin.get_urls():
                if pattern.name:
                    about_one = "<" in str(pattern.pattern)
                    about = SendDraft if "draft_id" in str(pattern.pattern) else model
                    if "refused" not in pattern.name:  # a file and no page
                        yield reverse(f"admin:{pattern.name}", args=[rows[about].pk] if about_one else [])
    yield f"{reverse('admin:sepahan_django_send')}?draft={rows[SendDraft].pk}"


@pytest.mark.django_db
@pytest.mark.parametrize("text", SCRIPTS)
def test_no_text_of_a_stranger_becomes_part_of_a_page(boss, gateway, text):
    rows = plant(text)
    for address in pages(rows):
        page = boss.get(address).content.decode()
        for dangerous in ("<script>alert", "<img src=x", "<svg onload", 'href="javascript', "777777"):
            assert dangerous not in page, (address, dangerous)


@pytest.mark.django_db
def test_a_control_character_for_direction_is_written_out_on_every_page(boss, gateway):
    rows = plant(TURNED)
    for address in pages(rows):
        page = boss.get(address).content.decode()
        # In a form's field the browser isolates it, and a person has to see what is stored.
        page = "".join(part.split(">", 1)[-1] for part in page.split("<input"))
        page = "".join(part.split("</textarea>", 1)[-1] for part in page.split("<textarea"))
        assert "\u202e" not in page, address


@given(st.text())
def test_what_is_shown_holds_no_control_character_for_direction(text):
    controls = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    assert not set(map(ord, visible(text))) & set(controls)


def test_half_spaces_stay():
    assert visible("می‌رسد") == "می‌رسد"


# Log lines


@given(st.text())
def test_a_logged_text_is_one_line(text):
    assert len(one_line(text).splitlines()) <= 1


@pytest.mark.parametrize("written", ["09121234567", "989121234567", "+989121234567", "9121234567"])
def test_a_logged_number_is_masked(written):
    masked = without_numbers(f"the number {written}, it says")
    assert ("•••" in masked, "9121234567" in masked) == (True, False)


def test_ids_are_logged_whole():
    assert without_numbers("639027944154527200") == "639027944154527200"


@pytest.mark.django_db(transaction=True)
def test_no_stranger_can_forge_a_line_of_the_log(gateway, caplog):
    def receiver(sender, message, **kwargs):
        raise ValueError(message.text)

    forged = "1\nERROR sepahan_django: all SMS lost\r\nof 09121234567"
    gateway.state.inbound.append(Inbound("3000", "1405/09/03", "09350000001\nERROR x", forged))
    signals.message_received.connect(receiver)
    try:
        inbox.pull()
    finally:  # the log's records keep it alive, and with it the connection
        signals.message_received.disconnect(receiver)
    own = [record for record in caplog.records if record.name == "sepahan_django"]
    lines = "\n".join(logging.Formatter("%(levelname)s %(message)s").format(record) for record in own)
    assert own
    assert not [line for line in lines.splitlines() if line.startswith("ERROR") and "lost" in line]
    assert "09121234567" not in lines


@pytest.mark.django_db
def test_no_gateway_can_forge_a_line_of_the_log(gateway, caplog):
    from sepahan_django import accounts
    from sepahan_django.models import PauseKind

    accounts.pause(accounts.resolve(), kind=PauseKind.ACCOUNT, reason="no\nCRITICAL forged \u202e09121234567")
    (record,) = caplog.records
    assert len(record.getMessage().splitlines()) == 1
    assert "09121234567" not in record.getMessage()
