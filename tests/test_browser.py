"""The main job, end to end, in Chromium and in Persian: write, send, see delivered, answer, see the answer.

The server, the sandbox and the workers are those of `manage.py demo`, in a process of their own.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = tmp_path_factory.mktemp("demo") / "demo.sqlite3"
    environment = os.environ | {
        "DEMO": "true",
        "DEBUG": "true",
        "DATABASE_URL": f"sqlite:///{database}",
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        "PYTHONUNBUFFERED": "1",
        "SEPAHAN_API_KEY": "",
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    lines = iter(process.stdout.readline, "")
    assert any("Ctrl-C ends it" in line for line in lines), "the demo has not started"
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGINT)
    process.stdout.read()
    process.stdout.close()
    assert process.wait(30) == 0


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_SERVICES"):
            pytest.fail("Chromium is not installed.")
        pytest.skip("Chromium is not installed.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        yield started
        started.close()


def signed_in(context, demo):
    """A page of this context whose user has logged in."""
    opened = context.new_page()
    opened.goto(f"{demo}/admin/")
    opened.fill("#id_username", "admin")
    opened.fill("#id_password", "admin")
    opened.press("#id_password", "Enter")
    opened.wait_for_selector("#user-tools")
    return opened


@pytest.fixture
def page(browser, demo):
    """A page of a clerk who has logged in and reads Persian; what its console complains of fails the test."""
    context = browser.new_context(locale="fa-IR")
    complaints = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None
    )
    yield signed_in(context, demo)
    context.close()
    assert complaints == []


def test_the_main_job_from_sending_to_the_answer(page, demo):
    from playwright.sync_api import expect

    # Write and send to three numbers, in three writings.
    page.goto(f"{demo}/admin/sepahan_django/outboundmessage/")
    page.get_by_role("link", name="ارسال پیامک").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.fill("#id_recipients", "09121234567\nعلی رضایی\t۰۹۳۵۱۲۳۴۵۶۷\n+98 901 123 4567")
    page.fill("#id_text", "سلام، نظر شما؟ ۱ یا ۲")
    expect(page.locator("#sepahan-count")).to_contain_text("۲۱ نویسه · ۱ پیامک")
    page.get_by_role("button", name="ارسال پیامک").click()
    expect(page.locator(".messagelist")).to_contain_text("۳ پیامک به سامانه تحویل شد")

    # See the three become delivered, and the credit go down.
    for _look in range(60):
        if page.get_by_text("رسیده به گوشی", exact=True).locator("visible=true").count() >= 3:
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.locator("#result_list .sepahan-state-delivered")).to_have_count(3)
    page.goto(f"{demo}/admin/sepahan_django/apikey/")
    page.locator("#result_list tbody th a").click()
    page.get_by_role("button", name="استعلام اعتبار").click()
    expect(page.locator(".messagelist")).to_contain_text("۹۹۵٬۸۰۰ ریال")

    # Play the phone that answers.
    page.goto(f"{demo}/sandbox/")
    phone = page.locator("#phone-09351234567")
    phone.locator("input[name=text]").fill("۲")
    phone.get_by_role("button", name="ارسال").click()

    # See the answer in the inbox, and the project's receiver reply to it.
    for _look in range(60):
        page.goto(f"{demo}/admin/sepahan_django/inboundmessage/")
        if page.locator("#result_list").count():
            break
        page.wait_for_timeout(1000)
    expect(page.locator("#result_list")).to_contain_text("09351234567")
    for _look in range(60):
        page.goto(f"{demo}/sandbox/")
        if page.get_by_text("رأی شما ثبت شد: 2").count():
            break
        page.wait_for_timeout(1000)
    expect(page.locator("#phone-09351234567")).to_contain_text("رأی شما ثبت شد: 2")


def test_a_saved_list_is_filled_from_a_paste_and_a_template_is_counted(page, demo):
    from playwright.sync_api import expect

    page.goto(f"{demo}/admin/sepahan_django/recipientlist/add/")
    page.fill("#id_title", "کارکنان")
    page.locator("input[name=_save]").click()
    page.fill("#id_recipients", "موبایل\tنام\n۰۹۱۲۱۲۳۴۵۶۷\tعلی\n9351234567\tمریم\n0912\tرضا")
    page.get_by_role("button", name="افزودن به فهرست").click()
    expect(page.locator(".sepahan-report")).to_contain_text("رقم‌هایش کم است")
    expect(page.locator(".sepahan-members tbody tr")).to_have_count(2)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"{demo}/admin/sepahan_django/messagetemplate/add/")
    page.fill("#id_title", "سپاس")
    page.fill("#id_text", "{نام} عزیز، سپاس")
    expect(page.locator("#id_text-count")).to_contain_text("۱۶ نویسه")
    page.locator("input[name=_save]").click()
    expect(page.locator("#result_list")).to_contain_text("سپاس")


def test_the_browser_counts_as_the_server_does(page, demo):
    import json

    from tests.values.test_parts import VECTORS, spelled

    page.goto(f"{demo}/admin/sepahan_django/outboundmessage/send/")
    texts = [spelled(vector[0]) for vector in VECTORS]
    counted = page.evaluate(
        f"{json.dumps(texts)}.map((text) => {{ const c = window.sepahanCountParts(text);"
        "return [c.encoding, c.units, c.parts, c.left]; })"
    )
    assert counted == [vector[1:] for vector in VECTORS]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "path",
    [
        "admin/sepahan_django/outboundmessage/send/",
        "admin/sepahan_django/apikey/generate/",
        "admin/sepahan_django/apikey/1/change/",
        "admin/sepahan_django/inboundmessage/",
        "admin/sepahan_django/overview/",
        "admin/sepahan_django/overview/first-run/",
        "sandbox/",
    ],
)
def test_no_page_is_wider_than_its_window(page, demo, path, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{demo}/{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


PAGES = [
    *(f"{model}/" for model in ("outboundmessage", "inboundmessage", "sendrequest", "campaign", "apikey")),
    *(
        "outboundmessage/send/",
        "outboundmessage/in-doubt/",
        "apikey/generate/",
        "apikey/add/",
        "apikey/1/change/",
    ),
    *("senderline/", "senderline/add/", "outboundmessage/1/change/", "sendrequest/1/change/"),
    *("recipientlist/", "recipientlist/add/", "messagetemplate/", "messagetemplate/add/"),
]


@pytest.mark.parametrize("language", ["fa", "en"])
def test_every_page_works_under_a_strict_content_security_policy(page, demo, language):
    page.context.add_cookies([{"name": "django_language", "value": language, "url": demo}])
    page.goto(f"{demo}/admin/sepahan_django/outboundmessage/send/")
    page.fill("#id_recipients", "09121234567")
    page.fill("#id_text", "x")
    page.locator("input[type=submit], button[type=submit]").last.click()
    for path in PAGES:
        answer = page.goto(f"{demo}/admin/sepahan_django/{path}")
        policy = answer.headers["content-security-policy"]
        assert ("default-src 'self'" in policy, "unsafe" in policy) == (True, False), path
        assert answer.status == 200, path
        # What a policy blocks the browser complains of, which the fixture finds.
        assert (
            page.locator("[style], style, script:not([src]):not([type='application/json'])").count() == 0
        ), path


# Accessibility

LOOKED_AT = [
    "admin/",
    "sandbox/",
    *(f"admin/sepahan_django/{path}" for path in (*PAGES, "overview/", "overview/first-run/")),
    "admin/sepahan_django/inboundmessage/1/change/",
    "admin/sepahan_django/campaign/1/change/",
    "admin/sepahan_django/recipientlist/1/members/",
    "admin/sepahan_django/recipientlist/1/change/",
    "admin/sepahan_django/messagetemplate/1/change/",
]
"""Every page that axe looks at, by its address; those of rows are of the rows that the tests above leave."""

OF_DJANGO = {
    # The admin doesn't underline the links of its breadcrumbs.
    "link-in-text-block": ".breadcrumbs a",
    # The label of the admin's search is a picture with a text.
    "label-title-only": "#searchbar",
}
"""What axe says of the admin's own markup, which is not the app's: the rule, and the element it may name."""


@pytest.fixture
def examined(browser, demo):
    """A page for axe, which styles elements to measure them: nothing that the policy would allow."""
    context = browser.new_context(locale="fa-IR", bypass_csp=True)
    yield signed_in(context, demo)
    context.close()


def serious(page):
    """What axe finds on the open page that is serious or critical: the rule, the element, the remedy."""
    from axe_playwright_python.sync_playwright import Axe

    return [
        (rule["id"], node["html"], node["failureSummary"])
        for rule in Axe().run(page).response["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
        if not page.locator(node["target"][0]).evaluate(
            "(element, selector) => selector && element.matches(selector)", OF_DJANGO.get(rule["id"])
        )
    ]


@pytest.mark.parametrize(("language", "scheme"), [("fa", "light"), ("en", "light"), ("fa", "dark")])
def test_axe_finds_nothing_serious_on_any_page(examined, demo, language, scheme):
    examined.context.add_cookies([{"name": "django_language", "value": language, "url": demo}])
    examined.emulate_media(color_scheme=scheme)
    found = {}
    for path in LOOKED_AT:
        examined.goto(f"{demo}/{path}")
        assert examined.url == f"{demo}/{path}"  # the admin redirects where there is no such row
        found[path] = serious(examined)
    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    "path", ["outboundmessage/send/", "apikey/generate/", "apikey/add/", "senderline/add/"]
)
def test_axe_finds_nothing_serious_in_a_form_with_errors(examined, demo, path):
    examined.goto(f"{demo}/admin/sepahan_django/{path}")
    button = examined.locator("#content-main .submit-row [type=submit]").first
    button.evaluate("(button) => { button.form.noValidate = true; }")
    button.click()
    examined.wait_for_selector(".errorlist")
    assert serious(examined) == []
