"""System checks: what is wrong with the configuration, and how to fix it. Ids are never reused."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.utils.module_loading import import_string

from sepahan_django import conf
from sepahan_django.gateway.addresses import check_base_url


@register("sepahan")
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Everything in `settings.SEPAHAN` that can't work."""
    try:
        conf.configured()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint='SEPAHAN = {"API_KEY": "…"}', id="sepahan.E001")]
    return [*_unknown_keys(), *_contradictions(), *_wrong_values(), *_missing(), *_wrong_database()]


def _wrong_database() -> Iterator[CheckMessage]:
    """Database settings that break the transactions the app's promises rely on."""
    from sepahan_django.models import OutboundMessage

    if router.db_for_write(OutboundMessage) != DEFAULT_DB_ALIAS:
        yield Error(
            "A database router writes this app's rows to a database other than the default.",
            hint="The app's transactions run on the default database: exclude this app from the router.",
            id="sepahan.E017",
        )
    elif router.db_for_read(OutboundMessage) != DEFAULT_DB_ALIAS:
        yield Warning(
            "A database router makes this app read from a different database than it writes to.",
            hint="A lagging replica shows sent messages as unsent: exclude this app from the router.",
            id="sepahan.W009",
        )
    if not connections[DEFAULT_DB_ALIAS].settings_dict["AUTOCOMMIT"]:
        yield Error(
            "Autocommit is off for the default database, so nothing is sent or fetched.",
            hint='Remove "AUTOCOMMIT": False from DATABASES.',
            id="sepahan.E018",
        )


def _unknown_keys() -> Iterator[CheckMessage]:
    known = {*conf.DEFAULTS, *conf.FORMER_KEYS.values()}
    for key in sorted(set(map(str, conf.configured())) - known):
        yield Error(
            f'SEPAHAN["{key}"] is not a setting of this app.',
            hint=f"Known settings: {', '.join(conf.DEFAULTS)}.",
            id="sepahan.E002",
        )


def _contradictions() -> Iterator[CheckMessage]:
    given = conf.configured()
    for name, former in conf.FORMER_KEYS.items():
        if name in given and former in given and given[name] != given[former]:
            yield Warning(
                f'SEPAHAN["{name}"] and its former name, SEPAHAN["{former}"], have different values.',
                hint=f'Remove "{former}": it has no effect.',
                id="sepahan.W010",
            )


@dataclass(frozen=True)
class Rule:
    """What a value in `settings.SEPAHAN` must be. `problem` says what is wrong with it; empty for nothing."""

    id: str
    problem: Callable[[], str]
    hint: str


def _wrong_values() -> Iterator[CheckMessage]:
    for rule in RULES:
        if problem := rule.problem():
            yield Error(problem, hint=rule.hint, id=rule.id)


def _failure_of(read: Callable[[], object]) -> Callable[[], str]:
    """The sentence with which reading the setting fails."""

    def problem() -> str:
        try:
            read()
        except ImproperlyConfigured as error:
            return str(error)
        return ""

    return problem


def _unless(fits: Callable[[Any], bool], name: str, demand: str) -> Callable[[], str]:
    """The demand, where the setting's value doesn't meet it."""
    return lambda: "" if fits(conf.setting(name)) else f'SEPAHAN["{conf.key_of(name)}"] must be {demand}.'


def _refused_address() -> str:
    try:
        check_base_url(conf.setting("BASE_URL"))
    except ValueError as error:
        return f'SEPAHAN["BASE_URL"]: {error}'
    return ""


def _absent_bundle() -> str:
    bundle = conf.setting("CA_BUNDLE")
    if not bundle or Path(bundle).is_file():
        return ""
    return f'SEPAHAN["CA_BUNDLE"] names a file that does not exist: {bundle}'


def _useless_bundle() -> str:
    bundle = conf.setting("CA_BUNDLE")
    if not bundle or _absent_bundle() or _is_pem(str(bundle)):
        return ""
    return f'SEPAHAN["CA_BUNDLE"] names a file that contains no certificate or can\'t be read: {bundle}'


def _absent_client() -> str:
    try:
        # The default is known to be there; importing it would import `requests` whenever Django starts.
        if conf.setting("CLIENT") != conf.DEFAULTS["CLIENT"]:
            import_string(conf.setting("CLIENT"))
    except (ImportError, AttributeError, TypeError) as error:
        return f'SEPAHAN["CLIENT"] can\'t be imported: {error}'
    return ""


