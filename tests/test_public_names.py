"""`docs/api.rst` lists the public names, and README, docs and example project keep to them."""

import ast
import re
import textwrap
from pathlib import Path
from pkgutil import resolve_name

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.urls import get_resolver
from docutils.core import publish_doctree

from sepahan_django import conf, testing

ROOT = Path(__file__).parent.parent
API = (ROOT / "docs" / "api.rst").read_text()
README = ROOT / "README.rst"
PAGES = (README, *sorted((ROOT / "docs").glob("*.rst")))
ABOUT_INNER_MODULES = {"architecture.rst", "contributing.rst", "decisions.rst", "gateway.rst"}
EXAMPLE = sorted((ROOT / "example_project").rglob("*.py"))

LISTED = re.findall(r"^\.\. auto\w+:: (sepahan_django\.\S+)$", API, re.MULTILINE)
DOTTED = re.compile(r"sepahan_django(?:\.\w+)+")
QUOTED = re.compile(rf"``({DOTTED.pattern})``")
FIELDS = re.compile(r"^\.\. autoclass:: (\S+)\n\n   Fields: ((?:``\w+``,?\s+)*``\w+``)\.", re.MULTILINE)


def public():
    """The listed names, the modules that hold them, and the other names that the page quotes."""
    modules = {name.rpartition(".")[0] for name in LISTED}
    return {"sepahan_django", *LISTED, *modules, *QUOTED.findall(API)}


def imported(source):
    """The app's names that some code imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if DOTTED.match(alias.name))
        elif isinstance(node, ast.ImportFrom) and re.match(r"sepahan_django\b", node.module or ""):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def named(source):
    """The app's names that some code has as strings: classes in settings, modules of URLs, permissions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED.fullmatch(node.value):
            yield node.value


def python_blocks(page):
    """The page's blocks of Python code, without their indentation."""
    found = re.findall(r"^\.\. code-block:: python\n\n((?:(?: {4}.*)?\n)+)", page.read_text(), re.MULTILINE)
    return [textwrap.dedent(block) for block in found]


def relative(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("name", LISTED)
def test_a_listed_name_can_be_imported(name):
    resolve_name(name)


def test_no_name_is_listed_twice():
    assert sorted(LISTED) == sorted(set(LISTED))


@pytest.mark.parametrize(("name", "fields"), FIELDS.findall(API))
def test_a_listed_field_is_one_of_its_model(name, fields):
    model = resolve_name(name)
    assert set(re.findall(r"\w+", fields)) <= {field.name for field in model._meta.get_fields()}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_code_blocks_use_public_names_only(page):
    used = {name for block in python_blocks(page) for name in (*imported(block), *named(block))}
    assert used - public() == set()


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_a_page_for_users_mentions_public_names_only(page):
    if page.name in ABOUT_INNER_MODULES:
        return
    assert set(QUOTED.findall(page.read_text())) - public() == set()


@pytest.mark.parametrize("path", EXAMPLE, ids=relative)
def test_the_example_project_uses_public_names_only(path):
    source = path.read_text()
    assert {*imported(source), *named(source)} - public() == set()


@pytest.mark.parametrize(
    "code",
    [
        "from sepahan_django.outbox.claiming import claim",
        "from sepahan_django.sms import Draft",
        "import sepahan_django.outbox.claiming",
        'CLIENT = "sepahan_django.gateway.client.SepahanClient"',
    ],
)
def test_an_inner_name_in_code_is_noticed(code):
    assert {*imported(code), *named(code)} - public()


@pytest.mark.parametrize("name", ["README.rst", "CHANGELOG.rst"])
def test_a_package_index_can_show_the_page(name):
    """Without Sphinx, whose roles and directives docutils refuses."""
    strict = {"halt_level": 2, "report_level": 5, "syntax_highlight": "none"}
    publish_doctree((ROOT / name).read_text(), settings_overrides=strict)


@pytest.mark.parametrize("name", ["README.rst", "docs/start.rst", "docs/sending.rst", "docs/admin.rst"])
def test_python_examples_compile(name):
    blocks = python_blocks(ROOT / name)
    assert blocks
    for block in blocks:
        compile(block, name, "exec")


def test_every_setting_is_described():
    page = (ROOT / "docs" / "start.rst").read_text()
    assert [key for key in conf.DEFAULTS if f"``{key}``" not in page] == []


def test_every_command_is_described():
    page = (ROOT / "docs" / "start.rst").read_text()
    commands = {path.stem for path in (ROOT / "sepahan_django/management/commands").glob("sepahan_*.py")}
    assert commands == set(re.findall(r"^``(sepahan_\w+)[ `]", page, re.MULTILINE))


def test_every_check_is_within_the_range_listed():
    package = ROOT / "sepahan_django"
    source = (package / "checks.py").read_text() + (package / "admin" / "send_mixin.py").read_text()
    last = {kind: max(re.findall(rf'"(sepahan\.{kind}\d+)"', source)) for kind in "EWI"}
    assert [name for name in last.values() if f"``{name}``" not in API] == []


def test_every_permission_is_listed():
    names = {
        f"sepahan_django.{codename}"
        for model in apps.get_app_config("sepahan_django").get_models()
        for codename, _title in model._meta.permissions
    }
    assert names - public() == set()


def test_each_listed_url_name_is_one_of_the_admin():
    names = set(re.findall(r"``(sepahan_django_\w+)``", API))
    _prefix, resolver = get_resolver().namespace_dict["admin"]
    assert names - set(resolver.reverse_dict) == set()
    assert names


@pytest.fixture
def memory(settings):
    settings.SEPAHAN = {
        "API_KEY": "0" * 32,
        "SENDER": "3000",
        "CLIENT": "sepahan_django.testing.MemoryClient",
    }
    return testing.memory


def example(page, word):
    """What the example of this page that contains this word defines, once it has run."""
    names = {}
    exec(next(block for block in python_blocks(page) if word in block), names)
    return names


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", [README, ROOT / "docs" / "sending.rst"], ids=relative)
def test_the_first_example_sends_what_it_says(page, memory):
    names = example(page, "send_mass_sms")
    assert names["message"].state == "sent"
    assert [sms.recipient for sms in memory.outbox] == ["09121234567", "09121234567"]
    assert names["OutboundMessage"].objects.filter(state="queued").count() == len(names["numbers"])


@pytest.mark.django_db(transaction=True)
def test_the_example_of_a_draft_sends_to_each_by_name(memory):
    class Person:
        mobile, name = "0912 123 4567", "Ali"

    user = get_user_model().objects.create(username="boss")
    example(ROOT / "docs" / "sending.rst", "drafts.start")["invite"](user, [Person])
    assert [sms.text for sms in memory.outbox] == ["Ali, the meeting starts at ten."]
