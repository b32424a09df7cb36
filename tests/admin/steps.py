"""The three steps of sending as a browser takes them: write, check, send."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

SEND = "admin:sepahan_django_send"
TABLE = "نام\tموبایل\nعلی\t09121234567\nرضا\t09351234567\n\t09011234567\nx\t0912"
"""Two numbers with names, one without, and one that can't be read."""


def csv(text, name="people.csv"):
    """A file that is uploaded."""
    return SimpleUploadedFile(name, text.encode())


def page_of(answer):
    """An answer's page, as text."""
    return answer.content.decode()


def form(client, **changes):
    """What the page for writing would post."""
    fields = client.get(reverse(SEND)).context["form"]
    return {
        "account": fields.fields["account"].initial,
        "line": "3000123456",
        "recipients": "09121234567",
        "text": "سلام",
        "action": "check",
        **changes,
    }


def write(client, **changes):
    """Write; returns the answer, which leads to the check or shows what is wrong."""
    return client.post(reverse(SEND), form(client, **changes))


def look(client, **changes):
    """Write and look at the check."""
    answer = write(client, **changes)
    assert answer.status_code == 302, answer.context["form"].errors
    return client.get(answer.headers["Location"])


def send_data(page):
    """What the button on this check page would post."""
    return {"action": "send", "fingerprint": page.context["found"].fingerprint}


def send(client, **changes):
    """All three; returns the page that one is led to."""
    page = look(client, **changes)
    return client.post(page.request["PATH_INFO"], send_data(page), follow=True)


def check(client, draft, **data):
    """The page of this draft's check, or one of its buttons."""
    address = reverse("admin:sepahan_django_check", args=[draft.pk])
    return client.post(address, data, follow=True) if data else client.get(address)
