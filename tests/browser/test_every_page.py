"""The main job, end to end, in Chromium and in Persian: write, send, see delivered, answer, see the answer.

The server, the sandbox and the workers are those of `manage.py demo`, in a process of their own.
"""

import os
import subprocess
import sys

import pytest

from tests.demo import BROWSER_ARGUMENTS, CHROMIUM, ROOT, demo_environment, free_port, running_demo, signed_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
def environment(tmp_path_factory, port):
    """The variables of the demo, for another process that works on its database."""
    return demo_environment(tmp_path_factory.mktemp("demo"), port)


@pytest.fixture(scope="module")
def demo(environment, port):
    """The demo's address."""
    with running_demo(environment, port) as address:
        yield address


@pytest.fixture(scope="module")
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


@pytest.fixture
def page(browser, demo):
    """A page of a clerk who has logged in and reads Persian; what its console complains of fails the test."""
    context = browser.new_context(locale="fa-IR")
    complaints = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None
    )
    yield signed_in(context.new_page(), demo)
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
    expect(page.locator("#id_text-count")).to_contain_text("۲۱ نویسه · ۱ پیامک")
    page.locator(".submit-row button").click()
    # Check what was written, and send it.
    expect(page.locator(".sepahan-sample .sepahan-bubble")).to_have_text("سلام، نظر شما؟ ۱ یا ۲")
    page.locator("#sepahan-send").click()
    expect(page.locator(".messagelist")).to_contain_text("۳ پیامک به سامانه تحویل شد")

    # See the three become delivered, and the credit go down.
    page.goto(f"{demo}/admin/sepahan_django/outboundmessage/")
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
    form.locator("input[name=phone]").fill("09191234567")
    form.locator("textarea[name=text]").fill("سلام، چه ساعتی باز هستید؟")
    form.get_by_role("button", name="ارسال").click()

    # It is unread in the inbox; from there to the conversation.
    row = page.locator("#result_list tbody tr", has_text="09191234567")
    for _look in range(60):
        page.goto(f"{demo}/admin/sepahan_django/inboundmessage/")
        if row.count():
            break
        page.wait_for_timeout(1000)
    expect(row.locator(".sepahan-state-unread")).to_have_text("خوانده‌نشده")
    row.get_by_role("link", name="گفتگو").click()
    expect(page.locator("h1").last).to_contain_text("09191234567")
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
    expect(page.locator("#phone-09191234567")).to_contain_text("از ۹ تا ۱۷")
    page.goto(f"{demo}/admin/sepahan_django/inboundmessage/")
    expect(row.locator(".sepahan-state-read")).to_have_text("خوانده‌شده")


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
        "admin/sepahan_django/outboundmessage/",
        "admin/sepahan_django/outboundmessage/?created_from=never",
        "admin/sepahan_django/outboundmessage/1/change/",
        "admin/sepahan_django/sendrequest/1/change/",
        "admin/sepahan_django/inboundmessage/",
        "admin/sepahan_django/inboundmessage/1/change/",
        "admin/sepahan_django/inboundmessage/conversation/09191234567/",
        "admin/sepahan_django/overview/",
        "admin/sepahan_django/overview/first-run/",
        "admin/sepahan_django/campaign/",
        "admin/sepahan_django/campaign/1/change/",
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
    "campaign/1/change/",
    "inboundmessage/conversation/09121234567/",
    "inboundmessage/conversation/IRANCELL/",
    *("recipientlist/", "recipientlist/add/", "messagetemplate/", "messagetemplate/add/"),
]


