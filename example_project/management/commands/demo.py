"""The example project in one command: the server, the workers and the double of the gateway."""

import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

WORKERS = (
    ("sepahan_send_queued", "--loop", "2"),
    ("sepahan_sync_status", "--loop", "2"),
    ("sepahan_pull_inbox", "--loop", "2"),
)


class Command(BaseCommand):
    help = "Prepares the database and runs server and workers until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        port = options["port"]
        if not apps.is_installed("sepahan_django.sandbox"):
            # A gateway is set up here, perhaps with its database: no place for a user with a known password.
            raise CommandError("The demo runs with the sandbox only: start it with `make demo`.")
        self._check_port(port)
        call_command("migrate", verbosity=0)
        self._make_user()
        environment = os.environ | {"SEPAHAN_BASE_URL": f"http://127.0.0.1:{port}/sandbox"}
        # Both set explicitly: a shell that starts this in the background makes it ignore Ctrl-C.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        children: list[subprocess.Popen[bytes]] = []
        try:
            children.append(self._start(("runserver", f"127.0.0.1:{port}", "--noreload"), environment))
            self._wait_for_server(port, children[0])
            self._start(("sepahan_credit",), environment).wait()  # what cron does once an hour
            children += [self._start(worker, environment) for worker in WORKERS]
            self._tell(port)
            while all(child.poll() is None for child in children):
                time.sleep(0.5)
            raise CommandError("A part of the demo has ended; see above.")
        except KeyboardInterrupt:
            self.stdout.write("\nThe demo ends.")
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait()

    def _check_port(self, port: int) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise CommandError(f"Port {port} is taken: try `make demo PORT={port + 1}`.") from None

    def _make_user(self) -> None:
        users = get_user_model()._default_manager
        if not users.filter(username="admin").exists():
            users.create_superuser("admin", password="admin")

    def _start(self, words: tuple[str, ...], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
        # In a separate process group, so that only this process gets Ctrl-C and ends the others in order.
        return subprocess.Popen(
            [sys.executable, "manage.py", *words], env=environment, start_new_session=True
        )

    def _wait_for_server(self, port: int, server: "subprocess.Popen[bytes]") -> None:
        for _attempt in range(200):
            if server.poll() is not None:
                raise CommandError("The server has not started; see above.")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise CommandError("The server has not started in time.")

    def _tell(self, port: int) -> None:
        self.stdout.write(
            f"\n  Admin      http://127.0.0.1:{port}/admin/     user admin, password admin\n"
            f"  Phones     http://127.0.0.1:{port}/sandbox/   what was sent, and answers to it\n\n"
            "  Ctrl-C ends it.\n"
        )
        self.stdout.flush()