def _is_pem(path: str) -> bool:
    """Whether TLS can be checked against this file. Without it every request would fail, unsent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ValueError):  # SSLError is an OSError
        return False
    return bool(context.get_ca_certs() or context.cert_store_stats()["x509"])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_secrets(keys: Any) -> bool:
    is_list = bool(keys) and not isinstance(keys, str)
    return is_list and all(isinstance(key, str) and len(key) >= 16 for key in keys)


RULES = (
    Rule(
        id="sepahan.E003",
        problem=_failure_of(conf.timeouts),
        hint='The default is "TIMEOUT": (5, 30).',
    ),
    *(
        Rule(
            id="sepahan.E004",
            problem=_failure_of(partial(conf.choice, name, allowed)),
            hint=f'The default is "{allowed[0]}".',
        )
        for name, allowed in (("DISPATCH", conf.DISPATCHES), ("INBOX_MODE", conf.INBOX_MODES))
    ),
    Rule(
        id="sepahan.E005",
        problem=_refused_address,
        hint="Use the https address of the gateway, or http on a loopback address for the sandbox.",
    ),
    Rule(
        id="sepahan.E006",
        problem=_absent_bundle,
        hint="Set it to the path of a PEM file, or remove it.",
    ),
    Rule(
        id="sepahan.E016",
        problem=_useless_bundle,
        hint="Set it to the path of a PEM file that this process may read, or remove it.",
    ),
    Rule(
        id="sepahan.E007",
        problem=_unless(
            lambda rate: rate is None or (_is_number(rate) and rate > 0),
            "MAX_REQUESTS_PER_SECOND",
            "a positive number",
        ),
        hint="Remove it or set it to None for no limit.",
    ),
    Rule(
        id="sepahan.E008",
        problem=_unless(lambda limit: limit is None or _is_number(limit), "LOW_CREDIT", "an amount in Rials"),
        hint="Set it to None to disable the warning.",
    ),
    Rule(
        id="sepahan.E015",
        problem=_unless(_is_whole, "BULK_THRESHOLD", "a whole number of recipients"),
        hint="The default is 100.",
    ),
    Rule(
        id="sepahan.E009",
        problem=_absent_client,
        hint='The default is "sepahan_django.gateway.SepahanClient".',
    ),
    Rule(
        id="sepahan.E014",
        problem=_failure_of(partial(conf.choice, "CURRENCY_UNIT", conf.CURRENCY_UNITS)),
        hint='The default is "rial"; "toman" shows amounts divided by ten.',
    ),
    Rule(
        id="sepahan.E010",
        problem=_unless(
            lambda keys: keys is None or _are_secrets(keys),
            "ENCRYPTION_KEYS",
            "a list of strings of at least 16 characters each, newest first",
        ),
        hint="Remove it to derive the key from SECRET_KEY.",
    ),
)
"""Every value that can be wrong, in the order in which the problems are shown."""


def _missing() -> Iterator[CheckMessage]:
    if not settings.USE_TZ:
        yield Error("This app needs time-zone-aware datetimes.", hint="Set USE_TZ = True.", id="sepahan.E011")
    if not hasattr(settings, "SEPAHAN"):
        yield Warning(
            "The settings contain no SEPAHAN dictionary.",
            hint='Add SEPAHAN = {"API_KEY": "<token>", "SENDER": "<line>"}, or SEPAHAN = {} if '
            "accounts and lines are stored in the admin.",
            id="sepahan.W006",
        )
    elif not conf.setting("API_KEY") or not conf.setting("SENDER"):
        names = [name for name in ("API_KEY", "SENDER") if not conf.setting(name)]
        yield Info(
            f"SEPAHAN has no {' and no '.join(names)}.",
            hint="This is fine if accounts and lines are stored in the admin; otherwise set it.",
            id="sepahan.I001",
        )
    if not isinstance(conf.setting("API_KEY"), str):
        yield Error(
            'SEPAHAN["API_KEY"] must be a string.', hint="Set it to the bare token.", id="sepahan.E012"
        )


@register(Tags.database)
def check_accounts(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Whether there is an account, and each stored token can be read. Runs with the database's checks."""
    from django.db import DatabaseError

    from sepahan_django.models import ApiKey
    from sepahan_django.models.fields import UnreadableSecret

    if not databases:
        return []
    found: list[CheckMessage] = []
    try:
        rows = list(ApiKey.objects.filter(is_active=True, origin=None)[:100])
    except DatabaseError:
        return []  # not migrated yet
    if not rows and not conf.setting("API_KEY"):
        found.append(
            Warning(
                "There is no gateway account yet.",
                hint='Set SEPAHAN["API_KEY"], or store a token in the admin under Accounts.',
                id="sepahan.W001",
            )
        )
    found += [
        Error(
            f"The token of the account “{row.title}” can't be decrypted.",
            hint="Add the key it was stored with to SEPAHAN[“ENCRYPTION_KEYS”] or "
            "SECRET_KEY_FALLBACKS, or enter the token again.",
            id="sepahan.E013",
        )
        for row in rows
        if isinstance(row.token, UnreadableSecret)
    ]
    found += [
        Warning(
            f"The account “{row.title}” uses a loopback address.",
            hint="Change it to the gateway's https address, or delete the account.",
            id="sepahan.W007",
        )
        for row in rows
        if row.base_url.lower().startswith("http://") and not settings.DEBUG
    ]
    return found


@register("sepahan", deploy=True)
def check_deployment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What works but should not go into production."""
    found: list[CheckMessage] = []
    if "sepahan_django.sandbox" in settings.INSTALLED_APPS:
        found.append(
            Warning(
                "The sandbox is installed in production.",
                hint="Remove sepahan_django.sandbox from INSTALLED_APPS and its URLs.",
                id="sepahan.W002",
            )
        )
    if str(conf.setting("CLIENT")).startswith("sepahan_django.testing."):
        found.append(
            Warning(
                "SMS go to a test client and are not delivered to phones.",
                hint='Remove SEPAHAN["CLIENT"] from the production settings.',
                id="sepahan.W003",
            )
        )
    if str(conf.setting("BASE_URL")).lower().startswith("http://"):
        found.append(
            Warning(
                'SEPAHAN["BASE_URL"] is a loopback address.',
                hint="Set it to the gateway's https address.",
                id="sepahan.W004",
            )
        )
    keys = conf.setting("ENCRYPTION_KEYS")
    if isinstance(keys, list | tuple) and settings.SECRET_KEY in keys:
        found.append(
            Warning(
                'SEPAHAN["ENCRYPTION_KEYS"] contains SECRET_KEY, so leaking one leaks both.',
                hint="Generate a separate key, put it first, and run sepahan_reencrypt.",
                id="sepahan.W008",
            )
        )
    if settings.DEBUG and conf.setting("API_KEY"):
        found.append(
            Warning(
                "The token is in the settings while DEBUG is on.",
                hint="Set DEBUG = False in production.",
                id="sepahan.W005",
            )
        )
    return found
