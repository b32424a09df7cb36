"""Screenshots of every page: `make screenshots`, or `python -m tests.screenshots [FOLDER]`.

The demo is filled with a few days' data of an office. Each page is taken in Persian and English, wide and
narrow, light and dark. `--only PREFIX` takes the pages whose names begin with it.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.demo import BROWSER_ARGUMENTS, CHROMIUM, ROOT, demo_environment, free_port, running_demo, signed_in

FOLDER = ROOT / "var" / "screenshots"
APP = "admin/sepahan_django"
PAGES = {
    "overview": f"{APP}/overview/",
    "first-run": f"{APP}/overview/first-run/",
    "write": f"{APP}/outboundmessage/send/",
    "draft": f"{APP}/outboundmessage/send/?draft=1",
    "check": f"{APP}/outboundmessage/send/1/",
    "messages": f"{APP}/outboundmessage/",
    "message": f"{APP}/outboundmessage/1/change/",
    "failed": f"{APP}/outboundmessage/3/change/",
    "doubts": f"{APP}/outboundmessage/in-doubt/",
    "campaigns": f"{APP}/campaign/",
    "campaign": f"{APP}/campaign/1/change/",
    "campaign-paused": f"{APP}/campaign/2/change/",
    "inbox": f"{APP}/inboundmessage/",
    "inbound": f"{APP}/inboundmessage/1/change/",
    "conversation": f"{APP}/inboundmessage/conversation/09121234567/",
    "lists": f"{APP}/recipientlist/",
    "list": f"{APP}/recipientlist/1/members/",
    "template": f"{APP}/messagetemplate/1/change/",
    "requests": f"{APP}/sendrequest/",
    "request": f"{APP}/sendrequest/1/change/",
    "accounts": f"{APP}/apikey/",
    "account": f"{APP}/apikey/1/change/",
    "generate": f"{APP}/apikey/generate/",
    "lines": f"{APP}/senderline/",
    "app": f"{APP}/",
    "phones": "sandbox/",
}
WIDTHS = (1280, 390)
QUALITY = 60

FILL = """
from datetime import timedelta
from django.contrib.auth import get_user_model
from django.utils import timezone
from sepahan_django import drafts
from sepahan_django.models import (
    ApiKey, Campaign, InboundMessage, ListMember, MessageTemplate, OutboundMessage, RecipientList, SenderLine
)
from sepahan_django.sms import send_mass_sms, send_sms

user = get_user_model().objects.get()
account = ApiKey.objects.get()
SenderLine.objects.create(number="3000123456", label="خدماتی", api_key=account, is_default=True)
SenderLine.objects.create(number="5000222", label="تبلیغات", api_key=account, purpose="advertising")
send_sms("09121234567", "سلام، سفارش شما آماده است.")
send_sms("09351234567", "Your code: 123456")
send_sms("09123456789", "x")
OutboundMessage.objects.filter(pk=3).update(state="failed", error_code=-4, error_message="bad number")
send_sms("09121112233", "در انتظار تصمیم")
OutboundMessage.objects.filter(pk=4).update(state="in_doubt")
send_sms("09121234567", "یادآوری نوبت فردا", send_at=timezone.now() + timedelta(days=1))
first = Campaign.objects.create(title="تبریک نوروز", created_by=user)
send_mass_sms(((f"0912{n:07}", "نوروز مبارک") for n in range(400)), campaign=first)
second = Campaign.objects.create(title="یلدا", created_by=user, paused_at=timezone.now())
send_mass_sms(((f"0935{n:07}", "یلدا مبارک") for n in range(250)), campaign=second)
staff = RecipientList.objects.create(title="کارکنان", columns=["نام"], created_by=user)
for n, name in enumerate(("علی رضایی", "مریم احمدی", "رضا کریمی")):
    ListMember.objects.create(list=staff, recipient=f"0912000000{n}", values={"نام": name})
MessageTemplate.objects.create(title="سپاس", text="{نام} عزیز، از خرید شما سپاسگزاریم.")
draft = drafts.start(user, account=account, sender="3000123456", text="{نام} عزیز، جلسه فردا ساعت ۱۰ است.")
rows = (
    "موبایل نام", "09121234567 علی", "۹۳۵۱۲۳۴۵۶۷ مریم", "09121234567 علی", "0912 رضا", "02188776655 دفتر"
)
drafts.fill_from_text(draft, "\\n".join(row.replace(" ", "\\t") for row in rows))
for n, text in enumerate(("سلام، چه ساعتی باز هستید؟", "۱", "ممنون", "لغو")):
    InboundMessage.objects.create(
        line="3000123456", sender="09121234567" if n < 2 else f"0935000000{n}", text=text, api_key=account,
        gateway_date="1405/09/05 10:0%d:00" % n, received_at=timezone.now() - timedelta(minutes=40 - n),
        acknowledged_at=timezone.now(), dispatched_at=timezone.now() if n else None,
        dispatch_error="" if n else "ValueError: no such order", dispatch_attempts=0 if n else 2,
    )
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--only", metavar="PREFIX", default="")
    parser.add_argument("--languages", nargs="+", default=["fa", "en"])
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = demo_environment(Path(folder), port)
        with running_demo(environment, port) as address, sync_playwright() as playwright:
            subprocess.run(
                [sys.executable, "manage.py", "shell", "-c", FILL], cwd=ROOT, env=environment, check=True
            )
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGUMENTS)
            waiting = browser.new_page()
            waiting.wait_for_timeout(15_000)  # the workers send and ask
            waiting.close()
            for language in options.languages:
                for scheme in ("light", "dark"):
                    context = browser.new_context(color_scheme=scheme)
                    page = signed_in(context.new_page(), address, language)
                    for name, path in PAGES.items():
                        if not name.startswith(options.only):
                            continue
                        for width in WIDTHS:
                            page.set_viewport_size({"width": width, "height": 844})
                            page.goto(f"{address}/{path}")
                            page.screenshot(
                                path=options.folder / f"{name}-{language}-{width}-{scheme}.jpg",
                                type="jpeg",
                                quality=QUALITY,
                                full_page=True,
                            )
                    context.close()
            browser.close()


if __name__ == "__main__":
    main()
