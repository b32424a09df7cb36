"""Every address and action of the app under the admin, found by walking what the site serves.

`test_rights` has the table of who may what. Here is what holds for all of them alike, so that a new page or
action is caught if it forgets it.
"""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core import serializers
from django.test import Client, RequestFactory, TestCase
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from sepahan_django.models import ApiKey, InboundMessage
from tests.admin.doors import ALL, APP, DOORS, OF_NO_ACCOUNT, PERMISSIONS, addresses, pages, sign_in

pytestmark = pytest.mark.django_db

SENT = {"state": "sent", "gateway_id": 1, "status_due_at": None}
READ = {"read_at": timezone.now()}
DONE = {"done_at": timezone.now()}
ACTIONS = {
    # model, action: the permissions that it takes beside that to see the list, and the rows it works on
    ("outboundmessage", "refresh_states"): (set(), SENT),
    ("outboundmessage", "cancel_queued"): ({"send_message"}, {"state": "queued", "request": None}),
    ("outboundmessage", "send_failed_again"): ({"send_message"}, {"state": "failed", "request": None}),
    ("inboundmessage", "mark_read"): ({"view_content"}, None),
    ("inboundmessage", "mark_unread"): ({"view_content"}, READ),
    ("inboundmessage", "mark_handled"): ({"change_inboundmessage"}, None),
    ("inboundmessage", "mark_open"): ({"change_inboundmessage"}, DONE),
    ("inboundmessage", "dispatch_again"): ({"pull_inbox"}, None),
    ("senderline", "delete_selected"): ({"delete_senderline"}, None),
    ("recipientlist", "delete_selected"): ({"delete_recipientlist"}, None),
    ("messagetemplate", "delete_selected"): ({"delete_messagetemplate"}, None),
}
"""Every action of every list of the app. One that is not here fails a test."""


def own_admins():
    """Each ModelAdmin of the app."""
    return {
        model._meta.model_name: model_admin
        for model, model_admin in admin.site._registry.items()
        if model._meta.app_label == APP.label
    }


