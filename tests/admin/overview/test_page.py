import re
import shlex
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone as clock_time

from sepahan_django import accounts, outbox
from sepahan_django.admin.kit.charts import Series, bar_chart
from sepahan_django.models import (
    ApiKey,
    InboundMessage,
    Job,
    JobRun,
    OutboundMessage,
    SenderLine,
    SendRequest,
)
from sepahan_django.reports import figures, readiness
from tests.factories import TOKEN, account, queued
from tests.staff import clerk, page_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]

OVERVIEW, FIRST_RUN = "admin:sepahan_django_overview_changelist", "admin:sepahan_django_first_run"
NOON = datetime(2026, 11, 24, 8, 30, tzinfo=timezone.utc)
"""12:00 in Tehran, 1405/09/03."""


def page(client, name=OVERVIEW, language="en"):
    return client.get(reverse(name), headers={"accept-language": language})


def sent(at, state="sent", **fields):
    return queued(1, state=state, sent_at=at, created_at=at, **fields)


# Figures


def test_a_day_begins_and_ends_at_midnight_in_tehran(gateway):
    for moment in (
        "2026-11-23T20:29:59",
        "2026-11-23T20:30:00",
        "2026-11-24T20:29:59",
        "2026-11-24T20:30:00",
    ):
        sent(datetime.fromisoformat(f"{moment}+00:00"))
    yesterday, today = figures.last_days(2, now=NOON)
    assert (yesterday.sent, today.sent) == (1, 2)


def test_a_report_counts_on_the_day_the_sms_was_sent(gateway):
    sent(NOON - timedelta(days=1), "delivered", delivered_at=NOON)
    yesterday, today = figures.last_days(2, now=NOON)
    assert (yesterday.sent, yesterday.delivered, today.delivered) == (1, 1, 0)


def test_every_sms_is_in_one_column(gateway):
    for state in ("sent", "delivered", "undelivered"):
        sent(NOON, state)
    queued(1, state="failed", created_at=NOON)
    queued(2, state="queued", created_at=NOON)
    (today,) = figures.last_days(1, now=NOON)
    assert (today.sent, today.delivered, today.undelivered, today.unreported, today.failed) == (3, 1, 1, 1, 1)


def test_what_came_in_and_what_was_spent_is_summed(gateway):
    key = accounts.resolve()
    for _each in range(2):
        InboundMessage.objects.create(line="1", sender="2", text="3", received_at=NOON, api_key=key)
    for index, price in enumerate((500, 700, None)):
        SendRequest.objects.create(
            request_id=str(index), api_key=key, state="accepted", finished_at=NOON, total_price=price
        )
    (today,) = figures.last_days(1, now=NOON)
    assert (today.received, today.cost) == (2, 1200)


def test_days_without_anything_are_there_with_zeros(gateway):
    days = figures.last_days(30, now=NOON)
    assert [figures.summed(days).sent, len(days), str(days[-1].day)] == [0, 30, "2026-11-24"]


def test_thirty_days_cost_four_queries(gateway, django_assert_num_queries):
    with django_assert_num_queries(4):
        figures.last_days(30, now=NOON)


def test_the_oldest_that_waits_is_found_in_any_lane_of_any_account(gateway):
    now = clock_time.now()
    queued(1, api_key=account("a"), priority=1, due_at=now - timedelta(minutes=1))
    queued(1, api_key=account("b"), priority=2, due_at=now - timedelta(hours=1))
    queued(1, api_key=account("b2"), due_at=now + timedelta(hours=1))
    queued(1, api_key=account("c"), state="in_doubt")
    waiting = figures.queue(now=now)
    assert waiting == figures.Queue(due=2, planned=1, in_doubt=1, oldest=now - timedelta(hours=1))


# Charts


def chart(values, **changes):
    series = [Series(kind, kind, row) for kind, row in values.items()]
    count = len(series[0].values)
    options = {"labels": [str(i) for i in range(count)], "show": str, "right_to_left": False, **changes}
    return bar_chart("c", "Title", series, description="", **options)


def test_bars_are_as_high_as_their_values():
    drawn = chart({"sent": [5, 10, 0]})
    heights = [[float(part.height) for part in bar.segments] for bar in drawn.bars]
    assert heights[0][0] * 2 == heights[1][0]
    assert heights[2] == []


def test_parts_of_a_bar_stand_on_each_other():
    (bar,) = chart({"delivered": [3], "failed": [2]}).bars
    lower, upper = bar.segments
    assert float(upper.y) + float(upper.height) == pytest.approx(float(lower.y), abs=0.02)


