import pytest

from sepahan_django import inbox, testing
from sepahan_django.gateway.errors import Rejected
from sepahan_django.models import InboundMessage
from sepahan_django.sms import send_sms

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _memory(settings):
    settings.SEPAHAN = {"API_KEY": "t", "SENDER": "3000", "CLIENT": "sepahan_django.testing.MemoryClient"}


def test_what_is_sent_is_remembered():
    message = send_sms("09121234567", "سلام")
    assert [(sms.id, sms.recipient, sms.text) for sms in testing.memory.outbox] == [
        (message.gateway_id, "09121234567", "سلام")
    ]


def test_what_is_put_in_comes_in():
    testing.memory.receive(sender="09121234567", text="بله")
    inbox.pull()
    assert InboundMessage.objects.get().text == "بله"


def test_an_error_can_be_scripted():
    testing.memory.errors.append(Rejected("no", code=-999))
    assert send_sms("09121234567", "سلام").state == "failed"


def test_the_console_client_prints(settings, capsys):
    settings.SEPAHAN = {**settings.SEPAHAN, "CLIENT": "sepahan_django.testing.ConsoleClient"}
    send_sms("09121234567", "سلام")
    assert "09121234567: سلام" in capsys.readouterr().out
