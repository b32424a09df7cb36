"""An installation of version 1.0.0 with rows is brought up to date."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from sepahan_django.models import ApiKey, DraftRow, OutboundMessage, SendDraft
from sepahan_django.values.sentences import sentence

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = ("sepahan_django", "0001_initial")


@pytest.fixture
def version_one():
    """The tables of version 1.0.0, and its models; afterwards those of today."""
    executor = MigrationExecutor(connection)
    newest = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "sepahan_django"]
    executor.migrate([FIRST])
    yield executor.loader.project_state([FIRST]).apps
    MigrationExecutor(connection).migrate(newest)


def to_today():
    executor = MigrationExecutor(connection)
    executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == "sepahan_django"])


def migrate_to(name):
    MigrationExecutor(connection).migrate([("sepahan_django", name)])


def test_pauses_messages_and_their_reasons_outlive_the_upgrade(version_one):
    account = version_one.get_model("sepahan_django", "ApiKey").objects.create(
        title="main",
        paused_until=timezone.now(),
        pause_kind="account",
        pause_reason="نشانی اینترنتی این سرور مجاز نیست. (-3: IP not allowed)",
    )
    version_one.get_model("sepahan_django", "OutboundMessage").objects.create(
        recipient="09121234567",
        text="سلام",
        sender="3000123456",
        api_key=account,
        state="failed",
        error_code=-4,
        error_message="شماره درست نیست.",
        due_at=timezone.now(),
    )
    to_today()
    now = ApiKey.objects.get()
    assert (now.pause_code, now.pause_reason) == (-3, account.pause_reason)
    message = OutboundMessage.objects.get()
    assert (message.state, message.error_code, message.error_message) == ("failed", -4, "شماره درست نیست.")


def test_a_pause_by_the_projects_own_code_gets_no_number(version_one):
    rows = version_one.get_model("sepahan_django", "ApiKey").objects
    rows.create(title="main", paused_until=timezone.now(), pause_reason="closed (-3)")
    to_today()
    assert ApiKey.objects.get().pause_code is None


def test_on_the_way_back_reasons_are_texts_that_fit_their_columns(version_one):
    to_today()
    draft = SendDraft.objects.create()
    row = DraftRow.objects.create(
        draft=draft, number=1, raw="x", reason=sentence("“%(column)s” is empty.", column="x" * 300)
    )
    migrate_to("0011_list_indexes")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT reason FROM {DraftRow._meta.db_table} WHERE id = %s", [row.pk])
        (reason,) = cursor.fetchone()
    assert (reason[:5], len(reason)) == ("“xxxx", 200)