@pytest.mark.parametrize("language", ["fa", "en"])
def test_every_page_works_under_a_strict_content_security_policy(page, demo, language):
    page.context.add_cookies([{"name": "django_language", "value": language, "url": demo}])
    page.goto(f"{demo}/admin/sepahan_django/outboundmessage/send/")
    page.fill("#id_recipients", "09121234567")
    page.fill("#id_text", "x {y}")
    page.locator(".submit-row button").click()
    check = page.url.split("sepahan_django/")[1]
    page.goto(f"{demo}/admin/sepahan_django/outboundmessage/send/?draft={check.split('/')[-2]}")
    page.fill("#id_text", "x")
    page.locator(".submit-row button").click()
    page.locator("#sepahan-send").click()
    page.goto(f"{demo}/admin/sepahan_django/outboundmessage/send/")
    page.fill("#id_recipients", "name\tnumber\nAli\t09121234567\n?\t0912")
    page.fill("#id_text", "{name}")
    page.locator(".submit-row button").click()
    for path in (*PAGES, page.url.split("sepahan_django/")[1]):
        answer = page.goto(f"{demo}/admin/sepahan_django/{path}")
        policy = answer.headers["content-security-policy"]
        assert ("default-src 'self'" in policy, "unsafe" in policy) == (True, False), path
        assert answer.status == 200, path
        # What a policy blocks the browser complains of, which the fixture finds.
        assert (
            page.locator("[style], style, script:not([src]):not([type='application/json'])").count() == 0
        ), path


def written(page, demo, recipients, text):
    """The page for writing, with this typed into it."""
    page.goto(f"{demo}/admin/sepahan_django/outboundmessage/send/")
    page.fill("#id_recipients", recipients)
    page.fill("#id_text", text)


def test_a_columns_name_is_put_where_the_cursor_is(page, demo):
    written(page, demo, "نام\tموبایل\nعلی\t09121234567", "سلام ، خوبی؟")
    page.locator("button[value=read]").click()
    page.locator("#id_text").evaluate("box => box.setSelectionRange(5, 5)")
    page.locator(".sepahan-chip").click()
    assert page.input_value("#id_text") == "سلام {نام}، خوبی؟"


def test_typographic_characters_that_alone_make_a_text_unicode_are_replaced(page, demo):
    written(page, demo, "", "“Hello” – you…")
    page.locator(".sepahan-plain").click()
    assert page.input_value("#id_text") == '"Hello" - you...'
    page.fill("#id_text", "“سلام”")
    assert page.locator(".sepahan-plain").is_hidden()


def test_the_opt_out_line_is_counted_while_one_writes(page, demo):
    written(page, demo, "", "سلام")
    page.check("#id_with_opt_out")
    assert page.locator("#id_text-count").inner_text().startswith("۱۰ نویسه")


def test_the_button_that_sends_can_be_clicked_once(page, demo):
    written(page, demo, "09121234567", "once")
    page.locator(".submit-row button").click()
    page.locator("#sepahan-send").evaluate(
        "button => { button.form.addEventListener('submit', e => e.preventDefault()); }"
    )
    page.locator("#sepahan-send").click()
    assert page.locator("#sepahan-send").is_disabled()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_check_is_not_wider_than_its_window(page, demo, width):
    page.set_viewport_size({"width": width, "height": 800})
    written(page, demo, "name\tnumber\n" + "x" * 300 + "\t09121234567\n?\t" + "9" * 60, "{name} " + "y" * 300)
    page.locator(".submit-row button").click()
    page.wait_for_selector(".sepahan-sample")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_an_sms_is_written_checked_and_sent(page, demo, browser):
    from playwright.sync_api import expect

    plain = browser.new_context(
        locale="fa-IR", java_script_enabled=False, storage_state=page.context.storage_state()
    )
    without = plain.new_page()
    without.goto(f"{demo}/admin/sepahan_django/outboundmessage/send/")
    without.fill("#id_recipients", "09121234567")
    without.fill("#id_text", "بدون اسکریپت")
    without.press("#id_title", "Enter")
    without.locator("#sepahan-send").click()
    expect(without.locator(".messagelist")).to_be_visible()
    plain.close()


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
    yield signed_in(context.new_page(), demo)
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
