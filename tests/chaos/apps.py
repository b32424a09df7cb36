"""A project's receiver in a chaos run: it notes what it is sent, and sometimes raises the first time."""

import os

from django.apps import AppConfig


class Chaos(AppConfig):
    """The project that the workers of a chaos run belong to."""

    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        from sepahan_django.signals import message_received

        message_received.connect(note)


def note(sender, message, **kwargs):  # type: ignore[no-untyped-def]
    if message.pk % 19 == 0 and not message.dispatch_attempts:
        raise RuntimeError("a receiver that can't do it yet")
    # One write for a line: what a killed process has noted is whole.
    file = os.open(os.environ["CHAOS_DISPATCHED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{message.pk}\n".encode())
    os.close(file)
