import logging

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction

from sepahan_django import outbox
from sepahan_django.db.transactions import PATIENCE, retrying
from sepahan_django.models import ApiKey
from tests.factories import queued, states


class Failing:
    """An operation that the database can't do so many times."""

    def __init__(self, times):
        self.left, self.calls = times, 0

    def __call__(self):
        self.calls += 1
        if self.left:
            self.left -= 1
            raise OperationalError("database is locked")
        return "done"


def at_once(seconds):
    pass


@pytest.mark.django_db(transaction=True)
def test_what_the_database_can_not_do_is_tried_again():
    operation = Failing(2)
    assert (retrying(operation, wait=at_once), operation.calls) == ("done", 3)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_away_is_told():
    operation = Failing(1000)
    with pytest.raises(OperationalError):
        retrying(operation, wait=at_once)
    assert operation.calls == len(PATIENCE) + 1


@pytest.mark.django_db(transaction=True)
def test_within_somebody_elses_transaction_nothing_is_tried_again():
    operation = Failing(1)
    with pytest.raises(OperationalError), transaction.atomic():
        retrying(operation, wait=at_once)
    assert operation.calls == 1


def gone(execute, *arguments):
    raise OperationalError("server closed the connection unexpectedly\n\tThis probably means …")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["send_queued", "pull_inbox", "sync_status", "credit"])
def test_a_command_without_a_database_ends_with_one_sentence(gateway, monkeypatch, name):
    monkeypatch.setattr("sepahan_django.db.transactions.PATIENCE", (0, 0))
    queued(1)
    with connection.execute_wrapper(gone), pytest.raises(CommandError) as caught:
        call_command(f"sepahan_{name}")
    assert str(caught.value).splitlines() == [
        "The database can't be used: server closed the connection unexpectedly"
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", range(1, 26))
def test_a_database_gone_at_any_statement_leaves_the_states_true(gateway, monkeypatch, statement):
    monkeypatch.setattr("sepahan_django.db.transactions.PATIENCE", ())
    queued(3)
    left = [statement]

    def going(execute, *arguments):
        left[0] -= 1
        if left[0] <= 0:
            raise OperationalError("gone")
        return execute(*arguments)

    try:
        with connection.execute_wrapper(going):
            outbox.drain()
    except OperationalError:
        pass
    accepted = len(gateway.state.ledger)
    assert states() in ([{"sent": 3}, {"sending": 3}] if accepted else [{"queued": 3}, {"sending": 3}])


@pytest.mark.django_db(transaction=True)
def test_a_gateway_that_is_away_is_logged_once_and_not_for_each_message(gateway, caplog):
    gateway.server.server_close()
    queued(250)
    for _round in range(5):
        outbox.drain()
    lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == 1


@pytest.mark.django_db(transaction=True)
def test_an_account_that_works_again_is_logged_once(gateway, caplog):
    caplog.set_level(logging.INFO, "sepahan_django")
    queued(1)
    gateway.state.script.append(-8)
    outbox.drain()
    for _round in range(3):
        queued(1, recipient="09129999999")
        outbox.drain()
    assert ApiKey.objects.get().failures_in_a_row == 0
    assert [r.getMessage() for r in caplog.records].count("The account settings works again.") == 1
