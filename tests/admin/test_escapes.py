"""Ways around what is hidden and limited, each tried as somebody would who wants to know or to take."""

import json

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import models
from django.urls import reverse

from sepahan_django import accounts
from sepahan_django.db.encryption import encrypt
from sepahan_django.models import (
    ApiKey,
    InboundMessage,
    JobRun,
    OutboundMessage,
    RecipientList,
    SenderLine,
    SendRequest,
)
from tests.admin.doors import ALL, PERMISSIONS, addresses, sign_in
from tests.factories import TOKEN, account, queued

pytestmark = pytest.mark.django_db

MANAGER = ("add_apikey", "change_apikey", "view_apikey")


def at(name, *args):
    return reverse(f"admin:sepahan_django_{name}", args=args)


def account_form(key, **fields):
    data = {"title": key.title, "lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}
    return {**data, **fields}


# Taking a token


@pytest.mark.parametrize("typed", ["", "   ", "\u00a0", "\t"])
def test_a_token_does_not_follow_its_account_to_another_address(client, typed):
    key = account("main")
    sign_in(client, *MANAGER)
    client.post(
        at("apikey_change", key.pk), account_form(key, base_url="https://elsewhere.example", token=typed)
    )
    assert ApiKey.objects.get(pk=key.pk).base_url == ""


def test_the_settings_token_does_not_follow_its_account_to_another_address(client, gateway):
    key = accounts.resolve()
    sign_in(client, *MANAGER)
    client.post(at("apikey_change", key.pk), account_form(key, base_url="https://elsewhere.example"))
    key.refresh_from_db()
    assert (key.base_url, accounts.client_for(key).base_url) == ("", gateway.url)


def test_the_settings_token_goes_to_the_settings_address_whatever_the_row_says(gateway):
    key = accounts.resolve()
    ApiKey.objects.update(base_url="https://elsewhere.example")
    key.refresh_from_db()
    assert accounts.client_for(key).base_url == gateway.url


def test_a_stored_form_that_is_pasted_as_a_token_is_not_decrypted(client, gateway):
    stolen = encrypt(TOKEN)  # from a dump, or from a backup of the database
    sign_in(client, *MANAGER)
    page = account_form(ApiKey(title="new"), base_url="https://elsewhere.example", token=stolen)
    client.post(at("apikey_add"), page)
    assert TOKEN not in [str(key.token) for key in ApiKey.objects.all()]


@pytest.mark.parametrize("token", ["beef", "0123456789", "0123456789abcde"])
def test_of_a_short_token_not_even_its_end_is_shown(client, token):
    key = account("main", token=token)
    sign_in(client, *MANAGER)
    assert token[-4:] not in client.get(at("apikey_change", key.pk)).content.decode()


# Learning what is hidden, by asking for it

CONTENT = [
    # Every text of every model, and whether it is content: what strangers or colleagues wrote, or a number.
    (OutboundMessage, {"recipient", "text", "error_message", "idempotency_key"}, {"sender", "state"}),
    (
        InboundMessage,
        {"sender", "text", "dispatch_error"},
        {"line", "gateway_date"},
    ),
    (SendRequest, {"error_message", "answer"}, {"request_id", "state"}),
]


def texts(model):
    kinds = (models.CharField, models.TextField, models.JSONField)
    return {field.name for field in model._meta.concrete_fields if isinstance(field, kinds)}


@pytest.mark.parametrize(("model", "content", "public"), CONTENT)
def test_each_text_of_a_record_is_known_as_hidden_or_open(model, content, public):
    assert texts(model) == content | public


@pytest.mark.parametrize(
    ("model", "field"), [(model, field) for model, content, _public in CONTENT for field in sorted(content)]
)
@pytest.mark.parametrize("lookup", ["", "__startswith", "__contains", "__regex", "__gte", "__in"])
def test_what_is_hidden_can_not_be_asked_for_by_a_lookup(client, rows, model, field, lookup):
    sign_in(client, *PERMISSIONS)
    for value in ("0", "~"):
        answer = client.get(at(f"{model._meta.model_name}_changelist"), {f"{field}{lookup}": value})
        assert answer.status_code == 400, value


@pytest.mark.parametrize("model", [OutboundMessage, InboundMessage])
def test_what_is_hidden_can_not_be_exported_by_a_lookup(client, rows, model):
    sign_in(client, *PERMISSIONS, "export_messages", "export_inbound")
    name = f"export_{model._meta.model_name}"
    answer = client.post(f"{at(name)}?text__contains=nobody", {"format": "csv"})
    assert answer.status_code == 400


def test_who_may_see_content_may_look_it_up(client, rows):
    sign_in(client, "view_outboundmessage", "view_content")
    answer = client.get(at("outboundmessage_changelist"), {"recipient__startswith": "0912"})
    assert answer.status_code == 200


@pytest.mark.parametrize("order", ["1", "-1", "2", "1.2", "3.-1"])
def test_what_is_hidden_does_not_show_in_the_order(client, gateway, order):
    for number in ("09120000002", "09120000001", "09120000003"):
        queued(1, recipient=number, text=number)
    sign_in(client, "view_outboundmessage")
    found = client.get(at("outboundmessage_changelist"), {"o": order}).context["cl"].result_list
    assert [row.pk for row in found] in ([row.pk for row in OutboundMessage.objects.order_by("-pk")],)


@pytest.mark.parametrize("lookup", ["credit__gte", "credit", "credit__isnull", "credit_was_low__exact"])
def test_the_credit_can_not_be_asked_for_by_a_lookup(client, lookup):
    account("main", credit=5000)
    sign_in(client, "view_apikey")
    assert client.get(at("apikey_changelist"), {lookup: "1"}).status_code == 400


def test_what_a_request_cost_takes_the_permission_to_see_the_credit(client, rows):
    SendRequest.objects.update(total_price=987_654)
    sign_in(client, "view_sendrequest")
    for name, args in (("sendrequest_changelist", []), ("sendrequest_change", [rows[SendRequest].pk])):
        assert "987,654" not in client.get(at(name, *args)).content.decode()
    assert client.get(at("sendrequest_changelist"), {"total_price__gte": "1"}).status_code == 400


def test_a_relation_can_not_be_followed_to_what_is_hidden(client, rows):
    sign_in(client, *ALL)
    for name in (
        "api_key__token__startswith", "api_key__credit__gte", "created_by__password__startswith",
        "messages__text__contains", "request__answer__contains", "api_key__groups__name",
    ):  # fmt: skip
        for model in ("outboundmessage", "inboundmessage", "sendrequest", "senderline", "apikey", "campaign"):
            answer = client.get(at(f"{model}_changelist"), {name: "0"})
            assert answer.status_code in (302, 400), (model, name)


# Limited accounts


@pytest.fixture
def other(gateway, limited, rows):
    """An account of another group, with a title, a credit and a trouble that are its own."""
    ApiKey.objects.update(title="hidden-title", credit=987_654, credit_checked_at="2026-01-01T00:00Z")
    SenderLine.objects.update(is_default=True)
    key = rows[ApiKey]
    key.refresh_from_db()
    return key


def test_a_hidden_account_shows_nowhere_not_even_its_title(client, other, rows):
    JobRun.objects.create(
        name="credit", last_error="hidden-title: refused", seen_at="2026-01-01T00:00Z", ended_at=None
    )
    sign_in(client, *ALL)
    for name, address in addresses(rows):
        text = client.get(address, follow=True).content.decode()
        for secret in ("hidden-title", "987,654", "hidden-title: refused"):
            assert secret not in text, (name, secret)


@pytest.mark.parametrize("step", ["credit", "line", "test", "token"])
def test_the_first_run_page_does_nothing_with_a_hidden_account(client, other, gateway, step):
    sign_in(client, *ALL)
    lines = list(SenderLine.objects.values())
    client.post(
        at("first_run"),
        {
            "step": step,
            "line-number": "3000999",
            "test-number": "09121234567",
            "test-nonce": "5f0c0f0e-0000-4000-8000-000000000000",
        },
    )
    assert (list(SenderLine.objects.values()), OutboundMessage.objects.count()) == (lines, 1)
    assert gateway.state.ledger == []


def test_what_a_job_said_is_content(client, rows):
    JobRun.objects.create(name="credit", last_error="main: no 09121234567", seen_at="2026-01-01T00:00Z")
    sign_in(client, "view_apikey")
    assert "09121234567" not in client.get(at("overview_changelist")).content.decode()


def test_an_account_whose_group_is_deleted_is_not_everybodys(client, other):
    Group.objects.all().delete()
    sign_in(client, *ALL)
    page = client.get(at("apikey_changelist")).content.decode()
    assert "hidden-title" not in page
    assert accounts.hidden_from(User.objects.latest("pk")) == [other.pk]


def test_an_account_without_its_groups_can_be_opened_by_whoever_sees_everything(client, other):
    Group.objects.all().delete()
    client.force_login(User.objects.create_superuser("boss"))
    client.post(at("apikey_change", other.pk), account_form(other))  # the box that it is limited, unticked
    clerk = User.objects.create_user("clerk", is_staff=True)
    assert accounts.hidden_from(clerk) == []


def test_an_account_whose_groups_are_taken_out_is_everybodys(other):
    other.groups.clear()
    assert accounts.hidden_from(User.objects.create_user("clerk", is_staff=True)) == []


@pytest.mark.parametrize(
    "query",
    [
        {"account": "{pk}"},
        {"api_key__id__exact": "{pk}"},
        {"api_key": "{pk}"},
        {"api_key__in": "{pk}"},
        {"_popup": "1"},
        {"all": ""},
        {"e": "1"},
    ],
)
def test_no_query_shows_rows_of_a_hidden_account(client, other, query):
    sign_in(client, *ALL)
    for model in ("outboundmessage", "inboundmessage", "sendrequest", "senderline", "apikey", "campaign"):
        answer = client.get(
            at(f"{model}_changelist"), {name: value.format(pk=other.pk) for name, value in query.items()}
        )
        if answer.status_code == 200:
            assert list(answer.context["cl"].result_list) == [], (model, query)


@pytest.mark.parametrize("value", ["9" * 30, "9" * 5000, "-1", "۱", "\x00", "1e9", "²"])
def test_no_number_that_is_none_breaks_a_page(client, rows, value):
    sign_in(client, *ALL)
    for name in ("outboundmessage_changelist", "inboundmessage_changelist", "sendrequest_changelist"):
        assert client.get(at(name), {"account": value, "p": value}).status_code < 500
    OutboundMessage.objects.update(state="in_doubt")
    answer = client.post(at("doubts"), {"messages": [value], "decision": "mark_sent"})
    assert answer.status_code < 500
    assert client.get(at("doubts"), {"p": value}).status_code < 500


# Doing more than is allowed


def test_sending_many_failed_ones_again_takes_the_permission_to_send_to_many(client, few):
    queued(4, state="failed")
    sign_in(client, "send_message", "view_outboundmessage")
    chosen = {"_selected_action": [OutboundMessage.objects.latest("pk").pk], "select_across": "1"}
    client.post(at("outboundmessage_changelist"), {"action": "send_failed_again", **chosen})
    assert OutboundMessage.objects.filter(state="failed").count() == 4


@pytest.mark.parametrize("index", ["0", "1"])
def test_the_account_in_the_settings_is_not_deleted_by_the_lists_action_either(client, rows, index):
    SenderLine.objects.all().delete()
    OutboundMessage.objects.all().delete()
    InboundMessage.objects.all().delete()
    SendRequest.objects.all().delete()
    sign_in(client, *ALL)
    client.post(
        at("apikey_changelist"),
        {"action": "delete_selected", "_selected_action": [rows[ApiKey].pk], "post": "yes", "index": index},
    )
    assert ApiKey.objects.count() == 1


def test_an_account_that_has_messages_can_not_be_deleted(client):
    """Nor does the page that asks for confirmation list any of them."""
    key = account("main")
    queued(3, api_key=key)
    client.force_login(User.objects.create_superuser("boss"))
    assert client.get(at("apikey_delete", key.pk)).status_code == 403


# The trail


def test_a_user_whose_doings_are_in_the_trail_can_not_be_deleted_in_the_admin(client, rows):
    sign_in(client, "send_message", "view_outboundmessage")
    clerk = User.objects.latest("pk")
    client.post(
        at("outboundmessage_changelist"),
        {"action": "cancel_queued", "_selected_action": [rows[OutboundMessage].pk]},
    )
    client.force_login(User.objects.create_superuser("boss"))
    client.post(reverse("admin:auth_user_delete", args=[clerk.pk]), {"post": "yes"})
    client.post(
        reverse("admin:auth_user_changelist"),
        {"action": "delete_selected", "_selected_action": [clerk.pk], "post": "yes"},
    )
    assert LogEntry.objects.filter(user=clerk.pk).count() == 1


def test_a_user_who_changed_a_key_can_not_be_deleted_in_the_admin_either(client):
    key = account("main")
    sign_in(client, *MANAGER)
    clerk = User.objects.latest("pk")
    client.post(at("apikey_change", key.pk), account_form(key, token="b" * 32, is_active="on"))
    client.force_login(User.objects.create_superuser("boss"))
    client.post(reverse("admin:auth_user_delete", args=[clerk.pk]), {"post": "yes"})
    assert LogEntry.objects.filter(user=clerk.pk).count() == 1


def test_a_user_who_did_nothing_here_can_be_deleted(client):
    clerk = User.objects.create_user("clerk")
    client.force_login(User.objects.create_superuser("boss"))
    client.post(reverse("admin:auth_user_delete", args=[clerk.pk]), {"post": "yes"})
    assert not User.objects.filter(pk=clerk.pk).exists()


def test_the_history_of_a_deleted_account_stays(client):
    key = account("main")
    client.force_login(User.objects.create_superuser("boss"))
    client.post(at("apikey_delete", key.pk), {"post": "yes"})
    assert list(LogEntry.objects.values_list("object_repr", "action_flag")) == [("main", 3)]


@pytest.mark.parametrize("query", ["q=09121234567", "recipient__startswith=09121234567"])
def test_the_trail_of_an_export_holds_no_whole_number(client, rows, query):
    sign_in(client, "view_outboundmessage", "view_content", "export_messages")
    client.post(f"{at('export_outboundmessage')}?{query}", {"format": "csv"})
    (said,) = LogEntry.objects.values_list("change_message", flat=True)
    assert ("09121234567" in said, "0912•••4567" in said) == (False, True)


def test_no_model_of_the_app_is_open_in_the_admin_that_the_trail_is_kept_in():
    assert not [model for model in admin.site._registry if model is LogEntry]


def test_lists_of_recipients_are_listed_by_their_titles(gateway):
    # The title is all that a page shows of a list to those who may not see numbers.
    assert json.dumps(str(RecipientList(title="x"))) == '"x"'