def request_of(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


def walked(resolver=None, prefix=()):
    """Each pattern that the project serves, with the patterns before it."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from walked(entry, (*prefix, str(entry.pattern)))
        elif isinstance(entry, URLPattern):
            yield "".join((*prefix, str(entry.pattern))), entry


def the_apps_patterns():
    return [
        (route, entry)
        for route, entry in walked()
        if route.startswith((f"admin/{APP.label}/", f"^admin/{APP.label}/"))
    ]


# Nothing is left out of the table


def test_every_address_under_the_app_has_a_name_that_is_in_the_table():
    # Django's own redirect from `<id>/` has none.
    names = {
        (entry.name or "").removeprefix("sepahan_django_")
        for route, entry in the_apps_patterns()
        if not route.endswith("<path:object_id>/")
    }
    assert names == set(DOORS)


def test_no_address_of_the_app_lies_elsewhere():
    inside = {entry for _route, entry in the_apps_patterns()}
    strays = [
        route
        for route, entry in walked()
        if entry not in inside
        and getattr(entry.callback, "__module__", "").startswith("sepahan_django.")
        and not entry.callback.__module__.startswith("sepahan_django.sandbox")
    ]
    assert strays == []


def test_each_address_can_be_built_from_one_row():
    # One that needs more than a row would be walked by nobody.
    for name, (_model, is_about_one) in pages().items():
        try:
            reverse(f"admin:sepahan_django_{name}", args=[1] if is_about_one else [])
        except NoReverseMatch:
            pytest.fail(f"{name} takes other arguments than one id: teach `addresses` to build it.")


def test_every_action_is_in_the_table():
    request = request_of(User.objects.create_superuser("boss"))
    found = {
        (name, action)
        for name, model_admin in own_admins().items()
        for action in model_admin.get_actions(request)
    }
    assert found == set(ACTIONS)


# Actions


def states_of_all():
    return [serializers.serialize("json", model.objects.order_by("pk")) for model in APP.get_models()]


def prepared(rows, model, changes):
    if changes is not None:
        own_admins()[model].model.objects.update(**changes)


def run(client, rows, model, action, **more):
    row = rows[own_admins()[model].model]
    data = {"action": action, "_selected_action": [row.pk], "post": "yes", "decision": "yes", **more}
    with TestCase.captureOnCommitCallbacks(execute=True):
        return client.post(reverse(f"admin:sepahan_django_{model}_changelist"), data)


@pytest.mark.parametrize(("model", "action"), [one for one, (needed, _state) in ACTIONS.items() if needed])
def test_an_action_does_nothing_without_its_permission(client, rows, gateway, model, action):
    needed, changes = ACTIONS[model, action]
    prepared(rows, model, changes)
    sign_in(client, *(set(ALL) - needed))
    before = states_of_all()
    run(client, rows, model, action)
    run(client, rows, model, action, select_across="1")
    assert states_of_all() == before


@pytest.mark.parametrize(("model", "action"), ACTIONS)
def test_an_action_works_with_its_permission(client, rows, gateway, model, action):
    needed, changes = ACTIONS[model, action]
    prepared(rows, model, changes)
    sign_in(client, f"view_{model}", *needed)
    before = states_of_all()
    run(client, rows, model, action)
    assert states_of_all() != before


@pytest.mark.parametrize(
    ("model", "action"), [one for one in ACTIONS if own_admins()[one[0]].model not in OF_NO_ACCOUNT]
)
@pytest.mark.parametrize("across", [{}, {"select_across": "1"}])
def test_an_action_reaches_no_row_of_a_hidden_account(client, rows, limited, gateway, model, action, across):
    _needed, changes = ACTIONS[model, action]
    prepared(rows, model, changes)
    sign_in(client, *ALL)
    before = states_of_all()
    run(client, rows, model, action, **across)
    assert states_of_all() == before


# Pages


def visited(client, rows, method="get"):
    for name, address in addresses(rows):
        # As CSV an export leaves no open file behind.
        yield name, getattr(client, method)(address, {"format": "csv"} if method == "post" else None)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options"])
def test_no_method_opens_a_page_without_a_permission(client, rows, method):
    sign_in(client)
    assert {answer.status_code for _name, answer in visited(client, rows, method)} == {403}


@pytest.mark.parametrize("method", ["put", "patch", "delete", "head", "options"])
def test_no_other_method_than_post_changes_anything(client, rows, method):
    client.force_login(User.objects.create_superuser("boss"))
    before = states_of_all()
    for _name, _answer in visited(client, rows, method):
        pass
    assert (states_of_all(), LogEntry.objects.count()) == (before, 0)


def test_every_post_takes_a_csrf_token(rows):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("boss"))
    for name, answer in visited(client, rows, "post"):
        assert (answer.status_code, "CSRF" in answer.content.decode()) == (403, True), name


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_no_page_leads_elsewhere(client, rows, method, elsewhere):
    client.force_login(User.objects.create_superuser("boss"))
    names = ("next", "back", "return", "url", "redirect", "_changelist_filters", "_popup")
    for name, address in addresses(rows):
        # As CSV a file leaves nothing open behind.
        data = dict.fromkeys(names, elsewhere) | {"format": "csv"}
        query = "&".join(f"{one}={value}" for one, value in data.items())
        answer = (
            client.get(f"{address}?{query}") if method == "get" else client.post(f"{address}?{query}", data)
        )
        to = urlsplit(answer.headers.get("Location", "/"))
        assert (to.scheme, to.netloc) == ("", ""), name
        assert f'href="{elsewhere}' not in getattr(answer, "content", b"").decode("utf-8", "replace"), name


def test_no_page_is_kept_by_a_cache(client, rows):
    client.force_login(User.objects.create_superuser("boss"))
    for name, answer in visited(client, rows):
        if answer.status_code != 200:
            continue
        assert {"no-store", "private"} <= set(answer.headers["Cache-Control"].split(", ")), name


class Policed(HTMLParser):
    """Collects what a strict Content-Security-Policy would block, and what would come from other servers."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        if tag == "style" or (
            tag == "script" and "src" not in names and names.get("type") != "application/json"
        ):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.found.append(f"{tag} {name}={value!r}")
            if name in ("src", "href", "action", "formaction", "srcset", "data", "poster"):
                loads = not (tag == "a" and name == "href")
                if re.match(r"\s*(javascript|vbscript|data):", value or "", re.IGNORECASE) or (
                    loads and urlsplit(value or "").netloc
                ):
                    self.found.append(f"{tag} {name}={value!r}")


