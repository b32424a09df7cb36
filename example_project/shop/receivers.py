"""What happens when an SMS comes in: a keyword is answered, a digit is a vote."""

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from example_project.shop.models import Order, Vote
from sepahan_django.models import InboundMessage
from sepahan_django.signals import message_received
from sepahan_django.sms import InvalidPhoneNumber, send_sms
from sepahan_django.values.digits import latin_digits
from sepahan_django.values.phones import normalize_mobile

KEYWORDS = {"سفارش", "order"}


@receiver(message_received)
def answer(sender: Any, message: InboundMessage, **kwargs: Any) -> None:
    """Answer the keyword with the state of the last order, and a vote with thanks.

    A message may be dispatched twice after a crash; the idempotency keys ensure a single answer.
    """
    text = latin_digits(message.text).strip().lower()
    try:
        mobile = normalize_mobile(message.sender)
    except InvalidPhoneNumber:
        return  # a service number can't be answered
    if text in KEYWORDS:
        order = Order.objects.filter(mobile=mobile).order_by("-pk").first()
        reply = (
            _("Your order %(number)s: %(state)s.") % {"number": order.pk, "state": order.get_state_display()}
            if order
            else _("There is no order with this number.")
        )
    elif text in {"1", "2", "3"}:
        Vote.objects.update_or_create(mobile=mobile, defaults={"choice": int(text)})
        reply = _("Thank you. Your vote has been counted: %(choice)s") % {"choice": text}
    else:
        return
    send_sms(mobile, reply, idempotency_key=f"shop-reply-{message.pk}")
