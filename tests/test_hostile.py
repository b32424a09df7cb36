"""What strangers write: it runs no script, disguises nothing, and forges no line of a log."""

import logging

import pytest
from django.contrib import admin
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
from sepahan_django.values.digits import latin_digits
from sepahan_django.values.visible import visible
from tests.factories import queued
from tests.faulty_gateway import Inbound

SCRIPTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "{{ 123456|add:654321 }}{% load x %}",
    "javascript:alert(1)",
]
TURNED = "\u202e7654321\u202c0912"
"""Digits that a control character would show from right to left."""


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


@pytest.mark.parametrize(
    "written",
    [
        "۰۹۱۲۱۲۳۴۵۶۷", "٠٩١٢١٢٣٤٥٦٧", "0912 123 4567", "0912-123-4567", "+98 912 123 45 67",
        "0098-912-1234567",
        "0912.123.4567", "(0912) 1234567", "0۹12123۴567", "0912\u200c1234567",
    ],
)  # fmt: skip
def test_a_logged_number_is_masked_in_any_writing(written):
    masked = without_numbers(f"the number {written}, it says")
    assert ("•••" in masked, masked.endswith(", it says")) == (True, True)
    assert "9121234567" not in "".join(latin_digits(c) for c in masked if c.isdigit())


@pytest.mark.parametrize(
    "kept",
    [
        "639027944154527200",
        "2026-11-24T10:00:00+03:30",
        "1405/09/03 10:00:00",
        "0b9c1d2e-9123-4567-8901-a1b2c3d4e5f6",
        "1234 messages, 91 parts",
        "127.0.0.1:9123",
    ],
)
def test_what_is_no_number_is_logged_whole(kept):
    assert without_numbers(kept) == kept


@given(st.text())
def test_masking_changes_nothing_but_numbers(text):
    if "9" not in latin_digits(text):
        assert without_numbers(text) == text


@pytest.mark.django_db(transaction=True)
def test_no_stranger_can_forge_a_line_of_the_log(gateway, caplog, listen):
    def receiver(sender, message, **kwargs):
        raise ValueError(message.text)

    listen(signals.message_received, receiver)
    forged = "1\nERROR sepahan_django: all SMS lost\r\nof 09121234567"
    gateway.state.inbound.append(Inbound("3000", "1405/09/03", "09350000001\nERROR x", forged))
    inbox.pull()
    # Of every logger: Django's own would tell of a signal's receiver too.
    shown = [logging.Formatter("%(levelname)s %(message)s").format(record) for record in caplog.records]
    lines = "\n".join(shown)
    assert shown
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
