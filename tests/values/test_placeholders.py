import pytest

from sepahan_django.values.placeholders import Filling, InvalidPlaceholder, clean_name, placeholders


@pytest.mark.parametrize(
    ("text", "columns", "values", "filled"),
    [
        ("سلام {نام}", ["نام"], {"نام": "علی"}, "سلام علی"),
        ("{ name }!", ["Name"], {"Name": "Ali"}, "Ali!"),
        ("{ستون ۲}", ["ستون 2"], {"ستون 2": "x"}, "x"),
        ("{كد}", ["کد"], {"کد": "7"}, "7"),
        ("{{name}}", ["name"], {"name": "x"}, "{name}"),
        ("{{{name}}}", ["name"], {"name": "x"}, "{x}"),
        ("{a}{a}", ["a"], {"a": "{b}"}, "{b}{b}"),
        ("{a.b}", ["a.b"], {"a.b": "x"}, "x"),
    ],
)
def test_a_placeholder_stands_for_a_column(text, columns, values, filled):
    assert Filling(text, columns).fill(values) == filled


@pytest.mark.parametrize("text", ["{", "}", "a } b", "{}", "{ }", "{a\nb}", "{{}"])
def test_a_stray_brace_is_refused(text):
    with pytest.raises(InvalidPlaceholder):
        Filling(text, ["a"])


@pytest.mark.parametrize("text", ["{name.__class__}", "{name!r}", "{name:>10}", "{0}"])
def test_nothing_but_names_is_known(text):
    assert Filling(text, ["name"]).unknown == [text[1:-1]]


def test_a_text_without_columns_is_the_same_for_all():
    assert (Filling("{{a}} b", ["a"]).constant, Filling("{a}", ["a"]).constant) == ("{a} b", None)


def test_an_empty_column_is_told():
    assert Filling("{a} {b}", ["a", "b"]).empty({"a": " ", "b": "x"}) == ["a"]


def test_a_name_used_twice_is_named_once():
    assert len(placeholders("{a} {b} {A}")) == 2


def test_a_columns_name_has_no_braces_and_one_line():
    assert clean_name(" {na\nme} ") == "(na me)"
