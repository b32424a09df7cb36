"""A token is planted; then everything that people, logs and files get to see is searched for it."""

import copy
import io
import json
import logging
import pickle
import zipfile

import django
import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core import mail, serializers
from django.core.management import CommandError, call_command
from django.db import connection
from django.forms.models import model_to_dict
from django.test import RequestFactory
from django.urls import reverse
from django.utils.log import AdminEmailHandler
from django.views.debug import ExceptionReporter

from sepahan_django import accounts, delivery, drafts, inbox, outbox
from sepahan_django.accounts import clients
from sepahan_django.gateway.errors import SepahanError
from sepahan_django.models import ApiKey, OutboundMessage
from sepahan_django.sms import send_sms
from tests import faulty_gateway as faults
from tests.factories import make_due, queued
from tests.faulty_gateway import Inbound

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # The mailer of Django 6.1 is the project's to configure; here mails stay in memory.
    pytest.mark.filterwarnings("ignore:Django 2028 will not have a default mailer"),
]

CANARY = "cafe1234cafe5678cafe9012cafe3456"
"""The planted token."""
PASSWORD = "the-panels-password"
ACCOUNT = {
    "title": "main",
    "token": CANARY,
    "is_active": "on",
    "lines-TOTAL_FORMS": 0,
    "lines-INITIAL_FORMS": 0,
}


@pytest.fixture(params=["row", "settings"])
def planted(request, gateway, settings):
    """An account whose token is the canary, kept in a row or in the settings."""
    if request.param == "settings":
        settings.SEPAHAN = {**settings.SEPAHAN, "API_KEY": CANARY}
        return accounts.resolve()
    settings.SEPAHAN = {**settings.SEPAHAN, "API_KEY": ""}
    return ApiKey.objects.create(title="main", token=CANARY, is_default=True, base_url=gateway.url)


def echo(handler, code=None, status=401):
    """A gateway that repeats the token in its answers."""
    error = {"code": code, "message": f"token {CANARY}", "details": [CANARY]}
    handler.reply(status, json.dumps({"isSuccess": False, "value": None, "error": error}).encode())


