"""What keeps SMS from going out or coming in at the moment: one open incident for each cause.

Computed each time from a handful of indexed queries, so that an incident ends automatically with its
cause.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sepahan_django.conf import setting
from sepahan_django.gateway.codes import ErrorCode
from sepahan_django.models import (
    ApiKey,
    Campaign,
    Job,
    JobRun,
    MessageState,
    OutboundMessage,
    PauseKind,
    RequestState,
    SendRequest,
)
from sepahan_django.models.fields import UnreadableSecret
from sepahan_django.reports.figures import first_due, first_due_outside
from sepahan_django.values.digits import localize_number
from sepahan_django.wording import error_text

SILENCE = {
    Job.SEND: timedelta(minutes=15),
    Job.PULL: timedelta(minutes=15),
    Job.SYNC: timedelta(hours=2),
    Job.CREDIT: timedelta(days=1),
}
"""How long a job may give no sign of life."""
STUCK_AFTER = timedelta(minutes=15)
"""How long a due message may wait while nothing at all goes out."""
MAX_ACCOUNTS = 50
MAX_DOUBTS_COUNTED = 1000
"""Messages in doubt are counted up to this number, so that pages stay fast."""


class Kind(Enum):
    """The causes that an incident can have."""

    PAUSED = "paused"
    IP_REFUSED = "ip_refused"
    CREDIT = "credit"
    UNREADABLE = "unreadable"
    INBOX = "inbox"
    JOB = "job"
    QUEUE = "queue"
    DOUBT = "doubt"


class Severity(Enum):
    """ERROR: nothing moves until an operator acts. WARNING: it still works, but needs a look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Incident:
    """One cause, described for users.

    `page` is the name, without a namespace, of the admin's page on which to act, with its `args` and
    `query`; it is for those who have one of the `permissions`. `credit`, in Rials, is for those who may see
    the credit. `detail` is what the gateway or a job said.
    """

    kind: Kind
    severity: Severity
    title: str
    remedy: str
    detail: str = ""
    page: str = ""
    args: tuple[int, ...] = ()
    query: str = ""
    permissions: tuple[str, ...] = ()
    credit: int | None = None


def open_incidents(hidden: Collection[int] = ()) -> list[Incident]:
    """The open incidents but those of the `hidden` accounts, the worst first.

    Three queries, whatever the tables hold, and a fourth while delivery states were never asked for. One more
    while a queue stands still, and when campaigns pause meanwhile three for each account that seems stuck.
    """
    now = timezone.now()
    standings = _account_states(now, hidden)
    found = [incident for one in standings for incident in _of_account(one.account, now=now)]
    if standings:
        found += _of_work(standings, known=found, now=now)
    found += _of_doubts(hidden)
    return sorted(found, key=lambda incident: incident.severity is not Severity.ERROR)


@dataclass(frozen=True)
class _AccountState:
    """An account, and whether a message of it has long been due while nothing at all went out."""

    account: ApiKey
    is_stuck: bool


def _account_states(now: datetime, hidden: Collection[int]) -> list[_AccountState]:
    """Of the accounts in use. One query, and more only while one of them seems stuck."""
    late = now - STUCK_AFTER
    went_out = SendRequest.objects.filter(
        api_key=OuterRef("pk"), finished_at__gt=late, state=RequestState.ACCEPTED
    )
    rows = ApiKey.objects.filter(is_active=True).exclude(pk__in=hidden)
    if not setting("API_KEY"):
        rows = rows.filter(origin=None)
    lanes = first_due()
    standings = []
    for row in rows.annotate(went_out=Exists(went_out), **lanes)[:MAX_ACCOUNTS]:
        firsts = [getattr(row, lane) for lane in lanes]
        is_late = any(first is not None and first < late for first in firsts)
        standings.append(_AccountState(row, is_late and not row.went_out))
    return _without_paused(standings, late) if any(one.is_stuck for one in standings) else standings


def _without_paused(standings: list[_AccountState], late: datetime) -> list[_AccountState]:
    """Messages that wait for a paused campaign are not stuck."""
    paused = Campaign.objects.paused_pks()
    if not paused:
        return standings
    found = []
    for one in standings:
        first = first_due_outside(paused, api_key=one.account.pk) if one.is_stuck else None
        found.append(_AccountState(one.account, first is not None and first < late))
    return found


# Of one account


