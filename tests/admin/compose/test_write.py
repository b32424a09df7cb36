"""The pages for writing and checking, step by step."""

import io
import sys

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from sepahan_django import accounts, drafts
from sepahan_django.models import (
    Campaign,
    ListMember,
    MessageTemplate,
    OutboundMessage,
    RecipientList,
    SendDraft,
    SenderLine,
)
from tests.admin.steps import SEND, check, form, look, send, send_data, write
from tests.factories import account, number, states
from tests.staff import clerk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gateway")]

TABLE = "نام\tموبایل\nعلی\t09121234567\nرضا\t09351234567\n\t09011234567\nx\t0912"


def csv(text, name="people.csv"):
    return SimpleUploadedFile(name, text.encode())


def page_of(answer):
    return answer.content.decode()


# Write


def test_looking_at_the_page_makes_no_draft(boss):
    boss.get(reverse(SEND))
    assert SendDraft.objects.count() == 0


def test_the_opt_out_line_is_counted_with_the_text(boss):
    page = page_of(boss.get(reverse(SEND)))
    assert ('data-sepahan-suffix="id_with_opt_out"' in page, 'data-opt-out="لغو۱۱"' in page) == (True, True)
    assert page.count('id="id_text-count"') == 1


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


# Check


def test_what_is_left_out_is_listed_with_its_reason(boss):
    page = look(boss, recipients=TABLE, text="{نام}")
    rows = [(row["row"], row["raw"]) for row in page.context["refused"]]
    assert rows == [("5", "0912"), ("4", "09011234567")]


def test_of_many_rows_that_are_left_out_twenty_are_shown_and_the_rest_counted(boss):
    page = look(boss, recipients="09121234567\n" + "x\n" * 30)
    assert (len(page.context["refused"]), page.context["refused_more"]) == (20, 10)


def test_the_button_says_how_many(boss):
    assert "Send 2 SMS" in page_of(look(boss, recipients="09121234567 09351234567"))


def test_what_blocks_takes_the_button_away(boss):
    page = page_of(look(boss, text="{nothing}"))
    assert ("no column “nothing”" in page, "sepahan-send" in page) == (True, False)


def test_a_post_that_goes_round_what_blocks_sends_nothing(boss):
    page = look(boss, text="{nothing}")
    boss.post(page.request["PATH_INFO"], send_data(page))
    assert states() == {}


def test_a_draft_changed_in_another_window_is_shown_again_and_not_sent(boss):
    page = look(boss)
    drafts.change(SendDraft.objects.get(), text="another text")
    answer = boss.post(page.request["PATH_INFO"], send_data(page), follow=True)
    assert "has changed" in page_of(answer)
    assert "another text" in page_of(answer)
    assert states() == {}


def test_duplicates_are_switched_on(boss):
    draft = look(boss, recipients="09121234567 09121234567").context["draft"]
    assert check(boss, draft).context["found"].going == 1
    assert check(boss, draft, action="duplicates", keep="yes").context["found"].going == 2


def test_another_column_is_chosen_for_the_numbers(boss):
    file = csv(f"first,second\n{number(1)},{number(2)}\n{number(3)},\n")
    draft = look(boss, recipients="", file=file).context["draft"]
    found = check(boss, draft, action="map", column="second").context["found"]
    assert (found.first.recipient, found.going) == (number(2), 1)


def test_a_test_goes_to_ones_own_number_once_for_each_opened_page(boss, inline):
    page = look(boss, recipients=TABLE, text="سلام {نام}")
    data = {"action": "test", "number": "۰۹۱۲۰۰۰۰۰۰۱", "nonce": page.context["test"]["nonce"].value()}
    for _click in range(2):
        answer = check(boss, page.context["draft"], **data)
    message = OutboundMessage.objects.get()
    assert (message.recipient, message.text, message.campaign) == ("09120000001", "سلام علی", None)
    assert "check your phone" in page_of(answer)


def test_a_test_submitted_twice_is_one_entry_in_the_history(boss):
    page = look(boss)
    data = {"action": "test", "number": number(1), "nonce": page.context["test"]["nonce"].value()}
    for _click in range(2):
        check(boss, page.context["draft"], **data)
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (
        str(OutboundMessage.objects.get().pk),
        "Test sent from the admin.",
    )


def test_a_number_that_is_none_is_refused_for_the_test(boss):
    page = look(boss)
    nonce = page.context["test"]["nonce"].value()
    answer = check(boss, page.context["draft"], action="test", number="0912", nonce=nonce)
    assert answer.context["test"].errors
    assert states() == {}


def test_the_cost_is_estimated_from_what_earlier_sms_did_cost(boss, inline):
    send(boss)
    page = look(boss, recipients="09121234567 09351234567")
    request = OutboundMessage.objects.get().request
    assert page.context["found"].cost == 2 * request.total_price
    assert "Estimated cost" in page_of(page)


# The rows that are left out, as a file


def refused(client, draft, **query):
    answer = client.get(reverse("admin:sepahan_django_refused", args=[draft.pk]), query)
    return b"".join(answer.streaming_content)


def test_rows_that_are_left_out_are_downloaded_also_once_it_is_sent(boss):
    send(boss, recipients=TABLE, text="{نام}")
    book = openpyxl.load_workbook(io.BytesIO(refused(boss, SendDraft.objects.get())))
    rows = [row[:2] for row in book.active.iter_rows(min_row=2, values_only=True)]
    assert sorted(rows) == [("4", "09011234567"), ("5", "0912")]


def test_where_excel_files_can_not_be_written_the_rows_come_as_csv(boss, monkeypatch):
    draft = look(boss, recipients=TABLE, text="{نام}").context["draft"]
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    lines = refused(boss, draft).decode("utf-8-sig").splitlines()
    assert sorted(line.split(",")[0] for line in lines[1:]) == ["4", "5"]


def test_a_formula_in_a_row_is_no_formula_in_the_file(boss):
    draft = look(boss, recipients="09121234567\n=1+1;x").context["draft"]
    text = refused(boss, draft, format="csv").decode("utf-8-sig")
    assert "'=1+1" in text


# Sent


def test_one_is_led_to_the_campaign(boss):
    answer = send(boss)
    assert f"campaign/{Campaign.objects.get().pk}/" in answer.request["PATH_INFO"]


def test_one_who_may_not_see_campaigns_is_led_back_and_told(client, gateway):
    answer = send(clerk(client, "send_message"))
    assert (answer.request["PATH_INFO"], "1 SMS are queued" in page_of(answer)) == (reverse(SEND), True)


def test_a_title_of_ones_own_is_the_campaigns(boss):
    send(boss, title="spring")
    assert Campaign.objects.get().title == "spring"


def test_the_three_steps_stay_in_an_admin_site_of_the_projects_own(boss, settings):
    settings.ROOT_URLCONF = "tests.admin.office"
    write_page = reverse("office:sepahan_django_send")
    data = {"account": accounts.resolve().pk, "line": "3000123456", "recipients": TABLE, "text": "x"}
    page = boss.post(write_page, {**data, "action": "check"}, follow=True)
    sent = boss.post(page.request["PATH_INFO"], send_data(page))
    content = page_of(page)
    assert [f'"{write_page}?draft=' in content, 'href="/admin/' in content] == [True, False]
    assert (page.request["PATH_INFO"].split("/")[1], sent.headers["Location"].split("/")[1]) == (
        "office",
        "office",
    )
