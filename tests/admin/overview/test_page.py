"""The overview, and the incidents at the head of every page."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone as clock_time

from sepahan_django import accounts
from sepahan_django.models import (
    Job,
    JobRun,
)
from tests.admin.overview.pages import OVERVIEW, page
from tests.factories import NOON, account, queued, sent_at
from tests.staff import clerk, page_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]


# The page


def test_the_overview_shows_the_figures_by_span(boss, gateway, time_machine):
    time_machine.move_to(NOON)
    for back in (0, 3, 20, 40):
        sent_at(NOON - timedelta(days=back))
    assert re.search(r"Today Last 7 days Last 30 days Sent 1 2 3 ", page_text(page(boss)))


def test_the_overview_speaks_persian(boss, gateway, time_machine):
    time_machine.move_to(NOON)
    sent_at(NOON)
    shown = page_text(page(boss, language="fa"))
    assert "۱۴۰۵/۰۹/۰۳" in shown


def test_the_charts_can_be_read_out_and_need_no_style(boss, gateway):
    content = page(boss).content.decode()
    charts = re.findall('<svg viewBox="0 0 360.*?</svg>', content, re.DOTALL)
    assert len(charts) == 3
    for svg in charts:
        first, second = re.search('role="img" aria-labelledby="(.*?) (.*?)"', svg).groups()
        assert f'<title id="{first}">' in svg
        assert f'<desc id="{second}">' in svg
    assert not re.search(
        r"<style|\bstyle=|<script(?! src)|\bon\w+=", re.sub("(?s)<head>.*?</head>", "", content)
    )


def test_the_overview_tells_when_each_job_last_ran(boss, gateway):
    seen = clock_time.now() - timedelta(minutes=3)
    JobRun.objects.create(name=Job.SEND, seen_at=seen, last_ok_at=seen)
    shown = page_text(page(boss))
    assert "sepahan_send_queued 3 minutes ago" in shown
    assert "sepahan_pull_inbox never run" in shown


def test_what_waits_and_what_is_in_doubt_stands_on_the_overview(boss, gateway):
    queued(3, due_at=clock_time.now() - timedelta(minutes=5))
    queued(2, state="in_doubt")
    answer = page(boss)
    assert "Due now 3 Oldest due 5 minutes ago" in page_text(answer)
    assert reverse("admin:sepahan_django_doubts") in answer.content.decode()


def test_the_overview_costs_as_many_queries_whatever_there_is(boss, gateway, django_assert_max_num_queries):
    for index in range(5):
        queued(3, api_key=account(f"a{index}"))
    with django_assert_max_num_queries(30):
        page(boss)


def test_money_is_for_those_who_may_see_the_credit(client, gateway):
    accounts.refresh_credit(accounts.resolve())
    shown = page_text(page(clerk(client, "view_outboundmessage")))
    assert ("1,000,000" in shown, "Cost" in shown) == (False, False)
    shown = page_text(page(clerk(client, "view_outboundmessage", "view_credit")))
    assert ("1,000,000 Rials" in shown, "Cost" in shown) == (True, True)


@pytest.mark.parametrize("permission", ["view_outboundmessage", "view_inboundmessage", "change_apikey"])
def test_whoever_may_look_at_something_may_look_at_the_overview(client, gateway, permission):
    assert page(clerk(client, permission)).status_code == 200


def test_the_overview_is_closed_to_staff_of_other_apps(client, gateway):
    assert page(clerk(client, "view_user")).status_code == 403


def test_the_overview_is_closed_to_visitors(client, gateway):
    assert "login" in page(client)["Location"]


def test_the_overview_comes_first_in_the_admins_list_in_both_languages(boss, gateway):
    for language in ("en", "fa"):
        answer = boss.get(reverse("admin:index"), headers={"accept-language": language})
        (app,) = [one for one in answer.context["app_list"] if one["app_label"] == "sepahan_django"]
        assert app["models"][0]["object_name"] == "Overview"
        assert app["models"][0]["admin_url"] == reverse(OVERVIEW)


@pytest.mark.parametrize(
    "model", ["outboundmessage", "inboundmessage", "apikey", "senderline", "campaign", "sendrequest"]
)
def test_every_list_leads_to_the_overview_and_shows_the_incidents(boss, gateway, model):
    account(inbox_stopped_at=clock_time.now(), inbox_stop_reason="the same again")
    content = page(boss, f"admin:sepahan_django_{model}_changelist").content.decode()
    assert f'href="{reverse(OVERVIEW)}"' in content
    assert "the same again" in content


@pytest.mark.parametrize("name", ["send", "doubts", "generate", "first_run", "overview_changelist"])
def test_every_page_shows_the_incidents(boss, gateway, name):
    account(inbox_stopped_at=clock_time.now(), inbox_stop_reason="the same again")
    assert "the same again" in page(boss, f"admin:sepahan_django_{name}").content.decode()


def test_every_record_shows_the_incidents(boss, gateway):
    key = account(inbox_stopped_at=clock_time.now(), inbox_stop_reason="the same again")
    (row,) = queued(1)
    for model, one in (("outboundmessage", row), ("apikey", key)):
        answer = boss.get(reverse(f"admin:sepahan_django_{model}_change", args=[one.pk]))
        assert 'class="sepahan-incidents"' in answer.content.decode()


def test_an_incident_leads_to_where_it_can_be_mended(boss, gateway):
    key = account(credit=0)
    assert (
        f'href="{reverse("admin:sepahan_django_apikey_change", args=[key.pk])}">Go to page'
        in page(boss).content.decode()
    )


def test_an_incident_leads_nobody_to_a_closed_door(client, gateway):
    account(credit=0)
    content = page(clerk(client, "view_outboundmessage")).content.decode()
    assert ("is used up" in content, "Go to page" in content) == (True, False)


def test_the_amount_of_an_incident_is_for_those_who_may_see_the_credit(client, gateway):
    account(credit=-5_432)
    assert "5,432" not in page(clerk(client, "view_outboundmessage")).content.decode()
    assert "5,432" in page(clerk(client, "view_outboundmessage", "view_credit")).content.decode()


def test_what_an_incident_quotes_can_run_no_script(boss, gateway):
    account(inbox_stopped_at=clock_time.now(), inbox_stop_reason="<script>alert(1)</script>")
    assert "<script>alert" not in page(boss).content.decode()


def test_many_incidents_are_folded_and_none_is_lost(boss, gateway):
    for index in range(5):
        account(f"branch {index}", credit=0)
    content = page(boss).content.decode()
    assert "2 more" in content
    assert all(f"The credit of “branch {index}” is used up" in content for index in range(5))


# A site of the project's own


@pytest.mark.parametrize("name", ["overview_changelist", "first_run", "send", "outboundmessage_changelist"])
def test_the_pages_work_in_an_admin_site_of_the_projects_own(boss, gateway, settings, name):
    settings.ROOT_URLCONF = "tests.admin.office"
    key = account(credit=0)
    content = boss.get(reverse(f"office:sepahan_django_{name}")).content.decode()
    assert f'href="/office/sepahan_django/apikey/{key.pk}/change/">Go to page' in content
