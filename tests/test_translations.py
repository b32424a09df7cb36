import os
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.utils.translation import gettext, override

from sepahan_django.gateway.codes import DeliveryStatus, ErrorCode
from sepahan_django.models import MessageState
from sepahan_django.wording import DELIVERIES, ERRORS

ROOT = Path(__file__).parent.parent
CATALOGUES = [
    ROOT / name / "locale/fa/LC_MESSAGES/django.po" for name in ("sepahan_django", "example_project")
]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-5])
def test_no_entry_is_empty_fuzzy_or_obsolete(path):
    entries = polib.pofile(str(path))
    assert [one.msgid for one in entries if not one.translated() or one.obsolete] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-5])
def test_the_compiled_catalogue_is_that_of_the_source(path):
    def content(entries):
        return {(one.msgid, one.msgstr, tuple(one.msgstr_plural.items())) for one in entries}

    assert content(polib.pofile(str(path))) == content(polib.mofile(str(path.with_suffix(".mo"))))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-5])
def test_every_placeholder_is_in_the_translation(path):
    for entry in polib.pofile(str(path)):
        for text in [entry.msgstr] if entry.msgstr else entry.msgstr_plural.values():
            for word in ("%(", "{"):
                assert entry.msgid.count(word) == text.count(word), entry.msgid


@pytest.mark.parametrize("state", MessageState)
def test_every_state_has_a_persian_word(state):
    with override("en"):
        english = str(state.label)
    with override("fa"):
        assert str(state.label) != english


def test_every_code_of_the_gateway_has_words():
    assert (set(ERRORS), set(DELIVERIES)) == (set(ErrorCode), set(DeliveryStatus))


def test_persian_is_spoken():
    with override("fa"):
        assert gettext("Send SMS") == "ارسال پیامک"


@pytest.mark.parametrize("folder", ["sepahan_django", "example_project"])
def test_the_catalogue_has_every_text_of_the_source_and_no_other(tmp_path, folder):
    if shutil.which("xgettext") is None:
        if os.environ.get("REQUIRE_SERVICES"):
            pytest.fail("gettext is not installed.")
        pytest.skip("gettext is not installed.")
    copy = shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "-l", "fa", "--no-obsolete", "-v", "0"],
        cwd=copy,
        check=True,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
    )
    path = Path("locale/fa/LC_MESSAGES/django.po")
    made, kept = (polib.pofile(str(base / path)) for base in (copy, ROOT / folder))
    assert {(e.msgid, e.msgid_plural) for e in made if not e.obsolete} == {
        (e.msgid, e.msgid_plural) for e in kept if not e.obsolete
    }
