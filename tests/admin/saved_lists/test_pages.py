import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from sepahan_django.drafts import saved_lists
from sepahan_django.models import ListMember, MessageTemplate, RecipientList
from tests.factories import number
from tests.staff import clerk

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    made = RecipientList.objects.create(title="staff")
    saved_lists.add_from_text(made, f"mobile\tname\n{number(0)}\tAli\n{number(1)}\tSara")
    return made


def page_of(recipient_list):
    return reverse("admin:sepahan_django_recipientlist_members", args=[recipient_list.pk])


def shown(client, recipient_list, **query):
    return client.get(page_of(recipient_list), query).content.decode()


def paste(client, recipient_list, text):
    return client.post(page_of(recipient_list), {"step": "add", "recipients": text})


# Lists


def test_a_new_list_leads_on_to_the_page_where_it_is_filled(boss):
    answer = boss.post(reverse("admin:sepahan_django_recipientlist_add"), {"title": "customers"})
    made = RecipientList.objects.get()
    assert (answer.url, made.created_by.username) == (page_of(made), "boss")


def test_what_is_pasted_is_answered_with_counts_and_with_every_row_left_out(boss, staff):
    text = paste(boss, staff, f"{number(2)}\n{number(0)}\n0912").content.decode()
    for said in ("<dd>1</dd>", "It is already in the list.", "0912", "It has too few digits."):
        assert said in text
    assert staff.members.count() == 3


def test_a_file_fills_a_list(boss, staff):
    file = SimpleUploadedFile("more.csv", f"name,mobile\nReza,{number(5)}\n".encode())
    boss.post(page_of(staff), {"step": "add", "file": file})
    assert staff.members.get(recipient=number(5)).values == {"name": "Reza"}


def test_a_file_that_can_not_be_read_is_told_in_the_form(boss, staff):
    file = SimpleUploadedFile("more.xlsx", b"\xd0\xcf\x11\xe0")
    text = boss.post(page_of(staff), {"step": "add", "file": file}).content.decode()
    assert "Save it as XLSX or CSV" in text


def test_nothing_pasted_is_told(boss, staff):
    assert "Paste recipients, or choose a file." in paste(boss, staff, " ").content.decode()


def test_members_are_removed_by_whoever_may_change_the_list(boss, staff):
    pk = staff.members.get(recipient=number(0)).pk
    boss.post(page_of(staff), {"step": "remove", "members": [pk, "x", "9" * 30]})
    assert list(staff.members.values_list("recipient", flat=True)) == [number(1)]


def test_looking_is_not_changing(client, staff):
    clerk(client, "view_recipientlist", "view_content")
    text = shown(client, staff)
    assert (number(0) in text, "Add to the list" in text, "Remove" in text) == (True, False, False)
    assert paste(client, staff, number(7)).status_code == 403


def test_without_the_permission_members_are_masked_and_can_not_be_searched(client, staff):
    clerk(client, "view_recipientlist", "change_recipientlist")
    text = shown(client, staff, q="Sara")
    assert ("0912•••0000" in text, "0912•••0001" in text) == (True, True)
    for secret in (number(0), "Ali", 'name="q"'):
        assert secret not in text


def test_a_word_finds_members(boss, staff):
    text = shown(boss, staff, q="sara")
    assert (number(1) in text, number(0) in text) == (True, False)


def test_members_are_shown_page_by_page_with_ids_that_no_locale_changes(boss, staff, settings):
    settings.USE_THOUSAND_SEPARATOR = True
    ListMember.objects.bulk_create(
        ListMember(pk=5000 + index, list=staff, recipient=number(100 + index)) for index in range(150)
    )
    first, second = shown(boss, staff), shown(boss, staff, p=2)
    assert ('value="5010"' in first, number(249) in first, number(249) in second) == (True, False, True)
    assert "Page 2 of 2" in second