@pytest.fixture
def much_has_happened(planted, gateway, monkeypatch, caplog):
    """All kinds of calls, good and bad, with a gateway that echoes the token; returns what was logged."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(faults._Handler, "refuse", echo)
    send_sms("09121234567", "x")
    gateway.state.inbound.append(Inbound("3000", "1405/09/03", "09350000001", "hello"))
    for script in (
        gateway.state.script,
        gateway.state.check_script,
        gateway.state.status_script,
        gateway.state.receive_script,
    ):
        script.extend([faults.ACCEPT, faults.DROP_REQUEST, faults.HTML, -999, -8, -1])
    for _round in range(6):
        queued(2, api_key=planted)
        accounts.resume(ApiKey.objects.get(pk=planted.pk))
        outbox.drain()
        make_due()
        outbox.drain()
        OutboundMessage.objects.filter(state="sent").update(status_due_at="2020-01-01T00:00Z")
        delivery.sync()
        inbox.pull()
    for name in ("credit", "send_queued", "pull_inbox", "sync_status", "reencrypt"):
        out = io.StringIO()
        try:
            call_command(f"sepahan_{name}", stdout=out, stderr=out)
        except CommandError as error:
            out.write(str(error))
        assert CANARY not in out.getvalue()
    return caplog.get_records("setup")


def test_no_log_line_holds_it(much_has_happened):
    assert len(much_has_happened) > 20
    shown = [logging.Formatter().format(record) + repr(record.args) for record in much_has_happened]
    assert not [line for line in shown if CANARY in line]


def test_no_table_of_the_database_holds_it(much_has_happened):
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # names of our own
            assert CANARY not in repr(cursor.fetchall()), table


def test_no_dump_holds_it(much_has_happened):
    out = io.StringIO()
    call_command("dumpdata", stdout=out)
    assert CANARY not in out.getvalue()


def test_no_page_holds_it(much_has_happened, boss):
    seen = 0
    draft = drafts.start(None, account=ApiKey.objects.first(), text="x")
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label not in ("sepahan_django", "auth", "admin"):
            continue
        for pattern in model_admin.get_urls():
            if not pattern.name:
                continue
            row = model.objects.order_by("pk").first()
            if "<" in str(pattern.pattern) and row is None:
                continue
            arguments = [row.pk] if "<" in str(pattern.pattern) and row else []
            about_one = ("<path:object_id>", "<int:pk>", "(?P<number>")
            if not any(word in str(pattern.pattern) for word in about_one):
                arguments = [draft.pk] if "<int:draft_id>" in str(pattern.pattern) else []
            if "<id>" in str(pattern.pattern):  # the users' password page
                continue
            page = boss.get(reverse(f"admin:{pattern.name}", args=arguments))
            assert CANARY.encode() not in b"".join(page), pattern.name
            seen += page.status_code == 200
    assert seen > 20


def test_a_form_that_was_refused_does_not_hold_it(boss, planted):
    page = boss.post(reverse("admin:sepahan_django_apikey_add"), {"title": "", "token": CANARY})
    assert page.status_code == 200
    assert CANARY not in page.content.decode()


def test_neither_history_nor_session_holds_it(boss, gateway, settings):
    settings.SEPAHAN = {**settings.SEPAHAN, "API_KEY": ""}
    boss.post(
        reverse("admin:sepahan_django_apikey_add"),
        {
            "title": "main",
            "token": CANARY,
            "is_active": "on",
            "lines-TOTAL_FORMS": 0,
            "lines-INITIAL_FORMS": 0,
        },
    )
    assert str(ApiKey.objects.get().token) == CANARY
    assert CANARY not in repr([entry.__dict__ for entry in LogEntry.objects.all()])
    assert CANARY not in repr([session.get_decoded() for session in Session.objects.all()])


def test_the_account_does_not_show_it_in_any_other_form(planted):
    shown = [
        repr(planted),
        str(planted),
        repr(planted.__dict__),
        repr(model_to_dict(planted)),
        serializers.serialize("json", [planted]),
        serializers.serialize("xml", [planted]),
        repr(accounts.client_for(planted)),
        repr(vars(accounts.client_for(planted))),
        repr(ApiKey.objects.values()),
        repr(clients._clients),
    ]
    assert not [one for one in shown if CANARY in one]


def test_a_pickled_account_does_not_hold_it():
    # Task queues and caches pickle rows.
    pickled = pickle.dumps(ApiKey(title="main", token=CANARY))
    assert (CANARY.encode() in pickled, str(pickle.loads(pickled).token)) == (False, CANARY)
    assert CANARY not in repr(pickle.loads(pickled).__dict__)


def test_a_copied_account_has_its_token():
    assert str(copy.deepcopy(ApiKey(title="main", token=CANARY)).token) == CANARY


def test_a_pickled_account_that_can_not_be_decrypted_keeps_what_is_stored(settings):
    key = ApiKey.objects.create(title="main", token=CANARY)
    settings.SECRET_KEY = "another key altogether, and long enough"
    pickled = pickle.dumps(ApiKey.objects.get(pk=key.pk))
    settings.SECRET_KEY = "a key for tests that is long enough to be one"
    assert str(pickle.loads(pickled).token) == CANARY


def test_a_dump_can_be_loaded_again_and_never_holds_it(tmp_path):
    ApiKey.objects.create(title="main", token=CANARY)
    file = tmp_path / "dump.json"
    call_command("dumpdata", "sepahan_django.ApiKey", output=str(file))
    ApiKey.objects.all().delete()
    call_command("loaddata", str(file), verbosity=0)
    assert (CANARY in file.read_text(), str(ApiKey.objects.get().token)) == (False, CANARY)


def test_no_logged_statement_holds_it(boss, gateway, settings, caplog):
    caplog.set_level(logging.DEBUG, logger="django.db.backends")
    settings.SEPAHAN = {**settings.SEPAHAN, "API_KEY": ""}
    connection.force_debug_cursor = True
    try:
        boss.post(reverse("admin:sepahan_django_apikey_add"), ACCOUNT)
        call_command("sepahan_reencrypt", stdout=io.StringIO())
    finally:
        connection.force_debug_cursor = False
    assert "INSERT" in caplog.text
    assert CANARY not in caplog.text + repr(list(connection.queries_log))


def test_what_the_http_library_prints_does_not_hold_it(planted, monkeypatch, capsys):
    monkeypatch.setattr("http.client.HTTPConnection.debuglevel", 1)
    monkeypatch.setattr("urllib3.connection.HTTPConnection.debuglevel", 1, raising=False)
    accounts.client_for(planted).credit()
    printed = capsys.readouterr().out
    assert ("send:" in printed, CANARY in printed) == (True, False)


@pytest.mark.parametrize("at", [0, 460, 480, 495])
def test_an_echo_that_is_cut_short_leaves_no_part_of_it(planted, gateway, monkeypatch, at):
    def echo_late(handler, code=None, status=401):
        said = "x" * at + CANARY.upper() + "y" * 600
        error = {"code": -999, "message": said, "details": [said]}
        handler.reply(status, json.dumps({"isSuccess": False, "value": None, "error": error}).encode())

    monkeypatch.setattr(faults._Handler, "refuse", echo_late)
    gateway.state.script.append(-999)
    with pytest.raises(SepahanError) as caught:
        accounts.client_for(planted).send(sender="3000", text="x", recipients=["09121234567"], request_id="r")
    assert CANARY[:6].upper() not in f"{caught.value} {caught.value.details}"


# Error reports


class Boom(Exception):
    pass


def reports_of(error, request=None):
    reporter = ExceptionReporter(request, type(error), error, error.__traceback__)
    return [reporter.get_traceback_html(), reporter.get_traceback_text()]


def failing_calls(planted, monkeypatch):
    """Errors out of the middle of the app's calls, with the token near in the frames."""
    from requests.adapters import HTTPAdapter

    def boom(*arguments, **named):
        raise Boom("in the middle of a call")

    client = accounts.client_for(planted)
    calls = [
        client.credit,
        lambda: client.send(sender="3000", text="x", recipients=["09121234567"], request_id="r"),
        lambda: client.receive(),
    ]
    with monkeypatch.context() as patch:
        patch.setattr(HTTPAdapter, "send", boom)
        for call in calls:
            try:
                call()
            except (Boom, SepahanError) as error:
                yield error
    with monkeypatch.context() as patch:
        patch.setattr("sepahan_django.accounts.clients.import_string", boom)
        patch.setattr("sepahan_django.accounts.tokens.import_string", boom)
        accounts.forget_clients()
        try:
            accounts.client_for(planted)
        except Boom as error:
            yield error
    with monkeypatch.context() as patch:
        patch.setattr("sepahan_django.db.encryption.PREFIX", property(boom))
        key = ApiKey(title="other", token=CANARY)
        try:
            key.save()
        except Exception as error:
            yield error


