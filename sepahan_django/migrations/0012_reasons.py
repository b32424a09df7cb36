"""A pause keeps the gateway's number; reasons are sentences that each reader gets in their own language."""

import re

from django.db import migrations, models

from sepahan_django.models.fields import SentenceField
from sepahan_django.values.sentences import Sentence

_NUMBER = re.compile(r"\((-\d{1,18})[:)]")


def keep_numbers(apps, schema_editor):
    """The number of the pauses that go on, which so far stood in their sentences alone."""
    accounts = apps.get_model("sepahan_django", "ApiKey").objects.using(schema_editor.connection.alias)
    paused = accounts.exclude(pause_kind="").order_by("pk").values_list("pk", "pause_reason")
    for pk, reason in paused.iterator(chunk_size=500):
        if found := _NUMBER.search(reason):
            accounts.filter(pk=pk).update(pause_code=int(found[1]))


def write_out(apps, schema_editor):
    """For the way back: reasons as the texts that the code of before reads, and no longer than its columns."""
    for model, field, most in (
        ("ApiKey", "pause_reason", None),
        ("ApiKey", "inbox_stop_reason", None),
        ("JobRun", "last_error", None),
        ("DraftRow", "reason", 200),
        ("SendRequest", "error_message", None),
        ("OutboundMessage", "error_message", None),
    ):
        rows = apps.get_model("sepahan_django", model).objects.using(schema_editor.connection.alias)
        found = rows.exclude(**{field: ""}).order_by("pk").values_list("pk", field)
        for pk, reason in found.iterator(chunk_size=500):
            if isinstance(reason, Sentence):
                rows.filter(pk=pk).update(**{field: str(reason)[:most]})


def sentence(model, name, **options):
    """Only Python sees the difference: the column stays as it is."""
    return migrations.AlterField(model, name, SentenceField(blank=True, default="", **options))


class Migration(migrations.Migration):
    dependencies = [("sepahan_django", "0011_list_indexes")]

    operations = [
        migrations.RemoveField("campaign", "submission"),
        migrations.AddField(
            "apikey", "pause_code", models.BigIntegerField(null=True, blank=True, editable=False)
        ),
        # The rows of drafts had 200 characters for it, which a stored sentence may exceed.
        sentence("draftrow", "reason", verbose_name="reason"),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                sentence("apikey", "pause_reason", editable=False, verbose_name="pause reason"),
                sentence("apikey", "inbox_stop_reason", editable=False, verbose_name="inbox stop reason"),
                sentence("jobrun", "last_error", verbose_name="last error"),
                sentence("outboundmessage", "error_message", verbose_name="error"),
                sentence("sendrequest", "error_message", verbose_name="error"),
            ]
        ),
        migrations.RunPython(keep_numbers, write_out),
    ]
