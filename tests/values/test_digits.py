import pytest

from sepahan_django.values.digits import latin_digits, localize_digits, localize_number, persian_digits


@pytest.mark.parametrize("typed", ["0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９"])
def test_digits_of_every_script_become_latin(typed):
    assert latin_digits(f"a {typed}") == "a 0123456789"


def test_latin_digits_become_persian_and_the_rest_stays():
    assert persian_digits("09 به ٠٩") == "۰۹ به ٠٩"


@pytest.mark.parametrize(("language", "shown"), [("fa", "۱۴۰۵/۰۹"), ("fa-ir", "۱۴۰۵/۰۹"), ("en", "1405/09")])
def test_digits_are_those_of_the_language(language, shown):
    assert localize_digits("1405/09", language=language) == shown


@pytest.mark.parametrize(("language", "shown"), [("fa", "۳۳٬۰۸۷٬۴۵۲"), ("en", "33,087,452")])
def test_a_number_has_the_separators_of_the_language(language, shown):
    assert localize_number(33087452, language=language) == shown
