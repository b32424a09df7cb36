"""The Jalali calendar beside a field for a date."""

import pytest

pytestmark = pytest.mark.browser

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
    calendar.get_by_role("button", name="Select").click()
    expect(page.locator("#moment")).to_have_value("۱۴۹۹/۱۲/۰۵ ۱۴:۲۰")
    assert parse_typed_datetime(page.input_value("#moment")) == parse_typed_datetime("1499/12/05 14:20")


def test_a_time_that_is_past_is_not_written_where_the_first_is_now(page, demo):
    from playwright.sync_api import expect

    calendar = with_time(page, demo, "1400/01/01 08:05")
    expect(calendar.locator("tbody button[aria-current=date]")).to_have_count(1)
    calendar.get_by_role("button", name="Select").click()
    expect(calendar.get_by_role("alert")).to_have_text("This time has passed.")
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
