"""What holds for every page: its width, and a strict Content-Security-Policy."""

import pytest

from tests.browser.pages import PAGES, opened, overhang

pytestmark = pytest.mark.browser


def test_no_page_is_wider_than_its_window(page, demo):
    found = {}
    for path in PAGES:
        opened(page, demo, path)
        found[path] = overhang(page)
    assert {path: by for path, by in found.items() if any(by.values())} == {}


@pytest.mark.parametrize("language", ["fa", "en"])
def test_every_page_works_under_a_strict_content_security_policy(page, demo, language):
    page.context.add_cookies([{"name": "django_language", "value": language, "url": demo}])
    for path in PAGES:
        policy = opened(page, demo, path).headers["content-security-policy"]
        assert ("default-src 'self'" in policy, "unsafe" in policy) == (True, False), path
        # What a policy blocks the browser complains of, which the fixture finds.
        assert (
            page.locator("[style], style, script:not([src]):not([type='application/json'])").count() == 0
        ), path


def test_an_sms_is_written_corrected_and_sent_under_that_policy(page, demo):
    page.goto(f"{demo}/admin/sepahan_django/outboundmessage/send/")
    page.fill("#id_recipients", "09121234567")
    page.fill("#id_text", "x {y}")
    page.locator(".submit-row button").click()
    page.get_by_role("link", name="بازگشت").click()
    page.fill("#id_text", "x")
    page.locator(".submit-row button").click()
    page.locator("#sepahan-send").click()
    page.wait_for_selector(".messagelist")
