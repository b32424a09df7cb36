"""Who did what to which messages, in Django's admin history."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from sepahan_django.db.transactions import retrying
from sepahan_django.models import Actor, OutboundMessageQuerySet
from sepahan_django.values.visible import visible

MAX_OBJECTS_LOGGED = 500
"""Up to this many objects get an entry each; more of them get one entry with the count."""


def protect_user(request: HttpRequest) -> None:
    """Make sure that this user's entries are not deleted with the user."""
    Actor.objects.get_or_create(user_id=request.user.pk)  # type: ignore[misc]


@receiver(post_save, sender=LogEntry)
def _keep_too(instance: LogEntry, **kwargs: Any) -> None:
    """Also for entries that Django writes, such as for a changed account. Bulk entries send no signal."""
    kind = instance.content_type
    if kind is not None and kind.app_label == Actor._meta.app_label and not kwargs.get("raw"):
        Actor.objects.get_or_create(user_id=instance.user_id)


def note(request: HttpRequest, rows: Sequence[Model], said: str, *, flag: int = CHANGE) -> None:
    """An entry for each of these objects."""
    if rows:
        protect_user(request)
        LogEntry.objects.log_actions(request.user.pk, rows, flag, visible(said))  # type: ignore[arg-type]


def note_many(request: HttpRequest, model: type[Model], count: int, said: str) -> None:
    """One entry for so many objects of a model."""
    LogEntry.objects.create(
        user_id=request.user.pk,  # type: ignore[misc]
        content_type_id=ContentType.objects.get_for_model(model).pk,
        object_repr=f"{count} × {model._meta.verbose_name}"[:200],
        action_flag=CHANGE,
        change_message=visible(said),
    )


def act(
    request: HttpRequest,
    messages: Any,
    *,
    states: Collection[str],
    work: Callable[[OutboundMessageQuerySet], int],
    said: str,
) -> int:
    """Do a service's work on those of these messages that are in one of the states, and note who did it."""
    return act_and_log(request, messages.filter(state__in=states), work=work, said=said)


def act_and_log(request: HttpRequest, rows: Any, *, work: Callable[[Any], int], said: str) -> int:
    """Do a service's work on these rows, and note who did it.

    Few are done and noted in one transaction. Of many the work is done in its own bounded statements, which
    a crash may end half way; it is noted first, so that nothing is done unnoted.
    """

    def few() -> int | None:
        with transaction.atomic():
            found = list(rows.select_for_update()[: MAX_OBJECTS_LOGGED + 1])
            if len(found) > MAX_OBJECTS_LOGGED:
                return None
            note(request, found, said)
            return work(rows.model._default_manager.filter(pk__in=[row.pk for row in found]))

    done = retrying(few)
    if done is None:
        note_many(request, rows.model, rows.count(), said)
        done = work(rows)
    return done
