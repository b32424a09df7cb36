"""`manage.py demo` in a process of its own, and the browser that looks at it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def free_port() -> int:
    """One that nobody listens on at the moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def demo_environment(folder: Path, port: int) -> dict[str, str]:
    """The variables of a demo with its database in this folder, also for another process that works on it."""
    return os.environ | {
        "DEMO": "true",
        "DEBUG": "true",
        "DATABASE_URL": f"sqlite:///{folder / 'demo.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        "PYTHONUNBUFFERED": "1",
        "SEPAHAN_API_KEY": "",
        "SEPAHAN_BASE_URL": f"http://127.0.0.1:{port}/sandbox",
    }


@contextmanager
def running_demo(environment: dict[str, str], port: int) -> Iterator[str]:
    """The demo's address, while it runs."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert any("Ctrl-C ends it" in line for line in lines), "the demo has not started"
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.stdout.close()
        assert process.wait(30) == 0


def signed_in(page: Any, address: str, language: str = "fa") -> Any:
    """This page, as the demo's user who reads this language."""
    page.context.add_cookies([{"name": "django_language", "value": language, "url": address}])
    page.goto(f"{address}/admin/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", "admin")
    page.press("#id_password", "Enter")
    page.wait_for_selector("#user-tools")
    return page
