"""Imports point one way: surfaces, services, models, values; services to gateway."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sepahan_django"

VALUES = frozenset({"values"})
GATEWAY = frozenset({"gateway"})
BASE = frozenset({"conf", "signals", "labels", "logs"})
MODELS = frozenset({"models"})
SERVICES = frozenset({"accounts", "outbox", "delivery", "inbox", "pruning", "reencryption", "exports"})
SERVICES |= {"jobs", "incidents", "figures", "readiness", "campaigns", "drafts", "lists"}
SURFACES = frozenset(
    {"sms", "dispatching", "tasks", "testing", "checks", "admin", "management", "apps", "templatetags"}
)
SANDBOX = frozenset({"sandbox"})

MAY_IMPORT = {
    **dict.fromkeys(VALUES, VALUES),
    **dict.fromkeys(GATEWAY, GATEWAY),
    **dict.fromkeys(BASE, GATEWAY | {"conf"}),
    **dict.fromkeys(MODELS, MODELS | VALUES | {"conf", "gateway.secrets"}),
    **dict.fromkeys(SERVICES, SERVICES | MODELS | VALUES | GATEWAY | BASE),
    # A draft that is sent goes on its way at once, like what the code sends.
    "drafts": SERVICES | MODELS | VALUES | GATEWAY | BASE | {"dispatching"},
    **dict.fromkeys(SURFACES, SURFACES | SERVICES | MODELS | VALUES | GATEWAY | BASE),
    **dict.fromkeys(SANDBOX, SANDBOX | {"gateway.codes"}),
}


def modules():
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "migrations" not in path.parts]


def imported(path):
    """The app's modules that a file imports, without the package's own name."""
    folder = path.relative_to(PACKAGE.parent).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else ()
            module = ".".join((*above, *filter(None, [node.module])))
            # `from package import a, b` may name modules as well as what is in them.
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (
            name.removeprefix("sepahan_django.") for name in names if name.startswith("sepahan_django.")
        )


def room_of(path):
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_the_rooms_below_it(path):
    room = room_of(path)
    if room == "__init__":
        return
    allowed = MAY_IMPORT[room]
    wrong = [
        name
        for name in imported(path)
        if not any(name == one or name.startswith(f"{one}.") for one in allowed)
    ]
    assert wrong == []


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