def test_the_newest_day_is_where_reading_ends():
    left_to_right, right_to_left = chart({"a": [1, 2]}), chart({"a": [1, 2]}, right_to_left=True)
    assert float(left_to_right.bars[0].x) < float(left_to_right.bars[1].x)
    assert float(right_to_left.bars[0].x) > float(right_to_left.bars[1].x)


def test_a_chart_of_nothing_has_no_bars():
    drawn = chart({"sent": [0, 0]})
    assert ([bar.segments for bar in drawn.bars], drawn.levels) == ([[], []], [])


# The page


def test_the_overview_shows_the_figures_by_span(boss, gateway, time_machine):
    time_machine.move_to(NOON)
    for back in (0, 3, 20, 40):
        sent(NOON - timedelta(days=back))
    assert re.search(r"Today Last 7 days Last 30 days Sent 1 2 3 ", page_text(page(boss)))


def test_the_overview_speaks_persian(boss, gateway, time_machine):
    time_machine.move_to(NOON)
    sent(NOON)
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


def test_a_step_returns_to_its_page_in_an_admin_site_of_the_projects_own(boss, bare, settings):
    settings.ROOT_URLCONF = "tests.admin.office"
    address = reverse("office:sepahan_django_first_run")
    answer = boss.post(address, {"step": "token", "token-title": "main", "token-token": TOKEN})
    assert answer["Location"] == address


# The first run


def step(client, name, **data):
    fields = {"step": name, **{f"{name}-{key}": value for key, value in data.items()}}
    return client.post(reverse(FIRST_RUN), fields, follow=True)


def done(answer):
    """Which of the five steps the page shows as done."""
    states = re.findall(r"sepahan-state-(?:delivered|queued)\">(done|to do)<", answer.content.decode())
    return [state == "done" for state in states]


@pytest.fixture
def bare(gateway, settings):
    """A gateway, and a project that has nothing but its address."""
    settings.SEPAHAN = {"BASE_URL": gateway.url, "TIMEOUT": (1, 1), "DISPATCH": "inline"}
    return gateway


def test_in_the_beginning_every_step_is_to_do(boss, bare):
    assert done(page(boss, FIRST_RUN)) == [False] * 5


def test_the_steps_are_done_one_after_the_other(boss, bare):
    answer = step(boss, "token", title="main", token=TOKEN)
    assert (done(answer), "1,000,000 Rials" in page_text(answer)) == ([True, True, False, False, False], True)
    answer = step(boss, "line", number="۳۰۰۰۱۲۳۴۵۶", label="office")
    assert done(answer) == [True, True, True, False, False]
    nonce = answer.context["forms"]["test"]["nonce"].value()
    answer = step(boss, "test", number="۰۹۱۲ ۱۲۳ ۴۵۶۷", nonce=nonce)
    assert done(answer) == [True, True, True, True, False]
    assert bare.state.recipients() == ["09121234567"]
    for job in (Job.SEND, Job.PULL, Job.SYNC):
        JobRun.objects.create(name=job, seen_at=clock_time.now())
    answer = page(boss, FIRST_RUN)
    assert (done(answer), "Everything is set up" in page_text(answer)) == ([True] * 5, True)


def test_the_first_account_is_the_default(boss, bare):
    step(boss, "token", title="main", token=TOKEN)
    assert ApiKey.objects.get().is_default


def test_a_token_is_not_written_back_into_the_page(boss, bare):
    step(boss, "token", title="main", token=TOKEN)
    assert TOKEN not in step(boss, "token", title="main", token=TOKEN).content.decode()


def test_a_token_that_the_gateway_refuses_is_kept_and_told(boss, settings):
    settings.SEPAHAN = {"BASE_URL": "http://127.0.0.1:9", "TIMEOUT": (1, 1)}
    answer = step(boss, "token", title="main", token=TOKEN)
    assert "did not accept the account “main”" in page_text(answer)
    assert (done(answer)[:2], ApiKey.objects.count()) == ([True, False], 1)


def test_an_empty_token_gets_a_sentence(boss, bare):
    assert "Paste the token" in page_text(step(boss, "token", title="main", token=""))


def test_a_line_that_was_switched_off_becomes_the_default_again(boss, bare):
    line = SenderLine.objects.create(api_key=account(), number="3000", is_active=False)
    step(boss, "line", number="3000", label="")
    line.refresh_from_db()
    assert (line.is_active, line.is_default) == (True, True)


def test_a_test_submitted_twice_is_sent_once(boss, inline):
    nonce = page(boss, FIRST_RUN).context["forms"]["test"]["nonce"].value()
    for _time in range(2):
        step(boss, "test", number="09121234567", nonce=nonce)
    assert len(inline.state.ledger) == 1


