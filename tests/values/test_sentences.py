import copy
import json
import pickle

import pytest
from django.utils.translation import override

from sepahan_django.values.sentences import PREFIX, Sentence, joined, restored, sentence, shortened, stored

FAILED = "The gateway client failed: %(error)s"


def test_a_sentence_is_a_text_in_the_language_it_was_made_in():
    with override("en"):
        assert sentence(FAILED, error="KeyError") == "The gateway client failed: KeyError"


def test_a_stored_sentence_is_read_in_the_language_of_the_reader():
    with override("fa"):
        kept = stored(sentence(FAILED, error="KeyError"))
    with override("en"):
        assert restored(kept) == "The gateway client failed: KeyError"


def test_a_sentence_within_a_sentence_is_read_in_the_language_of_the_reader():
    with override("fa"):
        kept = stored(sentence("paused: %(why)s", why=sentence("The text is empty.")))
    with override("en"):
        assert restored(kept) == "paused: The text is empty."


def test_sentences_in_a_row_are_read_in_the_language_of_the_reader():
    with override("fa"):
        kept = stored(joined(["شرکت: ", sentence("The text is empty."), sentence(FAILED, error="X")], "\n"))
    with override("en"):
        assert restored(kept) == "شرکت: \nThe text is empty.\nThe gateway client failed: X"


@pytest.mark.parametrize(
    "text", ["", "no credit", "50 % (off)", "%(error)s", f'{PREFIX}[["x", {{}}]]', PREFIX]
)
def test_a_plain_text_is_read_as_it_was_stored(text):
    assert restored(stored(text)) == text


@pytest.mark.parametrize(
    "rest", ["", "[", "{}", "1", "[1]", '[["a"]]', '[["a", 1]]', "[[{}, {}]]", "[" * 100_000]
)
def test_what_can_not_be_read_stays_as_it_is(rest):
    assert restored(PREFIX + rest) == PREFIX + rest


def test_a_stored_sentence_can_ask_for_no_width():
    kept = PREFIX + json.dumps([["%(error)999999999d %(error)s", {"error": "X"}]])
    assert restored(kept) == "%(error)999999999d X"


def test_a_value_that_is_missing_is_left_out():
    with override("en"):
        assert restored(PREFIX + json.dumps([[FAILED, {}]])) == "The gateway client failed: "


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_of_a_sentence_is_a_sentence(again):
    made = joined(["main: ", sentence(FAILED, error="KeyError")])
    assert stored(again(made)) == stored(made)


def test_what_others_wrote_can_be_cleaned_in_a_sentence():
    made = joined(["main\n: ", sentence("paused: %(why)s", why=sentence(FAILED, error="a\nb"))])
    with override("en"):
        assert restored(stored(made.cleaned(lambda text: text.replace("\n", " ")))) == (
            "main : paused: The gateway client failed: a b"
        )


def test_a_sentence_that_is_too_long_keeps_its_first_pieces():
    with override("fa"):
        cut = shortened(joined(["a" * 10, sentence("The text is empty."), "b" * 1000]), 100)
        kept = stored(cut)
    with override("en"):
        assert restored(kept).startswith("aaaaaaaaaaThe text is empty.bbb")
    assert (len(cut), isinstance(cut, Sentence)) == (100, True)


def test_a_sentence_whose_first_piece_is_too_long_is_cut_and_not_lost():
    assert shortened(sentence("x" * 50), 10) == "x" * 10


def test_an_empty_sentence_is_stored_as_nothing():
    assert stored(joined([])) == ""


def test_a_plain_text_that_is_too_long_is_cut():
    assert (shortened("abc", 2), shortened("abc", 3)) == ("ab", "abc")
