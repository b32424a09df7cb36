"""Chromium, and the demo that it looks at: server, sandbox and workers in processes of their own."""

import os
import subprocess
import sys

import pytest

from tests.demo import BROWSER_ARGUMENTS, CHROMIUM, ROOT, demo_environment, free_port, running_demo, signed_in

FILL = """
from django.contrib.auth import get_user_model
from django.utils import timezone
from sepahan_django import drafts
from sepahan_django.models import (
    ApiKey, Campaign, InboundMessage, ListMember, MessageTemplate, OutboundMessage, RecipientList
)
from sepahan_django.sms import send_mass_sms, send_sms

for recipient, text in (("09121234567", "سلام"), ("09351234567", "Hello"), ("09011234567", "سلام")):
    send_sms(recipient, text)
OutboundMessage.objects.filter(pk=2).update(state="failed", error_code=-4, error_message="bad number")
OutboundMessage.objects.filter(pk=3).update(state="in_doubt")
campaign = Campaign.objects.create(title="Nowruz")
send_mass_sms(((f"0912{index:07}", "x") for index in range(10)), campaign=campaign)
staff = RecipientList.objects.create(title="همکاران", columns=["نام"])
ListMember.objects.create(list=staff, recipient="09121234567", values={"نام": "علی"})
MessageTemplate.objects.create(title="یادآوری", text="{نام} عزیز، فردا می‌بینیمت")
draft = drafts.start(get_user_model().objects.get(), text="{name}")
drafts.fill_from_text(draft, "name\\tnumber\\nAli\\t09121234567\\n?\\t0912")
for sender in ("09121234567", "09191234567", "IRANCELL"):
    InboundMessage.objects.create(
        line="3000123456", sender=sender, text="سلام", api_key=ApiKey.objects.get(),
        gateway_date="1405/09/05 10:00:00", received_at=timezone.now(),
        acknowledged_at=timezone.now(), dispatched_at=timezone.now(),
    )
"""
"""A row or more for each page that is about one."""


# For this package and no longer: while the driver runs, this thread has a running event loop, in which
# Django refuses to touch the database.
@pytest.fixture(scope="package")
def browser():
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_SERVICES"):
            pytest.fail("Chromium is not installed.")
        pytest.skip("Chromium is not installed.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def port():
    return free_port()


@pytest.fixture(scope="package")
def environment(tmp_path_factory, port):
    """The variables of the demo, for another process that works on its database."""
    return demo_environment(tmp_path_factory.mktemp("demo"), port)


@pytest.fixture(scope="package")
def demo(environment, port):
    """The address of a demo that has rows of each kind."""
    with running_demo(environment, port) as address:
        subprocess.run(
            [sys.executable, "manage.py", "shell", "-c", FILL], cwd=ROOT, env=environment, check=True
        )
        yield address


@pytest.fixture(scope="package")
def cookies(browser, demo):
    """Those of a clerk who has logged in and reads Persian."""
    context = browser.new_context()
    signed_in(context.new_page(), demo)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(browser, demo, cookies):
    """A page of that clerk; what its console complains of fails the test."""
    context = browser.new_context(locale="fa-IR", storage_state=cookies)
    complaints = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None
    )
    yield context.new_page()
    context.close()
    assert complaints == []
