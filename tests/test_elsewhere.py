"""The app in a project of another shape: tests/elsewhere, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_app_works_with_a_users_model_and_an_admin_site_of_the_projects_own():
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *("--create-db", "--ds", "tests.elsewhere.settings", "tests/elsewhere/checks.py"),
        ],
        cwd=ROOT,
        # Not what the outer run tells its own workers.
        env={
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
