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


@pytest.fixture
def page(browser, demo):
    """A page of a clerk who has logged in and reads Persian; what its console complains of fails the test."""
    context = browser.new_context(locale="fa-IR")
    opened = context.new_page()
    complaints = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None
    )
    opened.goto(f"{demo}/admin/")
    opened.fill("#id_username", "admin")
    opened.fill("#id_password", "admin")
    opened.press("#id_password", "Enter")
    opened.wait_for_selector("#user-tools")
    yield opened
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
        "admin/sepahan_django/outboundmessage/",
        "admin/sepahan_django/outboundmessage/?created_from=never",
        "admin/sepahan_django/outboundmessage/1/change/",
        "admin/sepahan_django/sendrequest/1/change/",
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
    *("outboundmessage/?created=month", "outboundmessage/?created_from=never&created_to=1405/09/03"),
    *("senderline/", "senderline/add/", "outboundmessage/1/change/", "sendrequest/1/change/"),
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


# The calendar

MESSAGES = "admin/sepahan_django/outboundmessage/"
FROM = "#sepahan-created_from"


def opened(page, address, typed=""):
    """The calendar beside the field "from" of the list's filter, with this typed into the field."""
    page.goto(address)
    page.fill(FROM, typed)
    page.locator(f"{FROM} + button").click()
    return page.locator("dialog.sepahan-picker[open]")


def test_a_day_that_is_picked_is_written_in_jalali_and_understood_by_the_server(page, demo):
    from playwright.sync_api import expect

    calendar = opened(page, f"{demo}/{MESSAGES}", "۱۴۰۵/۹/۱")
    calendar.locator("tbody button", has_text="۳").first.click()
    expect(page.locator(FROM)).to_have_value("۱۴۰۵/۰۹/۰۳")
    page.locator(".sepahan-range button[type=submit]").click()
    expect(page.locator(FROM)).to_have_value("۱۴۰۵/۰۹/۰۳")
    assert page.locator(".errornote").count() == 0


def test_a_date_can_still_be_typed_and_nothing_typed_is_lost(page, demo):
    from playwright.sync_api import expect

    calendar = opened(page, f"{demo}/{MESSAGES}", "not a date yet")
    page.keyboard.press("Escape")
    expect(calendar).to_have_count(0)
    expect(page.locator(FROM)).to_have_value("not a date yet")
    page.fill(FROM, "1405-9-3")
    page.press(FROM, "Enter")
    expect(page.locator(FROM)).to_have_value("1405-9-3")
    assert page.locator(".errornote").count() == 0


def test_esfand_of_a_leap_year_has_its_thirtieth_day(page, demo):
    from playwright.sync_api import expect

    calendar = opened(page, f"{demo}/{MESSAGES}", "1403/12/01")
    expect(calendar.locator("tbody button")).to_have_count(30)
    calendar.locator("tbody button").last.click()
    expect(page.locator(FROM)).to_have_value("۱۴۰۳/۱۲/۳۰")


def test_the_browsers_months_are_those_of_the_server(page, demo):
    import jdatetime

    page.goto(f"{demo}/{MESSAGES}")
    counted = page.evaluate(
        "Array.from({length: 60 * 12}, (_, i) => i)"
        ".map((i) => sepahanPicker.firstOf(1390 + Math.floor(i / 12), i % 12 + 1))"
    )
    epoch = jdatetime.date(1348, 10, 11).togregorian().toordinal()
    expected = [
        jdatetime.date(1390 + index // 12, index % 12 + 1, 1).togregorian().toordinal() - epoch
        for index in range(60 * 12)
    ]
    assert counted == expected


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        (["ArrowLeft"], "۱۴۰۵/۰۹/۰۴"),  # from right to left the next day is on the left
        (["ArrowRight", "ArrowRight", "ArrowRight"], "۱۴۰۵/۰۸/۳۰"),
        (["ArrowDown"], "۱۴۰۵/۰۹/۱۰"),
        (["Home"], "۱۴۰۵/۰۸/۳۰"),
        (["PageDown"], "۱۴۰۵/۱۰/۰۳"),
        (["Shift+PageUp"], "۱۴۰۴/۰۹/۰۳"),
    ],
)
def test_the_calendar_is_used_with_the_keyboard_alone(page, demo, keys, written):
    from playwright.sync_api import expect

    opened(page, f"{demo}/{MESSAGES}", "1405/09/03")
    for key in [*keys, "Enter"]:
        page.keyboard.press(key)
    expect(page.locator(FROM)).to_have_value(written)
    expect(page.locator(f"{FROM} + button")).to_be_focused()


def with_time(page, demo, value=""):
    """A field for a moment, put into a page of the app."""
    page.goto(f"{demo}/{MESSAGES}")
    page.evaluate(
        """(value) => {
            const field = Object.assign(document.createElement("input"), { id: "moment", value });
            field.dataset.sepahanPicker = "datetime";
            field.dataset.sepahanMin = "now";
            document.querySelector("#content-main").prepend(field);
            sepahanPicker.enhance(document);
        }""",
        value,
    )
    page.locator("#moment + button").click()
    return page.locator("dialog.sepahan-picker[open]")


def test_hour_and_minute_are_chosen_with_the_day(page, demo):
    from playwright.sync_api import expect

    from sepahan_django.values.jalali import parse_typed_datetime

    calendar = with_time(page, demo, "1499/12/28 08:05")
    calendar.locator("tbody button").nth(4).click()
    calendar.locator("select").first.select_option("14")
    calendar.locator("select").last.select_option("20")
    calendar.get_by_role("button", name="Choose").click()
    expect(page.locator("#moment")).to_have_value("۱۴۹۹/۱۲/۰۵ ۱۴:۲۰")
    assert parse_typed_datetime(page.input_value("#moment")) == parse_typed_datetime("1499/12/05 14:20")


def test_a_time_that_is_past_is_not_written_where_the_first_is_now(page, demo):
    from playwright.sync_api import expect

    calendar = with_time(page, demo, "1400/01/01 08:05")
    expect(calendar.locator("tbody button[aria-current=date]")).to_have_count(1)
    calendar.get_by_role("button", name="Choose").click()
    expect(calendar.get_by_role("alert")).to_have_text("That time is past.")
    expect(page.locator("#moment")).to_have_value("1400/01/01 08:05")


def test_screen_readers_are_told_whole_dates(page, demo):
    calendar = opened(page, f"{demo}/{MESSAGES}", "1405/09/03")
    assert calendar.get_by_role("grid").count() == 1
    label = calendar.locator("tbody button[tabindex='0']").get_attribute("aria-label")
    assert all(part in label for part in ("آذر", "۱۴۰۵", "سه"))


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_calendar_fits_a_phone(page, demo, language):
    page.context.add_cookies([{"name": "django_language", "value": language, "url": demo}])
    page.set_viewport_size({"width": 390, "height": 800})
    box = opened(page, f"{demo}/{MESSAGES}").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
