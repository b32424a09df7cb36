"""The page for writing."""

import pytest
from django.urls import reverse

from sepahan_django import accounts
from sepahan_django.models import (
    InboundMessage,
    ListMember,
    MessageTemplate,
    OutboundMessage,
    RecipientList,
    SendDraft,
    SenderLine,
)
from tests.admin.steps import SEND, TABLE, csv, form, look, page_of, send, write
from tests.factories import account
from tests.staff import clerk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gateway")]


def test_looking_at_the_page_makes_no_draft(boss):
    boss.get(reverse(SEND))
    assert SendDraft.objects.count() == 0


def test_an_uploaded_file_need_not_be_chosen_again_when_something_else_is_wrong(boss):
    answer = write(boss, recipients="", file=csv("name,number\nAli,09121234567\n"), text="")
    draft = answer.context["form"].draft
    assert "people.csv" in page_of(answer)
    again = boss.post(reverse(SEND), form(boss, recipients="", draft=draft.pk, text="{name}"))
    assert boss.get(again.headers["Location"]).context["found"].first.text == "Ali"


def test_what_was_typed_is_kept_when_something_is_wrong(boss):
    page = page_of(write(boss, recipients="09121234567", text="", title="spring", send_at="yesterday"))
    assert [word in page for word in ("09121234567", "spring", "yesterday")] == [True, True, True]


def test_a_file_that_django_keeps_on_disk_is_read_like_any_other(boss, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1
    assert look(boss, recipients="", file=csv("number\n09121234567\n")).context["found"].going == 1


def test_a_file_that_can_not_be_read_gets_a_sentence_at_its_field(boss):
    answer = write(boss, recipients="", file=csv("\x00\x01\x02"))
    assert "file" in answer.context["form"].errors


def test_recipients_are_given_in_one_way(boss):
    answer = write(boss, recipients="09121234567", file=csv("09121234567"))
    assert "one way" in page_of(answer)


def test_without_recipients_the_page_says_what_to_do(boss):
    assert "recipients" in write(boss, recipients="").context["form"].errors


def test_reading_the_recipients_shows_their_columns_and_loses_nothing(boss):
    answer = write(boss, recipients=TABLE, text="half a te", action="read")
    page = page_of(answer)
    assert (answer.context["columns"], "half a te" in page, "errornote" in page) == (["{نام}"], True, False)


def test_a_template_is_taken_over_without_a_script(boss):
    template = MessageTemplate.objects.create(title="greeting", text="سلام {نام}")
    answer = write(boss, recipients=TABLE, text="", template=template.pk, action="template")
    assert answer.context["form"]["text"].value() == "سلام {نام}"
    assert "09121234567" in answer.context["form"]["recipients"].value()


def test_a_saved_list_is_sent_to(boss):
    saved = RecipientList.objects.create(title="staff", columns=["name"])
    ListMember.objects.create(list=saved, recipient="09121234567", values={"name": "Ali"})
    page = look(boss, recipients="", saved_list=saved.pk, text="Hello {name}")
    assert page.context["found"].first.text == "Hello Ali"


def test_the_users_last_line_and_account_come_first(boss):
    other = account("other")
    SenderLine.objects.create(number="4000", api_key=other, label="shop", purpose="advertising")
    SenderLine.objects.create(number="3000123456", api_key=accounts.resolve("settings"), is_default=True)
    send(boss, account=other.pk, line="4000")
    fields = boss.get(reverse(SEND)).context["form"].fields
    assert (fields["account"].initial, fields["line"].choices[0][0]) == (other.pk, "4000")
    assert fields["with_opt_out"].initial is True  # of an advertising line


def test_numbers_in_the_address_stand_in_the_box(boss):
    assert "09121234567" in page_of(boss.get(reverse(SEND), {"to": "09121234567"}))


def test_a_line_of_another_account_is_refused(boss):
    SenderLine.objects.create(number="4000", api_key=account("other"))
    answer = write(boss, line="4000", account=accounts.resolve("settings").pk)
    assert "another account" in page_of(answer)


@pytest.mark.parametrize("typed", ["1405/09/04 14:20", "۱۴۰۵/۹/۴ ۱۴:۲۰", "2026-11-25 14:20"])
def test_a_time_is_typed_in_either_calendar_and_any_digits(boss, time_machine, typed):
    time_machine.move_to("2026-11-24 10:50:00+00:00")
    answer = send(boss, send_at=typed)
    assert OutboundMessage.objects.get().due_at.isoformat() == "2026-11-25T10:50:00+00:00"
    assert "scheduled for 1405/09/04 14:20" in page_of(answer)


def test_a_time_that_has_passed_is_refused(boss):
    assert "send_at" in write(boss, send_at="1400/01/01").context["form"].errors


def test_a_draft_comes_back_to_be_changed_as_it_was_written(boss):
    page = look(boss, recipients=TABLE, text="سلام {نام}", title="spring")
    draft = page.context["draft"]
    fields = boss.get(reverse(SEND), {"draft": draft.pk}).context["form"].initial
    before = page.context["found"]
    answer = boss.post(reverse(SEND), form(boss, draft=draft.pk, **fields))
    after = boss.get(answer.headers["Location"]).context["found"]
    assert (after.fingerprint, after.unreadable, fields["title"]) == (before.fingerprint, 1, "spring")
    assert SendDraft.objects.count() == 1


def test_a_draft_that_was_sent_is_not_opened_again(boss):
    send(boss)
    draft = SendDraft.objects.get()
    checking = reverse("admin:sepahan_django_check", args=[draft.pk])
    for address in (f"{reverse(SEND)}?draft={draft.pk}", checking):
        assert f"campaign/{draft.campaign_id}/" in boss.get(address).headers["Location"]


def test_an_empty_text_is_refused(boss, inline):
    assert "text" in write(boss, text="  \n ").context["form"].errors


def test_the_credit_stands_where_one_sends(boss, gateway):
    accounts.refresh_credit(accounts.resolve())
    assert "1,000,000 Rials" in boss.get(reverse(SEND)).content.decode()
    assert "1,000,000 Rials" in look(boss).content.decode()


def test_the_credit_is_hidden_from_those_who_may_not_see_it(client, gateway):
    accounts.refresh_credit(accounts.resolve())
    staff = clerk(client, "send_message")
    assert "1,000,000" not in staff.get(reverse(SEND)).content.decode()
    assert "1,000,000" not in look(staff).content.decode()


def test_without_an_account_the_page_says_what_to_do(boss, settings):
    settings.SEPAHAN = {}
    assert "There is no account yet" in boss.get(reverse(SEND)).content.decode()


def test_a_reply_begins_with_the_number_and_the_line(boss, gateway):
    received = InboundMessage.objects.create(
        line="3000123456", sender="09121234567", text="?", gateway_date="", api_key=accounts.resolve()
    )
    initial = boss.get(f"{reverse(SEND)}?reply_to={received.pk}").context["form"].initial
    assert (initial["recipients"], initial["line"]) == ("09121234567", "3000123456")


def test_the_opt_out_line_is_counted_with_the_text(boss):
    page = page_of(boss.get(reverse(SEND)))
    assert ('data-sepahan-suffix="id_with_opt_out"' in page, 'data-opt-out="لغو۱۱"' in page) == (True, True)
    assert page.count('id="id_text-count"') == 1
