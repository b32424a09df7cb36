import io
import logging
import sys
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from sepahan_django import tasks
from sepahan_django.gateway.errors import NotSubmitted
from sepahan_django.jobs import heartbeat
from sepahan_django.management.base import SepahanCommand
from sepahan_django.models import Job, JobRun
from tests.factories import queued

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = "http://127.0.0.1:9"
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("job", Job)
def test_a_command_leaves_when_it_ran_and_that_it_ended_well(gateway, job):
    before = timezone.now()
    call_command(f"sepahan_{job}", verbosity=0)
    row = JobRun.objects.get()
    assert (row.name, row.last_error) == (job, "")
    assert before <= row.started_at <= row.ended_at == row.last_ok_at == row.seen_at


def test_a_run_that_fails_leaves_its_sentence_and_keeps_when_it_last_ended_well(gateway, clock, settings):
    call_command("sepahan_credit")
    well = JobRun.objects.get().last_ok_at
    clock.shift(MINUTE)
    settings.SEPAHAN = {**settings.SEPAHAN, "BASE_URL": NOBODY}
    with pytest.raises(CommandError):
        call_command("sepahan_credit")
    row = JobRun.objects.get()
    assert (row.last_ok_at, "no connection" in row.last_error, row.ended_at > well) == (well, True, True)


def test_a_run_that_ends_well_forgets_the_error_of_the_one_before(gateway):
    JobRun.objects.create(name=Job.CREDIT, last_error="away")
    call_command("sepahan_credit")
    assert JobRun.objects.get().last_error == ""


def test_what_only_a_person_starts_is_no_job(gateway):
    call_command("sepahan_prune", "--older-than", "400")
    assert JobRun.objects.count() == 0


def test_a_loop_writes_at_most_once_a_minute(gateway, clock, django_assert_num_queries):
    beating = heartbeat.Heartbeat(Job.SEND, sparing=True)
    beating.begin()
    beating.end()
    with django_assert_num_queries(0):
        for _round in range(3):
            clock.shift(MINUTE / 10)
            beating.begin()
            beating.end()


def test_a_loop_that_does_nothing_is_seen_every_minute(gateway, clock):
    beating = heartbeat.Heartbeat(Job.SEND, sparing=True)
    for _round in range(10):
        beating.begin()
        beating.end()
        row = JobRun.objects.get()
        assert timezone.now() - row.seen_at <= MINUTE
        assert timezone.now() - row.last_ok_at <= MINUTE
        clock.shift(MINUTE / 3)


def test_a_loop_tells_at_once_that_something_went_wrong(gateway, clock):
    beating = heartbeat.Heartbeat(Job.SEND, sparing=True)
    beating.begin()
    beating.end()
    beating.begin()
    beating.end("away")
    assert JobRun.objects.get().last_error == "away"


def test_a_long_run_is_seen_alive_before_it_ends(gateway, clock):
    beating = heartbeat.Heartbeat(Job.SEND)
    beating.begin()
    clock.shift(5 * MINUTE)
    beating.beat()
    row = JobRun.objects.get()
    assert (row.seen_at - row.started_at >= 5 * MINUTE, row.ended_at) == (True, None)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run_on_a_terminal(clock, monkeypatch, **options):
    """Whether a run that goes on for five minutes says that it is alive, and what it shows meanwhile."""
    monkeypatch.setattr("sys.stderr", shown := Terminal())
    command = SepahanCommand(stdout=Terminal())
    command.heartbeat = heartbeat.Heartbeat(Job.SEND)
    command.heartbeat.begin()
    with command.progress("messages", options) as progress:
        clock.shift(5 * MINUTE)
        progress(3)
    row = JobRun.objects.get()
    return row.seen_at - row.started_at >= 5 * MINUTE, shown.getvalue()


def test_a_long_run_on_a_terminal_has_a_bar(clock, monkeypatch):
    pytest.importorskip("tqdm", reason="comes with the extra `progress`")
    is_seen_alive, shown = run_on_a_terminal(clock, monkeypatch)
    assert (is_seen_alive, "messages" in shown) == (True, True)


def test_without_the_extra_for_bars_a_long_run_is_seen_alive_all_the_same(clock, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert run_on_a_terminal(clock, monkeypatch) == (True, "")


def test_a_loop_on_a_terminal_has_no_bar(clock, monkeypatch):
    assert run_on_a_terminal(clock, monkeypatch, loop=5) == (True, "")


def test_a_long_run_does_not_write_at_each_step(gateway, django_assert_num_queries):
    beating = heartbeat.Heartbeat(Job.SEND)
    beating.begin()
    with django_assert_num_queries(0):
        for _step in range(100):
            beating.beat()


def test_a_clock_that_was_ahead_does_not_silence_a_loop(gateway, clock):
    beating = heartbeat.Heartbeat(Job.SEND, sparing=True)
    beating.begin()
    beating.end()
    clock.shift(-timedelta(hours=3))
    beating.begin()
    beating.end()
    assert timezone.now() - JobRun.objects.get().seen_at < MINUTE


def without_table(work):
    """Do the work while the heartbeats' table is not there."""
    table = JobRun._meta.db_table
    with connection.schema_editor() as editor:
        editor.alter_db_table(JobRun, table, f"{table}_away")
    try:
        return work()
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(JobRun, f"{table}_away", table)


def test_a_heartbeat_that_can_not_be_written_does_not_fail_the_job(gateway, capsys):
    queued(2)
    without_table(lambda: call_command("sepahan_send_queued"))
    assert capsys.readouterr().out.startswith("sent=2 ")


def test_a_heartbeat_that_can_not_be_written_is_told_in_the_log(gateway, caplog):
    with caplog.at_level(logging.INFO, logger="sepahan_django"):
        without_table(heartbeat.Heartbeat(Job.SEND).begin)
    assert "heartbeat of send_queued" in caplog.text


class Broken(SepahanCommand):
    job = Job.SEND

    def work(self, stop, **options):
        raise RuntimeError("words that may hold anything")


def test_a_mistake_in_the_code_is_a_run_that_did_not_end_well(gateway):
    with pytest.raises(RuntimeError, match="words"):
        call_command(Broken())
    assert JobRun.objects.get().last_error == "RuntimeError"


# From a task queue


@pytest.mark.parametrize(
    ("task", "job"),
    [
        (tasks.send_queued, Job.SEND),
        (tasks.pull_inbox, Job.PULL),
        (tasks.sync_status, Job.SYNC),
        (tasks.check_credit, Job.CREDIT),
    ],
)
def test_a_task_leaves_when_it_ran(gateway, task, job):
    task()
    row = JobRun.objects.get()
    assert (row.name, row.last_ok_at == row.ended_at) == (job, True)


def test_a_task_in_trouble_leaves_the_sentence(gateway):
    queued(1)
    gateway.state.script.append(-1)
    tasks.send_queued()
    row = JobRun.objects.get()
    assert (row.last_error.startswith("settings: "), row.last_ok_at) == (True, None)


def test_a_task_that_raises_leaves_the_sentence(gateway, settings):
    settings.SEPAHAN = {**settings.SEPAHAN, "BASE_URL": NOBODY}
    with pytest.raises(NotSubmitted):
        tasks.check_credit()
    assert "connection" in JobRun.objects.get().last_error


def test_a_task_that_the_app_starts_with_a_message_is_no_run_of_the_job(gateway):
    tasks.send_queued("settings")
    assert JobRun.objects.count() == 0
