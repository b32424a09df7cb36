"""The action that a project's own admin gets by `SendSmsMixin`: send SMS to those selected."""

import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth.models import Group, User
from django.urls import include, path, reverse
from django.utils import timezone

from example_project.shop.models import Order
from sepahan_django.admin import SendSmsMixin, register_pages, send_mixin
from sepahan_django.models import DraftRow, SendDraft
from tests.admin.orders import OrderPage
from tests.factories import number
from tests.staff import clerk

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.admin.test_send_mixin")]


class EntryPage(SendSmsMixin, admin.ModelAdmin):
    """Of something whose number is elsewhere."""

    sepahan_phone = "user.last_name"
    sepahan_columns = ("user__first_name", "action_time", "is_addition")


office, empty = AdminSite("office"), AdminSite("empty")
register_pages(office)
for site in (office, empty):
    site.register(Order, OrderPage)
    site.register(admin.models.LogEntry, EntryPage)

urlpatterns = [
    path("office/", office.urls),
    path("empty/", empty.urls),
    path("", include("tests.urls")),
]


def orders(count, **fields):
    Order.objects.bulk_create(
        Order(**{"customer": f"customer {index}", "mobile": number(index), **fields})
        for index in range(count)
    )


def select(client, *rows, site="office", model="shop_order", **more):
    data = {"action": "send_sms_to_selected", "_selected_action": [row.pk for row in rows], **more}
    return client.post(reverse(f"{site}:{model}_changelist"), data)


def rows():
    return list(DraftRow.objects.order_by("pk").values_list("recipient", "raw", "problem"))


def test_the_selected_become_a_draft_whose_text_is_still_to_be_written(boss):
    orders(3)
    answer = select(boss, *Order.objects.all()[:2])
    draft = SendDraft.objects.get()
    assert answer.url == f"/office/sepahan_django/outboundmessage/send/?draft={draft.pk}"
    assert (draft.created_by.username, draft.source, draft.text) == ("boss", "Orders", "")
    assert rows() == [(number(0), number(0), ""), (number(1), number(1), "")]


def test_columns_are_fields_and_methods_under_the_titles_given(boss):
    orders(1, customer="mary")
    select(boss, Order.objects.get())
    assert SendDraft.objects.get().columns == ["customer", "stand", "loud"]
    assert DraftRow.objects.get().values == {"customer": "mary", "stand": "New", "loud": "MARY"}


def test_an_object_without_a_number_is_left_out_under_its_own_name(boss):
    Order.objects.create(customer="mary 09129999999", mobile=" ")
    select(boss, order := Order.objects.get())
    assert rows() == [("", f"{order.pk} · mary 09129999999", "unreadable")]
    assert DraftRow.objects.get().reason == "The number is empty."


def test_all_rows_of_a_filtered_list_are_taken_in_chunks(boss, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(send_mixin, "OBJECT_CHUNK", 500)
    orders(2000)
    orders(3, mobile="09350000000", customer="other")
    with django_assert_max_num_queries(40):
        boss.post(
            reverse("office:shop_order_changelist"),
            {
                "action": "send_sms_to_selected",
                "_selected_action": [Order.objects.first().pk],
                "select_across": "1",
            },
        )
    assert DraftRow.objects.count() == 2003
    assert DraftRow.objects.filter(problem="duplicate").count() == 2


def test_the_number_may_be_a_path_over_a_relation_which_is_fetched_with_the_chunk(
    boss, django_assert_max_num_queries
):
    made = timezone.now()
    for index in range(30):
        user = User.objects.create_user(f"user{index}", first_name=f"name {index}", last_name=number(index))
        admin.models.LogEntry.objects.create(user=user, action_flag=1, action_time=made)
    entries = admin.models.LogEntry.objects.all()
    with django_assert_max_num_queries(25):
        select(boss, *entries, model="admin_logentry")
    assert sorted(row[0] for row in rows()) == [number(index) for index in range(30)]
    assert SendDraft.objects.get().columns == ["user__first_name", "action_time", "is_addition"]
    values = DraftRow.objects.order_by("pk").last().values
    assert (values["is_addition"], values["action_time"][:2]) == ("Yes", "14")


def test_more_rows_than_a_draft_holds_are_told_and_no_draft_is_left(boss, monkeypatch):
    monkeypatch.setattr("sepahan_django.drafts.rows.MAX_ROWS", 1)
    orders(2)
    answer = boss.get(select(boss, *Order.objects.all()).url)
    assert "At most 1 rows at once." in answer.content.decode()
    assert SendDraft.objects.count() == 0


# Where, and for whom


def offered(client, site="office"):
    page = client.get(reverse(f"{site}:shop_order_changelist")).content.decode()
    return 'value="send_sms_to_selected"' in page


def test_the_action_is_for_those_who_may_send(client):
    orders(1)
    assert not offered(clerk(client, "view_order"))
    select(client, Order.objects.get())
    assert SendDraft.objects.count() == 0


def test_whoever_may_send_and_see_the_objects_has_the_action(client):
    orders(1)
    assert offered(clerk(client, "view_order", "send_message"))
    select(client, Order.objects.get())
    assert SendDraft.objects.get().created_by == User.objects.get()


def test_a_site_without_the_apps_pages_leads_to_those_of_the_default_site(boss):
    orders(1)
    assert select(boss, Order.objects.get(), site="empty").url.startswith("/admin/sepahan_django/")


def test_without_any_of_the_apps_pages_the_action_is_not_offered(boss, settings):
    orders(1)
    settings.ROOT_URLCONF = "tests.admin.nowhere"
    assert not offered(boss, site="nowhere")


def test_the_projects_own_actions_stay(boss):
    orders(1)
    page = boss.get(reverse("office:shop_order_changelist")).content.decode()
    assert 'value="other"' in page


def test_a_page_without_actions_stays_without_them():
    class Page(OrderPage):
        actions = None

    assert Page(Order, office).actions is None


# What is wrong with it


def complaints(**attributes):
    page = type("Page", (SendSmsMixin, admin.ModelAdmin), attributes)(Order, office)
    return [(error.id, error.msg.split("“")[1].split("”")[0]) for error in page.check()]


@pytest.mark.parametrize("name", ["mobile", "pk", "get_state_display", "shout"])
def test_a_field_or_a_method_is_a_name(name):
    assert complaints(sepahan_phone="mobile", sepahan_columns=(name,), shout=lambda self, one: "") == []


@pytest.mark.parametrize("name", ["", "phone", "customer__mobil.x"])
def test_a_name_that_leads_nowhere_is_an_error_when_the_project_starts(name):
    assert complaints(sepahan_phone=name) == [("sepahan.E019", name)]


def test_many_values_are_no_number():
    page = type("Page", (SendSmsMixin, admin.ModelAdmin), {"sepahan_phone": "permissions__name"})
    assert [error.id for error in page(Group, office).check()] == ["sepahan.E019"]
