import pytest
from django.utils.translation import override

from sepahan_django.admin.kit import display

pytestmark = pytest.mark.usefixtures("english")


@pytest.mark.parametrize(
    ("money", "amount", "language", "shown"),
    [
        ("rial", 330_874_520, "en", "330,874,520 Rials"),
        ("toman", 330_874_520, "en", "33,087,452 Toman"),
        ("toman", 4_205, "en", "420.5 Toman"),
        ("toman", -4_205, "en", "-420.5 Toman"),
        ("toman", 0, "en", "0 Toman"),
        ("rial", 330_874_520, "fa", "۳۳۰٬۸۷۴٬۵۲۰"),
        ("toman", 330_874_520, "fa", "۳۳٬۰۸۷٬۴۵۲"),
        ("toman", 4_205, "fa", "۴۲۰٫۵"),
    ],
)
def test_an_amount_is_shown_in_the_projects_unit(settings, money, amount, language, shown):
    settings.SEPAHAN = {"CURRENCY_UNIT": money}
    with override(language):
        assert display.money_text(amount).startswith(shown)


def test_toman_carry_the_rials_on_hover(settings):
    settings.SEPAHAN = {"CURRENCY_UNIT": "toman"}
    assert display.money(1_258) == '<span title="1,258 Rials">125.8 Toman</span>'


def test_rials_are_what_is_shown_without_a_setting(settings):
    settings.SEPAHAN = {}
    assert display.money(1_258) == "1,258 Rials"


def test_no_amount_is_a_dash(settings):
    assert display.money(None) == "—"
