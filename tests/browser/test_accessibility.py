"""What axe-core finds on every page, in both languages, light and dark, and in forms with errors."""

import pytest

from tests.browser.pages import PAGES, opened

pytestmark = pytest.mark.browser

OF_DJANGO = {
    # The admin doesn't underline the links of its breadcrumbs.
    "link-in-text-block": ".breadcrumbs a",
    # The label of the admin's search is a picture with a text.
    "label-title-only": "#searchbar",
}
"""What axe says of the admin's own markup, which is not the app's: the rule, and the element it may name."""


@pytest.fixture
def examined(browser, cookies):
    """A page for axe, which styles elements to measure them: nothing that the policy would allow."""
    context = browser.new_context(locale="fa-IR", bypass_csp=True, storage_state=cookies)
    yield context.new_page()
    context.close()


def serious(page, *rules):
    """What axe finds on the open page that is serious or critical: the rule, the element, the remedy.

    By all its rules, or by these alone.
    """
    from axe_playwright_python.sync_playwright import Axe

    # What is in order isn't collected, which is half the work.
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    found = Axe().run(page, options=options).response
    return [
        (rule["id"], node["html"], node["failureSummary"])
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
        if not page.locator(node["target"][0]).evaluate(
            "(element, selector) => selector && element.matches(selector)", OF_DJANGO.get(rule["id"])
        )
    ]


def faults_of_all_pages(page, demo, *rules):
    """What axe finds on each of the pages, by its address."""
    found = {}
    for path in PAGES:
        opened(page, demo, path)
        found[path] = serious(page, *rules)
    return {path: faults for path, faults in found.items() if faults}


@pytest.mark.parametrize("language", ["fa", "en"])
def test_axe_finds_nothing_serious_on_any_page(examined, demo, language):
    examined.context.add_cookies([{"name": "django_language", "value": language, "url": demo}])
    assert faults_of_all_pages(examined, demo) == {}


def test_the_colours_of_the_dark_are_told_apart_on_every_page(examined, demo):
    examined.emulate_media(color_scheme="dark")
    assert faults_of_all_pages(examined, demo, "color-contrast") == {}


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
