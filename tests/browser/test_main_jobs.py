"""The main jobs, end to end and in Persian: write, send, see delivered, answer, see the answer."""

import subprocess
import sys

import pytest

from tests.demo import ROOT

pytestmark = pytest.mark.browser

PERSIAN_PRICE = 1400
"""Rials that the sandbox takes for one part in Persian."""


def load_until(page, address, shown):
    """Load a page again and again until this is shown on it."""
    for _look in range(120):
        page.goto(address)
        if shown.count():
            return
        page.wait_for_timeout(500)


def credit(page, demo):
    """What the account's page says of its credit, asked now."""
    page.goto(f"{demo}/admin/sepahan_django/apikey/")
    page.locator("#result_list tbody th a").click()
    page.get_by_role("button", name="استعلام اعتبار").click()
    return int("".join(filter(str.isdecimal, page.locator(".messagelist").inner_text())))


def test_the_main_job_from_sending_to_the_answer(page, demo):
    from playwright.sync_api import expect

    # What the demo was filled with has gone out and costs nothing more.
    finished = page.locator("[data-sepahan-phase]", has_text="پایان‌یافته")
    load_until(page, f"{demo}/admin/sepahan_django/campaign/1/change/", finished)
    before = credit(page, demo)
    # Write and send to three numbers, in three writings.
    page.goto(f"{demo}/admin/sepahan_django/outboundmessage/")
    page.get_by_role("link", name="ارسال پیامک").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.fill("#id_recipients", "09131112233\nعلی رضایی\t۰۹۱۳۱۱۱۲۲۴۴\n+98 913 111 2255")
    page.fill("#id_text", "سلام، نظر شما؟ ۱ یا ۲")
    expect(page.locator("#id_text-count")).to_contain_text("۲۱ نویسه · ۱ پیامک")
    page.locator(".submit-row button").click()
    # Check what was written, and send it.
    expect(page.locator(".sepahan-sample .sepahan-bubble")).to_have_text("سلام، نظر شما؟ ۱ یا ۲")
    page.locator("#sepahan-send").click()
    expect(page.locator(".messagelist")).to_contain_text("۳ پیامک به سامانه تحویل شد")

    # See the three become delivered, and the credit go down.
    delivered = page.locator("#result_list .sepahan-state-delivered")
    load_until(page, f"{demo}/admin/sepahan_django/outboundmessage/?q=0913111", delivered.nth(2))
    expect(delivered.first).to_have_text("رسیده به گوشی")
    expect(delivered).to_have_count(3)
    assert before - credit(page, demo) == 3 * PERSIAN_PRICE

    # Play the phone that answers.
    page.goto(f"{demo}/sandbox/")
    phone = page.locator("#phone-09131112244")
    phone.locator("input[name=text]").fill("۲")
    phone.get_by_role("button", name="ارسال").click()

    # See the answer in the inbox, and the project's receiver reply to it.
    answer = page.locator("#result_list tbody tr", has_text="09131112244")
    load_until(page, f"{demo}/admin/sepahan_django/inboundmessage/", answer)
    expect(answer).to_have_count(1)
    load_until(page, f"{demo}/sandbox/", page.get_by_text("رأی شما ثبت شد: 2"))
    expect(page.locator("#phone-09131112244")).to_contain_text("رأی شما ثبت شد: 2")


PAUSED_CAMPAIGN = """
from django.utils import timezone
from sepahan_django.models import Campaign
from sepahan_django.sms import send_mass_sms
campaign = Campaign.objects.create(title="Yalda", paused_at=timezone.now())
send_mass_sms(((f"0912{index:07}", "x") for index in range(30)), campaign=campaign)
print("campaign", campaign.pk)
"""


def test_the_page_of_a_campaign_keeps_up_with_it_by_itself(page, demo, environment):
    from playwright.sync_api import expect

    shell = [sys.executable, "manage.py", "shell", "-c", PAUSED_CAMPAIGN]
    said = subprocess.run(shell, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    address = f"{demo}/admin/sepahan_django/campaign/{said.split()[-1]}/change/"
    page.goto(address)
    page.evaluate("window.isTheSamePage = true")
    expect(page.locator("[data-sepahan-phase]")).to_have_text("متوقف")
    expect(page.locator("[data-sepahan-text=sentence]")).to_contain_text("۰ از ۳۰ پیامک رفته")

    # Somebody else lets it go on.
    other = page.context.new_page()
    other.goto(address)
    other.get_by_role("button", name="ادامه").click()
    expect(other.locator(".messagelist")).to_contain_text("ادامه می‌یابد")
    other.close()

    page.bring_to_front()
    expect(page.locator("[data-sepahan-text=sentence]")).to_contain_text(
        "۳۰ پیامک، چیزی نمانده", timeout=60_000
    )
    expect(page.locator("[data-sepahan-phase]")).to_have_text("پایان‌یافته")
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    expect(page.get_by_role("button", name="ادامه")).to_be_hidden()
    expect(page.get_by_role("status")).to_contain_text("چیزی برای ارسال نمانده است")
    assert page.evaluate("window.isTheSamePage")


def test_an_inbound_message_is_answered_in_its_conversation(page, demo):
    from playwright.sync_api import expect

    # A phone writes.
    page.goto(f"{demo}/sandbox/")
    form = page.locator("aside form").first
    form.locator("input[name=phone]").fill("09197654321")
    form.locator("textarea[name=text]").fill("سلام، چه ساعتی باز هستید؟")
    form.get_by_role("button", name="ارسال").click()

    # It is unread in the inbox; from there to the conversation.
    row = page.locator("#result_list tbody tr", has_text="09197654321")
    load_until(page, f"{demo}/admin/sepahan_django/inboundmessage/", row)
    expect(row.locator(".sepahan-state-unread")).to_have_text("خوانده‌نشده")
    row.get_by_role("link", name="گفتگو").click()
    expect(page.locator("h1").last).to_contain_text("09197654321")
    expect(page.locator(".sepahan-said-in")).to_contain_text("چه ساعتی باز هستید")

    # Having it before one's eyes marks it as read: the button goes away by itself.
    expect(page.get_by_role("button", name="علامت خوانده‌شده")).to_have_count(0)
    page.fill("#id_text", "سلام، از ۹ تا ۱۷")
    expect(page.locator("#id_text-count")).to_contain_text("۱ پیامک")
    page.get_by_role("button", name="ارسال پاسخ").click()
    expect(page.locator(".messagelist")).to_contain_text("پاسخ به سامانه تحویل شد")
    expect(page.locator(".sepahan-said-out")).to_contain_text("از ۹ تا ۱۷")

    # The phone has it, and the message is read.
    page.goto(f"{demo}/sandbox/")
    expect(page.locator("#phone-09197654321")).to_contain_text("از ۹ تا ۱۷")
    page.goto(f"{demo}/admin/sepahan_django/inboundmessage/")
    expect(row.locator(".sepahan-state-read")).to_have_text("خوانده‌شده")