def echoes(planted, gateway, monkeypatch):
    """Errors of a gateway that repeats the token, in an envelope and in something that is none."""
    # No local name here may hold it: this frame is in the reports as well.
    answers = [
        lambda handler, *_arguments, **_named: echo(handler, -999),
        lambda handler, *_arguments, **_named: handler.reply(401, f"<html>{CANARY}".encode()),
        lambda handler, *_arguments, **_named: handler.reply(200, f"<html>{CANARY}".encode()),
    ]
    for answer in answers:
        monkeypatch.setattr(faults._Handler, "refuse", answer)
        gateway.state.script.append(-999)
        try:
            accounts.client_for(planted).send(
                sender="3000",
                text="x",
                recipients=["09121234567"],
                request_id=f"r{len(gateway.state.script)}",
            )
        except SepahanError as error:
            yield error


@pytest.mark.parametrize("debug", [True, False])
def test_no_error_report_of_a_gateways_echo_holds_it(planted, gateway, monkeypatch, settings, debug):
    settings.DEBUG = debug
    reports = [report for error in echoes(planted, gateway, monkeypatch) for report in reports_of(error)]
    assert len(reports) == 6
    assert not [report for report in reports if CANARY in report]


@pytest.mark.parametrize("debug", [True, False])
def test_no_error_report_of_a_new_token_that_can_not_be_stored_holds_it(
    boss, gateway, monkeypatch, settings, debug
):
    monkeypatch.setattr("sepahan_django.gateway.SepahanClient.generate_api_key", lambda *a, **n: CANARY)
    data = {"title": "new", "username": "the-user", "password": PASSWORD, "domain": "sepahansms"}
    target = "sepahan_django.models.ApiKey.save"
    texts = report_of_a_page(boss, "generate", data, target, monkeypatch, settings, debug)
    # The line of this file that gives it is source text, not a value.
    assert not [text for text in texts if CANARY in text or PASSWORD in text]


