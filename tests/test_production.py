"""The example project, with the environment that the README gives for production."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def environment():
    """What the README names, with a value in the place of each <placeholder>."""
    section = (ROOT / "README.rst").read_text().partition("\nProduction\n")[2]
    named = dict(re.findall(r"^    ([A-Z_]+)=(.+)$", section, re.MULTILINE))
    assert set(named) >= {"DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "SEPAHAN_API_KEY"}
    values = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SEPAHAN_API_KEY": "0" * 32,
        "SEPAHAN_SENDER": "3000123456",
    }
    return {name: values[name] if value.startswith("<") else value for name, value in named.items()}


def checked(**changes):
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("SEPAHAN", "DEMO", "DEBUG"))
    }
    words = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    variables = {**own, "DJANGO_SETTINGS_MODULE": "example_project.settings", **environment(), **changes}
    done = subprocess.run(words, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_check_for_deployment_finds_nothing():
    status, said = checked()
    assert status == 0, said


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"DEBUG": "true"}, "sepahan.W005"),
        ({"DEBUG": "true", "SEPAHAN_API_KEY": ""}, "sepahan.W002"),
        ({"SEPAHAN_BASE_URL": "http://127.0.0.1:8000/sandbox"}, "sepahan.W004"),
        ({"SEPAHAN_BASE_URL": "http://api.sepahansms.com"}, "sepahan.E005"),
        ({"SEPAHAN_CA_BUNDLE": "/nowhere.pem"}, "sepahan.E006"),
    ],
)
def test_what_is_weak_is_named(changes, named):
    status, said = checked(**changes)
    assert (status, named in said) == (1, True), said
