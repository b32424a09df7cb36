"""The database commits, and the connection is lost before it says so: every step may be done twice."""

from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection

from sepahan_django import inbox, outbox
from tests.arriving import arrive, arrived
from tests.factories import inbox as stored
from tests.factories import make_due, queued, states

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def losing_the_answer_to_commit(monkeypatch, number):
    """The n-th COMMIT, or the n-th write outside of a transaction, is done and reported as failed."""
    monkeypatch.setattr("sepahan_django.db.transactions.PATIENCE", (0, 0))
    left = [number]

    def lose():
        left[0] -= 1
        if left[0] == 0:
            raise OperationalError("server closed the connection unexpectedly")

    commit = connection._commit

    def committing():
        commit()
        lose()

    def writing(execute, sql, parameters, many, context):
        result = execute(sql, parameters, many, context)
        if not connection.in_atomic_block and sql.split(" ", 1)[0] in ("UPDATE", "INSERT"):
            lose()
        return result

    monkeypatch.setattr(connection, "_commit", committing)
    with connection.execute_wrapper(writing):
        yield


@pytest.mark.parametrize("number", range(1, 11))
@pytest.mark.parametrize("mode", ["peek", "direct"])
def test_what_came_in_is_stored_once(gateway, settings, monkeypatch, mode, number):
    settings.SEPAHAN = {**settings.SEPAHAN, "INBOX_MODE": mode}
    arrive(gateway, "1", "2", "2")
    with losing_the_answer_to_commit(monkeypatch, number):
        try:
            inbox.pull()
        except OperationalError:
            pass
    inbox.pull()
    assert stored() == arrived(gateway)


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("fault", ["accept", -4, -999])
def test_what_goes_out_goes_out_once(gateway, monkeypatch, fault, number):
    queued(2)
    gateway.state.script.append(fault)
    with losing_the_answer_to_commit(monkeypatch, number):
        try:
            outbox.drain()
        except OperationalError:
            pass
    monkeypatch.undo()
    for _round in range(2):
        make_due()
        outbox.drain()
    told = (states(), sorted(gateway.state.recipients()))
    assert told in [
        ({"sent": 2}, ["09120000000", "09120000001"]),
        ({"failed": 2}, []),
    ]
