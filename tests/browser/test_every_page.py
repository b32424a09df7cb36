"""What holds for every page: its width, and a strict Content-Security-Policy."""

import pytest

from tests.browser.pages import PAGES, overhang

pytestmark = pytest.mark.browser


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
def test_no_page_is_wider_than_its_window(page, demo, path):
    page.goto(f"{demo}/{path}")
    assert overhang(page) == {1280: 0, 390: 0}


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