def _of_account(account: ApiKey, *, now: datetime) -> list[Incident]:
    found = [_token(account), _pause(account, now=now), _credit(account), _inbox(account)]
    return [incident for incident in found if incident is not None]


def _at_account(
    kind: Kind, account: ApiKey, *, title: str, remedy: str, detail: str = "", credit: int | None = None,
    severity: Severity = Severity.ERROR,
) -> Incident:  # fmt: skip
    return Incident(
        kind,
        severity,
        title=title % {"title": account.title},
        remedy=remedy,
        detail=detail,
        page="sepahan_django_apikey_change",
        args=(account.pk,),
        permissions=("change_apikey", "view_apikey"),
        credit=credit,
    )


def _token(account: ApiKey) -> Incident | None:
    if account.is_from_settings or not isinstance(account.token, UnreadableSecret):
        return None
    return _at_account(
        Kind.UNREADABLE,
        account,
        title=_("The token of the account “%(title)s” can't be decrypted."),
        remedy=_(
            "Add the key it was stored with to SEPAHAN[“ENCRYPTION_KEYS”] or "
            "SECRET_KEY_FALLBACKS, or enter the token again."
        ),
    )


def _pause(account: ApiKey, *, now: datetime) -> Incident | None:
    if account.paused_until is None or account.pause_kind == PauseKind.CREDIT:
        return None
    if not account.pause_kind:  # by the project's own code, and ends on time
        if account.paused_until <= now:
            return None
        remedy = _(
            "This project's own code has paused it. “Try again now” on the account's page ends the pause."
        )
        return _at_account(
            Kind.PAUSED,
            account,
            title=_("The account “%(title)s” is paused."),
            remedy=remedy,
            detail=account.pause_reason,
            severity=Severity.WARNING,
        )
    code = account.pause_code
    then = _("Then click “Try again now” on the account's page; until then its SMS wait.")
    if code == ErrorCode.IP_NOT_ALLOWED:
        title = _("The account “%(title)s” is paused: the gateway does not accept this server's IP address.")
        remedy = _("Add this server's address to the token in the panel.")
    elif code == ErrorCode.IP_BLOCKED:
        title = _("The account “%(title)s” is paused: the gateway has blocked this server's IP address.")
        remedy = _("Ask the gateway's support to lift the block, and add this server's address to the token.")
    else:
        title = _("The account “%(title)s” is paused: the gateway refuses it.")
        remedy = error_text(code) if code is not None else _("Ask the gateway's support for the reason.")
    is_ip = code in (ErrorCode.IP_NOT_ALLOWED, ErrorCode.IP_BLOCKED)
    return _at_account(
        Kind.IP_REFUSED if is_ip else Kind.PAUSED,
        account,
        title=title,
        remedy=f"{remedy} {then}",
        detail=account.pause_reason,
    )


def _credit(account: ApiKey) -> Incident | None:
    """Waiting for credit, none left, or little: one cause, shown at its worst."""
    recharge = _(
        "Top up the account in the gateway's panel, then click “Check credit” on the account's page."
    )
    if account.paused_until is not None and account.pause_kind == PauseKind.CREDIT:
        return _at_account(
            Kind.CREDIT,
            account,
            title=_("The account “%(title)s” is paused: its credit is too low, so its SMS wait."),
            remedy=recharge,
            detail=account.pause_reason,
            credit=account.credit,
        )
    if account.credit is None:
        return None
    if account.credit <= 0:
        title = _("The credit of “%(title)s” is used up.")
        return _at_account(Kind.CREDIT, account, title=title, remedy=recharge, credit=account.credit)
    if account.credit < (setting("LOW_CREDIT") or 0):
        return _at_account(
            Kind.CREDIT,
            account,
            title=_("The credit of “%(title)s” is low."),
            remedy=recharge,
            credit=account.credit,
            severity=Severity.WARNING,
        )
    return None


def _inbox(account: ApiKey) -> Incident | None:
    if account.inbox_stopped_at is None:
        return None
    return _at_account(
        Kind.INBOX,
        account,
        title=_("The inbox of “%(title)s” has stopped: no new messages are fetched."),
        remedy=_(
            "If the messages are new, confirm that on the account's page. If they are old ones "
            "again, set SEPAHAN[“INBOX_MODE”] to “direct”."
        ),
        detail=account.inbox_stop_reason,
    )


# Of the jobs and the queue


