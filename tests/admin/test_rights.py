"""Every page and button of the admin, with every permission alone, by GET and by POST."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core import serializers
from django.urls import reverse

from sepahan_django import accounts, outbox
from sepahan_django.models import (
    ApiKey,
    Campaign,
    InboundMessage,
    OutboundMessage,
    RecipientList,
    SendDraft,
    SendRequest,
)
from tests.admin.doors import ALL, DOORS, MODELS, OF_NO_ACCOUNT, PERMISSIONS, addresses, pages, sign_in
from tests.admin.steps import check, look, send, write
from tests.factories import account, queued, states

pytestmark = pytest.mark.django_db


def text_of(answer):
    """A page or a file, as text."""
    return b"".join(answer).decode()


def test_every_page_is_in_the_table():
    assert set(pages()) == set(DOORS)


def test_every_permission_of_the_app_is_tried():
    own = Permission.objects.filter(content_type__app_label="sepahan_django")
    opened_by_pairs = {
        "generate_api_key",
        "send_to_many",
        "view_content",
        "export_messages",
        "export_inbound",
    }
    unused = {f"{verb}_{model}" for verb in ("add", "delete") for model in MODELS}
    names = set(own.values_list("codename", flat=True))
    assert names - opened_by_pairs - unused == set(PERMISSIONS) - unused


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("permission", [*PERMISSIONS, "send_to_many", "view_content", "generate_api_key"])
def test_a_permission_opens_its_own_pages_and_no_others(client, rows, permission, method):
    sign_in(client, permission)
    opened = {
        name for name, address in addresses(rows) if getattr(client, method)(address).status_code != 403
    }
    index = 0 if method == "get" else 1
    assert opened == {name for name, opening in DOORS.items() if permission in opening[index]}


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_permission_every_page_is_closed(client, rows, method):
    sign_in(client)
    assert {getattr(client, method)(address).status_code for _name, address in addresses(rows)} == {403}


@pytest.mark.parametrize("method", ["get", "post"])
def test_visitors_are_sent_to_the_login(client, rows, method):
    for name, address in addresses(rows):
        answer = getattr(client, method)(address)
        assert (answer.status_code, "login" in answer.headers["Location"]) == (302, True), name


def test_a_user_who_is_no_staff_is_sent_to_the_login(client, rows):
    client.force_login(User.objects.create_user("customer", is_staff=False, is_superuser=True))
    for name, address in addresses(rows):
        assert "login" in client.get(address).headers["Location"], name


def test_making_a_token_takes_both_its_permissions(client):
    sign_in(client, "generate_api_key", "add_apikey")
    assert client.get(reverse("admin:sepahan_django_generate")).status_code == 200


def test_looking_changes_nothing(client, rows):
    client.force_login(User.objects.create_superuser("boss"))

    def everything():
        return [serializers.serialize("json", model.objects.order_by("pk")) for model in (*rows, LogEntry)]

    before = everything()
    for _name, address in addresses(rows):
        client.get(address)
    assert everything() == before


# Actions


@pytest.mark.parametrize("action", ["cancel_queued", "send_failed_again"])
def test_an_action_on_messages_takes_the_permission_to_send(client, rows, action):
    sign_in(client, "view_outboundmessage", "view_content", "resolve_in_doubt")
    state = "queued" if action == "cancel_queued" else "failed"
    OutboundMessage.objects.update(state=state)
    client.post(
        reverse("admin:sepahan_django_outboundmessage_changelist"),
        {"action": action, "_selected_action": [rows[OutboundMessage].pk]},
    )
    assert states() == {state: 1}


# Accounts limited to groups


@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_of_an_account_is_seen_by_staff_of_other_groups(client, rows, limited, method):
    sign_in(client, *ALL)
    for name, address in addresses(rows):
        answer = getattr(client, method)(address, follow=True)
        text = text_of(answer)
        for secret in ("nobody's", "09120000000", "09350000001", "a-request", "a campaign"):
            assert secret not in text, (name, secret)


def test_nothing_of_an_account_is_changed_by_staff_of_other_groups(client, rows, limited):
    sign_in(client, *ALL)

    def everything():
        return [
            serializers.serialize("json", model.objects.order_by("pk"))
            for model in rows
            if model not in OF_NO_ACCOUNT
        ]

    before = everything()
    for _name, address in addresses(rows):
        client.post(address, {"title": "mine", "post": "yes"})
    for action in ("cancel_queued", "refresh_states"):
        client.post(
            reverse("admin:sepahan_django_outboundmessage_changelist"),
            {"action": action, "_selected_action": [rows[OutboundMessage].pk]},
        )
    assert everything() == before


def test_staff_of_the_group_see_the_account(client, rows, limited):
    sign_in(client, *ALL, groups=[limited])
    page = client.get(reverse("admin:sepahan_django_outboundmessage_changelist")).content.decode()
    assert "09120000000" in page


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "page", ["overview_changelist", "outboundmessage_changelist", "send", "conversation"]
)
def test_which_accounts_are_hidden_is_asked_once_a_page(client, rows, limited, monkeypatch, page, method):
    asked, ask = [], accounts.hidden_from

    def counted(user):
        asked.append(user)
        return ask(user)

    monkeypatch.setattr(accounts, "hidden_from", counted)
    sign_in(client, *ALL)
    address = reverse(f"admin:sepahan_django_{page}", args=["09121234567"] if page == "conversation" else [])
    answer = getattr(client, method)(address)
    assert (answer.status_code, len(asked)) == (200, 1)


def test_staff_of_other_groups_can_not_send_from_the_account(client, rows, limited):
    sign_in(client, *ALL)
    answer = write(client, account=rows[ApiKey].pk, line="3000")
    assert (answer.status_code, OutboundMessage.objects.count()) == (200, 1)


def test_a_draft_of_an_account_is_closed_to_staff_of_other_groups(client, rows, limited):
    sign_in(client, *ALL)
    for name in ("check", "refused"):
        address = reverse(f"admin:sepahan_django_{name}", args=[rows[SendDraft].pk])
        assert (client.get(address).status_code, client.post(address, {}).status_code) == (404, 404)
    assert client.get(reverse("admin:sepahan_django_send"), {"draft": rows[SendDraft].pk}).status_code == 404


# Drafts


@pytest.mark.parametrize("page", ["check", "refused"])
def test_a_draft_is_its_writers_alone(client, rows, page):
    sign_in(client, *ALL)
    SendDraft.objects.update(created_by=User.objects.create_user("colleague"))
    address = reverse(f"admin:sepahan_django_{page}", args=[rows[SendDraft].pk])
    assert (client.get(address).status_code, client.post(address, {"action": "send"}).status_code) == (
        404,
        404,
    )
    assert client.get(reverse("admin:sepahan_django_send"), {"draft": rows[SendDraft].pk}).status_code == 404


def test_a_draft_is_open_to_superusers(client, rows):
    client.force_login(User.objects.create_superuser("boss"))
    assert check(client, rows[SendDraft]).status_code == 200


def test_of_a_list_numbers_are_masked_and_cells_hidden_without_the_permission(client, rows):
    sign_in(client, "send_message")
    page = check(client, rows[SendDraft])
    text = page.content.decode()
    assert ("0912•••0000" in text, "09350000001" in text) == (True, False)


def test_what_one_has_typed_oneself_is_shown(client, gateway):
    sign_in(client, "send_message")
    assert "09121234567" in look(client).content.decode()


def test_lists_are_offered_to_those_who_may_look_at_lists(client, gateway):
    RecipientList.objects.create(title="staff")
    assert (
        "saved_list"
        not in sign_in(client, "send_message")
        .get(reverse("admin:sepahan_django_send"))
        .context["form"]
        .fields
    )
    client = sign_in(client, "send_message", "view_recipientlist")
    assert "saved_list" in client.get(reverse("admin:sepahan_django_send")).context["form"].fields


def test_an_account_limited_to_no_group_is_everybodys(client, rows):
    sign_in(client, *ALL)
    page = client.get(reverse("admin:sepahan_django_outboundmessage_changelist")).content.decode()
    assert "09120000000" in page


def test_in_doubt_of_another_groups_account_is_not_decided_about(client, rows, limited):
    OutboundMessage.objects.update(state="in_doubt")
    sign_in(client, *ALL)
    client.post(
        reverse("admin:sepahan_django_doubts"),
        {"messages": [rows[OutboundMessage].pk], "decision": "mark_sent"},
    )
    assert states() == {"in_doubt": 1}


# Texts and numbers


def test_without_the_permission_texts_and_numbers_are_hidden_everywhere(client, rows):
    sign_in(client, *PERMISSIONS)
    OutboundMessage.objects.update(
        campaign=rows[Campaign], error_message="bad number 09120000000", error_code=-4
    )
    SendRequest.objects.update(error_message="bad number 09120000000")
    InboundMessage.objects.update(dispatch_error="KeyError: nobody's")
    for name, address in addresses(rows):
        text = text_of(client.get(address))
        for secret in ("nobody's", "09120000000", "09350000001"):
            assert secret not in text, (name, secret)


def test_hidden_messages_in_doubt_are_hidden_on_their_page_too(client, rows):
    OutboundMessage.objects.update(state="in_doubt")
    sign_in(client, "resolve_in_doubt")
    text = client.get(reverse("admin:sepahan_django_doubts")).content.decode()
    assert ("0912•••0000" in text, "09120000000" in text, "nobody's" in text) == (True, False, False)


@pytest.mark.parametrize("page", ["outboundmessage_changelist", "inboundmessage_changelist"])
def test_what_is_hidden_can_not_be_searched_for(client, rows, page):
    sign_in(client, *PERMISSIONS)
    found = client.get(reverse(f"admin:sepahan_django_{page}"), {"q": "09999999999"})
    assert found.context["cl"].result_count == 1


# Many recipients


def numbers(count):
    return "\n".join(f"0912{index:07}" for index in range(count))


def test_sending_to_more_than_the_limit_takes_a_permission(client, few):
    sign_in(client, "send_message")
    answer = send(client, recipients=numbers(4))
    assert "You may send to at most 3 recipients at once" in answer.content.decode()
    assert OutboundMessage.objects.count() == 0


@pytest.mark.parametrize(
    ("permissions", "count"), [(["send_message"], 3), (["send_message", "send_to_many"], 4)]
)
def test_up_to_the_limit_or_with_the_permission_all_go_out(client, few, permissions, count):
    sign_in(client, *permissions)
    send(client, recipients=numbers(count))
    assert OutboundMessage.objects.count() == count


# The trail


def history(model, pk):
    return list(
        LogEntry.objects.filter(content_type__model=model, object_id=str(pk)).values_list("change_message")
    )


def test_who_sent_is_in_the_history_of_the_campaign(client, few):
    sign_in(client, "send_message")
    send(client, recipients=numbers(3))
    (said,) = history("campaign", Campaign.objects.get().pk)
    assert said == ("3 SMS sent from “settings”, line 3000123456.",)


def test_who_cancelled_is_in_the_history_of_each_message(client, rows):
    sign_in(client, "send_message", "view_outboundmessage")
    client.post(
        reverse("admin:sepahan_django_outboundmessage_changelist"),
        {"action": "cancel_queued", "_selected_action": [rows[OutboundMessage].pk]},
    )
    assert (states(), history("outboundmessage", rows[OutboundMessage].pk)) == (
        {"cancelled": 1},
        [("Cancelled.",)],
    )


def test_of_very_many_messages_one_entry_tells_the_number(client, gateway, monkeypatch):
    monkeypatch.setattr("sepahan_django.admin.kit.history.MAX_OBJECTS_LOGGED", 2)
    rows = queued(3)
    sign_in(client, "send_message", "view_outboundmessage")
    client.post(
        reverse("admin:sepahan_django_outboundmessage_changelist"),
        {"action": "cancel_queued", "_selected_action": [row.pk for row in rows]},
    )
    assert (states(), LogEntry.objects.get().object_repr) == ({"cancelled": 3}, "3 × outbound message")


def test_a_changed_key_is_in_the_history_without_the_key(client):
    key = account("main")
    client.force_login(User.objects.create_superuser("boss"))
    client.post(
        reverse("admin:sepahan_django_apikey_change", args=[key.pk]),
        {
            "title": "main",
            "token": "f" * 28 + "beef",
            "is_active": "on",
            "lines-TOTAL_FORMS": 0,
            "lines-INITIAL_FORMS": 0,
        },
    )
    (said,) = LogEntry.objects.values_list("change_message", flat=True)
    assert ("Token" in said or "token" in said, "beef" in said) == (True, False)


def test_a_token_is_not_sent_to_another_address_without_being_entered_again(client):
    key = account("main")
    client.force_login(User.objects.create_superuser("boss"))
    answer = client.post(
        reverse("admin:sepahan_django_apikey_change", args=[key.pk]),
        {
            "title": "main",
            "base_url": "https://elsewhere.example",
            "lines-TOTAL_FORMS": 0,
            "lines-INITIAL_FORMS": 0,
        },
    )
    assert "Enter the token again" in answer.content.decode()
    assert ApiKey.objects.get(pk=key.pk).base_url == ""


@pytest.mark.parametrize("button", ["try_now", "inbox_new"])
def test_a_button_of_an_account_is_in_its_history(client, button):
    key = account("main")
    client.force_login(User.objects.create_superuser("boss"))
    client.post(reverse(f"admin:sepahan_django_{button}", args=[key.pk]))
    assert len(history("apikey", key.pk)) == 1


def test_the_trail_is_shown_with_the_object(client, rows):
    sign_in(client, "send_message", "view_outboundmessage")
    client.post(
        reverse("admin:sepahan_django_outboundmessage_changelist"),
        {"action": "cancel_queued", "_selected_action": [rows[OutboundMessage].pk]},
    )
    page = client.get(
        reverse("admin:sepahan_django_outboundmessage_history", args=[rows[OutboundMessage].pk])
    )
    assert "Cancelled." in page.content.decode()


def test_the_trail_can_not_be_erased_in_the_admin():
    assert LogEntry not in admin.site._registry


def test_work_done_by_the_services_leaves_no_trail_of_nobody(gateway):
    queued(1)
    outbox.cancel(OutboundMessage.objects.all())
    assert LogEntry.objects.count() == 0