def test_hostile_titles_and_cells_are_shown_as_text(boss):
    made = RecipientList.objects.create(title="<script>alert(1)</script>")
    saved_lists.add_from_text(made, f"mobile\t<b>x\n{number(0)}\t<img src=x>")
    pages = (
        shown(boss, made)
        + boss.get(reverse("admin:sepahan_django_recipientlist_changelist")).content.decode()
    )
    for markup in ("<script>alert", "<b>x", "<img src=x"):
        assert markup not in pages


def test_sending_to_the_list_is_offered_to_whoever_may_send(client, staff):
    address = f"{reverse('admin:sepahan_django_send')}?list={staff.pk}"
    assert address not in shown(clerk(client, "view_recipientlist"), staff)
    assert address in shown(clerk(client, "view_recipientlist", "send_message"), staff)


def test_the_sizes_of_all_lists_on_a_page_are_counted_in_one_query(boss, staff):
    address = reverse("admin:sepahan_django_recipientlist_changelist")
    with CaptureQueriesContext(connection) as one:
        boss.get(address)
    for index in range(5):
        RecipientList.objects.create(title=f"list {index}")
    with CaptureQueriesContext(connection) as many:
        page = boss.get(address)
    assert {row.title: row.size for row in page.context["cl"].result_list}["staff"] == 2
    assert len(many) == len(one)


def test_deleting_a_list_tells_how_many_go_and_names_none(boss, staff):
    address = reverse("admin:sepahan_django_recipientlist_delete", args=[staff.pk])
    text = boss.get(address).content.decode()
    assert ("2 recipients" in text, "0912•••" in text) == (True, False)
    boss.post(address, {"post": "yes"})
    assert (RecipientList.objects.count(), ListMember.objects.count()) == (0, 0)


def test_lists_are_deleted_together_only_by_whoever_may(client, staff):
    clerk(client, "view_recipientlist", "change_recipientlist")
    client.post(
        reverse("admin:sepahan_django_recipientlist_changelist"),
        {"action": "delete_selected", "_selected_action": [staff.pk], "post": "yes"},
    )
    assert RecipientList.objects.count() == 1


def test_who_added_and_removed_is_in_the_history_without_numbers(boss, staff):
    with override("fa"):
        paste(boss, staff, number(8))
    boss.post(page_of(staff), {"step": "remove", "members": [staff.members.first().pk]})
    said = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert len(said) == 2
    assert "1 recipient removed." in said
    assert not any("0912" in one for one in said)


# Templates


def write_template(client, text):
    return client.post(reverse("admin:sepahan_django_messagetemplate_add"), {"title": "thanks", "text": text})


@pytest.mark.parametrize("text", ["{name} عزیز، سلام", "braces: {{ and }}", "no column at all", " led "])
def test_a_template_is_kept_as_it_was_written(boss, text):
    write_template(boss, text)
    assert MessageTemplate.objects.get().text == text


@pytest.mark.parametrize("text", ["{name", "name}", "{}", "{ }", "a { b"])
def test_a_stray_brace_is_refused(boss, text):
    answer = write_template(boss, text)
    assert "A single brace" in str(answer.context["adminform"].form.errors["text"])
    assert MessageTemplate.objects.count() == 0


def test_an_empty_template_is_refused(boss):
    assert "text" in write_template(boss, " \n ").context["adminform"].form.errors


def test_the_list_of_templates_names_the_columns_that_they_use(boss):
    write_template(boss, "{name}: {amount} {{x}}")
    text = boss.get(reverse("admin:sepahan_django_messagetemplate_changelist")).content.decode()
    assert "name · amount" in text


def test_the_counter_stands_below_the_text(boss):
    text = boss.get(reverse("admin:sepahan_django_messagetemplate_add")).content.decode()
    assert 'data-sepahan-counter="id_text-count"' in text
    assert 'id="id_text-count"' in text
    assert "sepahan_django/counter.js" in text


def test_a_changed_template_is_in_the_history(boss):
    write_template(boss, "one")
    pk = MessageTemplate.objects.get().pk
    boss.post(
        reverse("admin:sepahan_django_messagetemplate_change", args=[pk]), {"title": "thanks", "text": "two"}
    )
    assert LogEntry.objects.filter(object_id=str(pk)).count() == 2
