"""Sending from code, as a project does it."""

import secrets
from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from example_project.shop.models import OneTimeCode, Order
from sepahan_django.models import OutboundMessage, Priority
from sepahan_django.sms import send_sms

CODE_LIFE = timedelta(minutes=2)


def move_order(order: Order, state: str) -> OutboundMessage:
    """Change the order's state and notify the customer, both or neither.

    The SMS is in the same transaction, so that it goes out only if the change is kept; the key makes sure
    that the same change, made twice, is notified once.
    """
    with transaction.atomic():
        order.state = state
        order.save(update_fields=["state"])
        return send_sms(
            order.mobile,
            _("%(customer)s, your order %(number)s: %(state)s.")
            % {"customer": order.customer, "number": order.pk, "state": order.get_state_display()},
            idempotency_key=f"order-{order.pk}-{state}",
        )


def send_code(mobile: str) -> OutboundMessage:
    """Send a code to log in with. After two minutes it is neither sent nor accepted."""
    code = f"{secrets.randbelow(10**6):06}"
    until = timezone.now() + CODE_LIFE
    message = send_sms(
        mobile, _("Your code: %(code)s") % {"code": code}, expires_at=until, priority=Priority.URGENT
    )
    OneTimeCode.objects.create(mobile=message.recipient, code_hash=make_password(code), expires_at=until)
    return message


def check_code(mobile: str, code: str) -> bool:
    """Whether this is the number's current code; it can be used once."""
    current = OneTimeCode.objects.filter(mobile=mobile, expires_at__gt=timezone.now()).order_by("-pk").first()
    if current is None or not check_password(code, current.code_hash):
        return False
    current.delete()
    return True
