"""Writing, with and without scripts: the counter, the names of columns, the buttons."""

import json

import pytest

from tests.browser.pages import overhang
from tests.values.part_vectors import VECTORS, spelled

pytestmark = pytest.mark.browser


def written(page, demo, recipients, text):
    """The page for writing, with this typed into it."""
    page.goto(f"{demo}/admin/sepahan_django/outboundmessage/send/")
    page.fill("#id_recipients", recipients)
    page.fill("#id_text", text)


def test_a_saved_list_is_filled_from_a_paste_and_a_template_is_counted(page, demo):
    from playwright.sync_api import expect

    page.goto(f"{demo}/admin/sepahan_django/recipientlist/add/")
    page.fill("#id_title", "کارکنان")
    page.locator("input[name=_save]").click()
    page.fill("#id_recipients", "موبایل\tنام\n۰۹۱۲۱۲۳۴۵۶۷\tعلی\n9351234567\tمریم\n0912\tرضا")
    page.get_by_role("button", name="افزودن به فهرست").click()
    expect(page.locator(".sepahan-report")).to_contain_text("رقم‌هایش کم است")
    expect(page.locator(".sepahan-members tbody tr")).to_have_count(2)
    assert overhang(page) == {1280: 0, 390: 0}
    page.goto(f"{demo}/admin/sepahan_django/messagetemplate/add/")
    page.fill("#id_title", "سپاس")
    page.fill("#id_text", "{نام} عزیز، سپاس")
    expect(page.locator("#id_text-count")).to_contain_text("۱۶ نویسه")
    page.locator("input[name=_save]").click()
    expect(page.locator("#result_list")).to_contain_text("سپاس")


def test_the_browser_counts_as_the_server_does(page, demo):
    page.goto(f"{demo}/admin/sepahan_django/outboundmessage/send/")
    texts = [spelled(vector[0]) for vector in VECTORS]
    counted = page.evaluate(
        f"{json.dumps(texts)}.map((text) => {{ const c = window.sepahanCountParts(text);"
        "return [c.encoding, c.units, c.parts, c.left]; })"
    )
    assert counted == [vector[1:] for vector in VECTORS]


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


def test_the_check_is_not_wider_than_its_window(page, demo):
    written(page, demo, "name\tnumber\n" + "x" * 300 + "\t09121234567\n?\t" + "9" * 60, "{name} " + "y" * 300)
    page.locator(".submit-row button").click()
    page.wait_for_selector(".sepahan-sample")
    assert overhang(page) == {1280: 0, 390: 0}


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
