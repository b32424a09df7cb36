"""The lines for cron."""

import shlex
import sys
from pathlib import Path

import pytest

from sepahan_django.reports import readiness

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]


def manage(tmp_path, monkeypatch, folder="project"):
    """A manage.py in a folder of this name, as the one that runs."""
    script = tmp_path / folder / "manage.py"
    script.parent.mkdir()
    script.touch()
    monkeypatch.setattr(sys, "argv", [str(script), "runserver"])
    return script


def test_the_lines_name_this_python_and_this_projects_manage_py(tmp_path, monkeypatch):
    script = manage(tmp_path, monkeypatch)
    lines = readiness.cron_lines()
    assert lines[0] == f"* * * * * cd {script.parent} && {sys.executable} manage.py sepahan_send_queued"
    assert [line.split()[-1] for line in lines] == [
        "sepahan_send_queued",
        "sepahan_pull_inbox",
        "sepahan_sync_status",
        "sepahan_credit",
    ]


def test_paths_with_blanks_and_percent_signs_survive_cron(tmp_path, monkeypatch):
    script = manage(tmp_path, monkeypatch, "my 100% project")
    words = shlex.split(readiness.cron_lines()[0].replace(r"\%", "%"))
    assert words[words.index("cd") + 1] == str(script.parent)
    assert r"100\% project" in readiness.cron_lines()[0]


def test_under_a_web_server_manage_py_is_looked_for_where_the_project_is(tmp_path, monkeypatch):
    script = manage(tmp_path, monkeypatch)
    monkeypatch.setattr(sys, "argv", ["/usr/bin/gunicorn", "project.wsgi"])
    monkeypatch.chdir(script.parent)
    assert f"cd {script.parent} && " in readiness.cron_lines()[0]


def test_without_a_manage_py_django_itself_is_run(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/gunicorn"])
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.chdir(tmp_path)
    assert "-m django --settings tests.settings sepahan_send_queued" in readiness.cron_lines()[0]


def test_a_python_inside_a_web_server_is_replaced_by_that_of_its_environment(tmp_path, monkeypatch):
    manage(tmp_path, monkeypatch)
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")
    assert str(Path(sys.prefix) / "bin" / "python") in readiness.cron_lines()[0]