@pytest.mark.parametrize("language", ["fa", "en"])
def test_no_page_holds_what_a_strict_policy_blocks(client, rows, language):
    client.force_login(User.objects.create_superuser("boss"))
    client.cookies["django_language"] = language
    seen = 0
    for method in ("get", "post"):
        for name, answer in visited(client, rows, method):
            if answer.status_code == 200 and "html" in answer.headers["Content-Type"]:
                policed = Policed()
                policed.feed(answer.content.decode())
                assert policed.found == [], (name, method)
                seen += 1
    assert seen > 20


# What each page hides


def test_every_page_of_records_closes_lookups_by_their_texts(client, rows):
    """Of each model whose rows are shown, a text that is not declared as plain is no way to find it out."""
    sign_in(client, *PERMISSIONS, *(f"view_{name}" for name in own_admins()))
    for name, model_admin in own_admins().items():
        closed = getattr(model_admin, "content_fields", set)()
        for field in closed:
            answer = client.get(
                reverse(f"admin:sepahan_django_{name}_changelist"), {f"{field}__contains": "0"}
            )
            assert answer.status_code == 400, (name, field)


PLAIN = {
    # Of the models whose pages don't close lookups: their texts, which everybody sees who sees the page.
    "senderline": {"number", "label", "purpose"},
    "campaign": {"title"},
    "recipientlist": {"title", "columns"},
    "messagetemplate": {"title", "text"},
    "overview": {"name", "last_error"},  # has no list of rows
}


def test_no_list_leaves_lookups_open_unless_all_its_texts_are_plain():
    from django.db import models

    kinds = (models.CharField, models.TextField, models.JSONField)
    for name, model_admin in own_admins().items():
        texts = {
            one.name for one in model_admin.opts.concrete_fields if isinstance(one, kinds) and not one.choices
        }
        if hasattr(model_admin, "content_fields"):
            texts -= model_admin.content_fields()
            declared = {*model_admin.plain_fields, *map(str, model_admin.list_filter)}
            assert texts <= declared, name
        else:
            assert texts <= PLAIN.get(name, set()), name


def test_a_page_without_rows_is_closed_as_one_with_them(client, gateway):
    # A page may look at its rows before it looks at the permission.
    sign_in(client)
    for name, (_model, is_about_one) in pages().items():
        answer = client.get(reverse(f"admin:sepahan_django_{name}", args=[987_654] if is_about_one else []))
        # Django's own history looks for the row first; what it says is that there is none.
        closed = (302, "/admin/") if name.endswith("_history") else (403, "")
        assert (answer.status_code, answer.headers.get("Location", "")) == closed, name


def test_a_row_that_is_not_there_and_a_hidden_one_look_alike(client, rows, limited):
    sign_in(client, *ALL)
    for name, (model, is_about_one) in pages().items():
        if not is_about_one or model in OF_NO_ACCOUNT:
            continue
        for method in ("get", "post"):
            answers = []
            for pk in (rows[model].pk, 987_654):
                answer = getattr(client, method)(reverse(f"admin:sepahan_django_{name}", args=[pk]))
                answers.append((answer.status_code, answer.headers.get("Location", "")))
            assert answers[0] == answers[1], (name, method)


def test_the_walk_has_a_row_of_each_model_that_pages_are_about(rows):
    about = {model for model, is_about_one in pages().values() if is_about_one}
    assert about <= set(rows)
    assert {ApiKey, InboundMessage} <= about