def test_a_number_that_can_not_be_read_gets_a_sentence_and_stays_in_the_field(boss, gateway):
    nonce = page(boss, FIRST_RUN).context["forms"]["test"]["nonce"].value()
    answer = step(boss, "test", number="02188776655", nonce=nonce)
    assert answer.context["forms"]["test"].errors
    assert 'value="02188776655"' in answer.content.decode()
    assert OutboundMessage.objects.count() == 0


def test_a_test_needs_an_account_and_says_so(boss, bare):
    nonce = page(boss, FIRST_RUN).context["forms"]["test"]["nonce"].value()
    assert "Store an account first" in page_text(step(boss, "test", number="09121234567", nonce=nonce))


def test_what_is_set_up_is_kept_in_the_history(boss, bare):
    step(boss, "token", title="main", token=TOKEN)
    assert LogEntry.objects.get().object_repr == "main"


def test_looking_at_the_page_changes_nothing(boss, bare):
    page(boss, FIRST_RUN)
    assert (ApiKey.objects.count(), bare.state.requests) == (0, [])


@pytest.mark.parametrize(
    ("name", "permission", "data"),
    [
        ("token", "add_apikey", {"title": "a", "token": TOKEN}),
        ("credit", "view_credit", {}),
        ("line", "add_senderline", {"number": "3000"}),
        ("test", "send_message", {"number": "09121234567"}),
    ],
)
def test_a_step_is_closed_without_its_permission(client, gateway, name, permission, data):
    others = Permission.objects.filter(content_type__app_label="sepahan_django").exclude(codename=permission)
    staff = clerk(client, *others.values_list("codename", flat=True))
    assert step(staff, name, **data).status_code == 403


def test_the_page_is_closed_to_those_who_may_not_add_an_account(client, gateway):
    assert page(clerk(client, "view_apikey", "send_message"), FIRST_RUN).status_code == 403


def test_the_overview_leads_to_the_first_run_until_nothing_is_missing(boss, gateway):
    address = f'href="{reverse(FIRST_RUN)}"'
    assert address in page(boss).content.decode()
    queued(1)
    outbox.drain()
    accounts.refresh_credit(accounts.resolve())
    for job in (Job.SEND, Job.PULL, Job.SYNC):
        JobRun.objects.create(name=job, seen_at=clock_time.now())
    assert address not in page(boss).content.decode()


def test_an_empty_list_leads_to_the_first_run(boss, bare):
    content = page(boss, "admin:sepahan_django_outboundmessage_changelist").content.decode()
    assert f'href="{reverse(FIRST_RUN)}"' in content


def test_an_empty_list_leads_nobody_to_a_closed_door(client, bare):
    staff = clerk(client, "view_outboundmessage")
    content = page(staff, "admin:sepahan_django_outboundmessage_changelist").content.decode()
    assert reverse(FIRST_RUN) not in content


# The lines for cron


def manage(tmp_path, monkeypatch, folder="project"):
    """A manage.py in a folder of this name, as the one that runs."""
    script = tmp_path / folder / "manage.py"
    script.parent.mkdir()
    script.touch()
    monkeypatch.setattr(sys, "argv", [str(script), "runserver"])
    return script


def test_the_lines_name_this_python_and_this_projects_manage_py(tmp_path, monkeypatch):
    script = manage(tmp_path, monkeypatch)
    lines = readiness.cron_lines()
    assert lines[0] == f"* * * * * cd {script.parent} && {sys.executable} manage.py sepahan_send_queued"
    assert [line.split()[-1] for line in lines] == [
        "sepahan_send_queued",
        "sepahan_pull_inbox",
        "sepahan_sync_status",
        "sepahan_credit",
    ]


def test_paths_with_blanks_and_percent_signs_survive_cron(tmp_path, monkeypatch):
    script = manage(tmp_path, monkeypatch, "my 100% project")
    words = shlex.split(readiness.cron_lines()[0].replace(r"\%", "%"))
    assert words[words.index("cd") + 1] == str(script.parent)
    assert r"100\% project" in readiness.cron_lines()[0]


def test_under_a_web_server_manage_py_is_looked_for_where_the_project_is(tmp_path, monkeypatch):
    script = manage(tmp_path, monkeypatch)
    monkeypatch.setattr(sys, "argv", ["/usr/bin/gunicorn", "project.wsgi"])
    monkeypatch.chdir(script.parent)
    assert f"cd {script.parent} && " in readiness.cron_lines()[0]


def test_without_a_manage_py_django_itself_is_run(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/gunicorn"])
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.chdir(tmp_path)
    assert "-m django --settings tests.settings sepahan_send_queued" in readiness.cron_lines()[0]


def test_a_python_inside_a_web_server_is_replaced_by_that_of_its_environment(tmp_path, monkeypatch):
    manage(tmp_path, monkeypatch)
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")
    assert str(Path(sys.prefix) / "bin" / "python") in readiness.cron_lines()[0]