@pytest.mark.parametrize("debug", [True, False])
def test_no_error_report_of_the_first_page_holds_it(boss, gateway, monkeypatch, settings, debug):
    settings.SEPAHAN = {**settings.SEPAHAN, "API_KEY": ""}
    data = {"step": "token", "token-title": "main", "token-token": CANARY}
    target = "sepahan_django.models.ApiKey.save"
    texts = report_of_a_page(boss, "first_run", data, target, monkeypatch, settings, debug)
    assert not [text for text in texts if CANARY in text]


def test_no_exported_file_holds_it(much_has_happened, boss):
    for model in ("outboundmessage", "inboundmessage"):
        for kind in ("csv", "xlsx"):
            answer = boss.post(reverse(f"admin:sepahan_django_export_{model}"), {"format": kind})
            data = b"".join(answer.streaming_content)
            if kind == "xlsx":
                data = b"".join(
                    map(zipfile.ZipFile(io.BytesIO(data)).read, zipfile.ZipFile(io.BytesIO(data)).namelist())
                )
            assert (len(data) > 100, CANARY.encode() in data) == (True, False)


@pytest.mark.parametrize("debug", [True, False])
def test_no_error_report_of_the_services_holds_it(planted, monkeypatch, settings, debug):
    settings.DEBUG = debug
    reports = [report for error in failing_calls(planted, monkeypatch) for report in reports_of(error)]
    assert len(reports) >= 8
    own = "cafe1234cafe5678"  # also cut short
    # The line of this file that makes an account with it is source text, not a value.
    assert not [report for report in reports if own in report]


def report_of_a_page(boss, name, data, target, monkeypatch, settings, debug, args=()):
    """What Django shows, with DEBUG, and mails, without, when a page fails after it has read the form."""
    settings.DEBUG = debug
    # Django 6.0 takes addresses, and 5.2 pairs.
    settings.ADMINS = ["boss@example.ir"] if django.VERSION >= (6, 0) else [("boss", "boss@example.ir")]
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    boss.raise_request_exception = False

    def boom(*arguments, **named):
        raise Boom("in the middle of a page")

    monkeypatch.setattr(target, boom)
    handler = AdminEmailHandler(include_html=True)
    logging.getLogger("django.request").addHandler(handler)
    try:
        page = boss.post(reverse(f"admin:sepahan_django_{name}", args=args), data)
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    assert page.status_code == 500
    texts = [page.content.decode()]
    for message in mail.outbox:
        texts += [message.body, *(content for content, _kind in getattr(message, "alternatives", []))]
    assert len(texts) > 1
    assert any("Boom" in text for text in texts)
    return texts


@pytest.mark.parametrize("debug", [True, False])
def test_no_error_report_of_the_page_that_stores_it_holds_it(boss, gateway, monkeypatch, settings, debug):
    texts = report_of_a_page(
        boss,
        "apikey_add",
        {
            "title": "main",
            "token": CANARY,
            "is_active": "on",
            "lines-TOTAL_FORMS": 0,
            "lines-INITIAL_FORMS": 0,
        },
        "sepahan_django.models.ApiKey.save",
        monkeypatch,
        settings,
        debug,
    )
    assert not [text for text in texts if CANARY in text]


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    "target", ["accounts.generate_api_key", "gateway.client.SepahanClient.generate_api_key"]
)
def test_no_error_report_of_the_page_that_makes_a_token_holds_the_password(
    boss, gateway, monkeypatch, settings, debug, target
):
    data = {"title": "new", "username": "the-user", "password": PASSWORD, "domain": "sepahansms"}
    texts = report_of_a_page(boss, "generate", data, f"sepahan_django.{target}", monkeypatch, settings, debug)
    assert not [text for text in texts if PASSWORD in text]


def test_the_panels_password_is_kept_nowhere(boss, gateway, caplog):
    caplog.set_level(logging.DEBUG)
    boss.post(
        reverse("admin:sepahan_django_generate"),
        {"title": "new", "username": "the-user", "password": PASSWORD, "domain": "sepahansms"},
    )
    assert ApiKey.objects.filter(title="new").exists()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            assert PASSWORD not in repr(cursor.fetchall()), table
    assert PASSWORD not in caplog.text
    assert PASSWORD not in repr([session.get_decoded() for session in Session.objects.all()])


def test_a_request_that_fails_elsewhere_does_not_show_the_settings_token(planted, settings):
    settings.DEBUG = True
    try:
        raise Boom("anywhere in the project")
    except Boom as error:
        reports = reports_of(error, RequestFactory().get("/"))
    assert not [report for report in reports if CANARY in report]
