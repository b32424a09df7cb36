import pytest

from sepahan_django.conf import setting


@pytest.mark.parametrize(
    ("name", "former", "value"), [("BULK_THRESHOLD", "MANY", 7), ("CURRENCY_UNIT", "MONEY", "toman")]
)
@pytest.mark.parametrize("is_former", [False, True])
def test_a_setting_is_found_by_its_name_and_by_its_former_one(settings, name, former, value, is_former):
    settings.SEPAHAN = {former if is_former else name: value}
    assert setting(name) == value


def test_of_both_names_the_new_one_counts(settings):
    settings.SEPAHAN = {"MANY": 5, "BULK_THRESHOLD": 0}
    assert setting("BULK_THRESHOLD") == 0


def test_a_setting_that_is_not_given_has_its_default(settings):
    settings.SEPAHAN = {}
    assert (setting("BULK_THRESHOLD"), setting("CURRENCY_UNIT")) == (100, "rial")


def test_an_unknown_name_is_a_mistake_of_the_app(settings):
    with pytest.raises(KeyError):
        setting("MANY_MORE")
