"""A process that sends as a web project does: `python -m tests.chaos.caller`, one SMS after another, inline.

Each has an idempotency key. One that was killed before its call came back makes the same call again, as a
user does who presses the button again.
"""

import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.chaos.settings")
os.environ["CHAOS_DISPATCH"] = "inline"


def main() -> None:
    django.setup()
    from django.db import DatabaseError, InterfaceError, connection

    from sepahan_django.models import OutboundMessage
    from sepahan_django.sms import send_sms

    serial = -1
    while True:
        try:
            if serial < 0:
                serial = max(
                    OutboundMessage.objects.filter(idempotency_key__startswith="call ").count() - 1, 0
                )
            send_sms(f"0913{serial:07}", f"call {serial}", idempotency_key=f"call {serial}")
            serial += 1
        except (DatabaseError, InterfaceError):
            connection.close()
        time.sleep(0.1)


if __name__ == "__main__":
    main()