def _of_work(standings: list[_AccountState], *, known: list[Incident], now: datetime) -> list[Incident]:
    """Jobs that don't run or don't succeed; else a queue that is stuck nevertheless."""
    runs = {Job(run.name): run for run in JobRun.objects.filter(name__in=Job.values)}
    rows_wait = {
        Job.SEND: any(one.is_stuck for one in standings),
        Job.SYNC: Job.SYNC not in runs and _states_wait(standings, now=now),
    }
    has_reason = any(incident.severity is Severity.ERROR for incident in known)
    found: list[Incident] = []
    at_fault = set()
    for job in Job:
        run = runs.get(job)
        if run is None or run.seen_at is None:
            incident = _never_run(job) if rows_wait.get(job) else None
        elif abs(now - run.seen_at) > SILENCE[job]:
            incident = _silent(job)
        elif run.last_error and not has_reason and _is_long_ago(run.last_ok_at, job, now=now):
            incident = _failing(job, run)
        else:
            incident = None
        if incident is not None:
            found.append(incident)
            at_fault.add(job)
    if Job.SEND not in at_fault:
        stuck = [one.account for one in standings if one.is_stuck]
        found += [_stuck(account) for account in stuck if not _is_explained(account)]
    return found


def _states_wait(standings: list[_AccountState], *, now: datetime) -> bool:
    rows = OutboundMessage.objects.filter(
        api_key__in=[one.account.pk for one in standings], status_due_at__lt=now - SILENCE[Job.SYNC]
    )
    return rows.exists()


def _is_long_ago(moment: datetime | None, job: Job, *, now: datetime) -> bool:
    return moment is None or now - moment > SILENCE[job]


def _is_explained(account: ApiKey) -> bool:
    return account.paused_until is not None or isinstance(account.token, UnreadableSecret)


def _at_job(title: str, remedy: str, *, detail: str = "") -> Incident:
    return Incident(
        Kind.JOB,
        Severity.ERROR,
        title=title,
        remedy=remedy,
        detail=detail,
        page="sepahan_django_first_run",
        permissions=("add_apikey",),
    )


def _never_run(job: Job) -> Incident:
    return _at_job(
        _("“%(job)s” has never run, though there is work for it.") % {"job": job.label},
        _("Ask the server administrator to add the command sepahan_%(job)s to cron.") % {"job": job},
    )


def _silent(job: Job) -> Incident:
    return _at_job(
        _("“%(job)s” has not run for a long time.") % {"job": job.label},
        _("Ask the server administrator why cron no longer runs the command sepahan_%(job)s.") % {"job": job},
    )


def _failing(job: Job, run: JobRun) -> Incident:
    return _at_job(
        _("“%(job)s” runs, but has not succeeded for a long time.") % {"job": job.label},
        _("It is retried automatically. If this persists, show this message to the server administrator."),
        detail=run.last_error,
    )


def _stuck(account: ApiKey) -> Incident:
    if account.failures_in_a_row:
        remedy = _("The gateway can't be reached or can't send now. It is retried automatically.")
    else:
        remedy = _("The worker runs but sends nothing: the server log says why.")
    return Incident(
        Kind.QUEUE,
        Severity.ERROR,
        title=_("SMS from the account “%(title)s” have been waiting for more than 15 minutes.")
        % {"title": account.title},
        remedy=remedy,
        page="sepahan_django_outboundmessage_changelist",
        query="state__exact=queued",
        permissions=("view_outboundmessage", "change_outboundmessage"),
    )


# Of messages


def _of_doubts(hidden: Collection[int]) -> list[Incident]:
    doubtful = OutboundMessage.objects.filter(state=MessageState.IN_DOUBT)
    if hidden:
        doubtful = doubtful.exclude(api_key__in=hidden)
    count = doubtful.order_by()[: MAX_DOUBTS_COUNTED + 1].count()
    if not count:
        return []
    if count > MAX_DOUBTS_COUNTED:
        title = _("More than %(count)s SMS are in doubt.") % {"count": localize_number(MAX_DOUBTS_COUNTED)}
    else:
        title = ngettext("%(count)s SMS is in doubt.", "%(count)s SMS are in doubt.", count)
        title %= {"count": localize_number(count)}
    return [
        Incident(
            Kind.DOUBT,
            Severity.WARNING,
            title=title,
            remedy=_("It is unknown whether they were sent. Review them and decide."),
            page="sepahan_django_doubts",
            permissions=("resolve_in_doubt",),
        )
    ]
