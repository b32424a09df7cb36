"""Who may import whom: surfaces, services, models, values; one row a room. Outsiders use a room's face."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sepahan_django"

TOOLS = {"conf", "signals", "logs", "wording", "db", "models", "values", "gateway"}
"""What every service may use."""

SERVICES = {
    "accounts": set(),
    "delivery": {"accounts"},
    "inbox": {"accounts"},
    "outbox": {"accounts", "delivery"},
    "reports": {"accounts"},
    "jobs": set(),
    "after_commit": {"outbox", "tasks"},  # `tasks` inside a function, so that there need be no task queue
    "drafts": {"accounts", "outbox", "after_commit"},
}
"""Each service, and the other services that it may import."""

SURFACES = {
    "sms": {"outbox", "after_commit"},
    "tasks": {"accounts", "delivery", "inbox", "outbox", "jobs"},
    "management": {"accounts", "delivery", "inbox", "outbox", "jobs"},
    "admin": {"accounts", "delivery", "inbox", "outbox", "reports", "drafts", "after_commit"},
    "templatetags": {"admin"},
    "checks": {"accounts"},
    "apps": {"checks"},
}

MAY_IMPORT = {
    "conf": set(),
    "signals": set(),
    "logs": {"conf"},
    "values": set(),
    "gateway": set(),
    "wording": {"gateway", "values"},
    "db": {"conf"},
    "models": {"conf", "db", "values", "gateway.secrets"},
    "testing": {"gateway", "values"},
    # Nothing but numbers, so that a mistake of the client is not repeated in its double.
    "sandbox": {"gateway.codes"},
    **{room: others | TOOLS for room, others in {**SERVICES, **SURFACES}.items()},
}

FACES = {"accounts", "delivery", "inbox", "outbox", "drafts", "models"}
"""Rooms that others import by their face. Of the rest each module is a face of its own."""

INNER_DOORS = {
    "models.fields",  # named by migrations, and the place of what a token's column gives
    "drafts.saved_lists",  # a subject beside the draft
}

ADMIN_SUBJECTS = {
    "accounts",
    "campaigns",
    "compose",
    "conversations",
    "inbound",
    "outbound",
    "overview",
    "saved_lists",
}
SUBJECTS_MAY_IMPORT = {
    "campaigns": {"outbound.filters"},  # a campaign's page leads to its messages, by the filter's own link
    "inbound": {"conversations"},  # a list leads to conversations, whose address lies below it
    "outbound": {"compose"},  # the pages to write and check lie below the list
    "overview": {"accounts"},  # the first run shows the accounts' forms
}


def modules(folder=PACKAGE):
    return [path for path in sorted(folder.rglob("*.py")) if "migrations" not in path.parts]


def imported(path):
    """What of the app a file imports, as dotted names without the package's own."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            # `from package import a, b` may name modules as well as what is in them.
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith("sepahan_django."):
                yield name.removeprefix("sepahan_django.")


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def is_in(name, places):
    return any(name == place or name.startswith(f"{place}.") for place in places)


def by_name(path):
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", modules(), ids=by_name)
def test_a_module_imports_only_what_the_row_of_its_room_names(path):
    room = room_of(path)
    if room == "__init__":
        return
    allowed = MAY_IMPORT[room] | {room}
    assert [name for name in imported(path) if not is_in(name, allowed)] == []


def test_no_two_services_import_each_other():
    def below(room, seen=()):
        assert room not in seen, f"{room} imports itself over {seen}"
        for other in SERVICES.get(room, ()):
            below(other, (*seen, room))

    for room in SERVICES:
        below(room)


@pytest.mark.parametrize("path", modules(), ids=by_name)
def test_a_module_takes_what_other_rooms_show_at_their_face(path):
    inner = []
    for name in imported(path):
        room, *rest = name.split(".")
        is_module = len(rest) > 0 and (PACKAGE / room / f"{rest[0]}.py").exists()
        if room != room_of(path) and room in FACES and is_module and not is_in(name, INNER_DOORS):
            inner.append(name)
    assert inner == []


@pytest.mark.parametrize("path", modules(PACKAGE / "admin" / "kit"), ids=by_name)
def test_the_kit_imports_no_page(path):
    assert [
        name for name in imported(path) if is_in(name, ["admin"]) and not is_in(name, ["admin.kit"])
    ] == []


@pytest.mark.parametrize("subject", sorted(ADMIN_SUBJECTS))
def test_a_subject_of_the_admin_imports_the_kit_and_no_other_subject(subject):
    allowed = [f"admin.{one}" for one in ("kit", subject, *SUBJECTS_MAY_IMPORT.get(subject, ()))]
    assert [
        name
        for path in modules(PACKAGE / "admin" / subject)
        for name in imported(path)
        if is_in(name, ["admin"]) and not is_in(name, allowed)
    ] == []


def test_a_folder_of_the_admin_is_a_subject_or_the_kit():
    folders = {path.name for path in (PACKAGE / "admin").iterdir() if (path / "__init__.py").exists()}
    assert folders == ADMIN_SUBJECTS | {"kit"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "gateway").glob("*.py")), ids=lambda path: path.name)
def test_the_gateway_knows_no_django(path):
    assert "django" not in {
        name.name.split(".")[0] if isinstance(node, ast.Import) else (node.module or "").split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }


def test_a_django_that_starts_does_not_import_requests():
    code = (
        "import sys, django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup();"
        "from django.core.management import call_command; call_command('check');"
        "import sepahan_django.sms; sys.exit('requests' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


TESTS = Path(__file__).parent


@pytest.mark.parametrize("path", modules(TESTS), ids=lambda path: str(path.relative_to(TESTS)))
def test_no_module_of_the_tests_imports_from_a_test_module(path):
    """What several need is in a helper module, or is a fixture of a conftest.py."""
    names = [
        name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (getattr(node, "module", None) or "", *(alias.name for alias in node.names))
    ]
    assert [name for name in names if name.split(".")[-1].startswith("test_")] == []
