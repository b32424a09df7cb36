"""What goes wrong on the way, and how each of it is told."""

import socket
import threading
import time

import pytest

from sepahan_django.gateway import SepahanClient
from sepahan_django.gateway.errors import NotSubmitted, OutcomeUnknown
from tests import faulty_gateway as faults
from tests.gateway.exchanges import TOKEN, URL, exchange, send


def test_a_refused_connection_was_not_submitted():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NotSubmitted, match="Send"):
        send(SepahanClient(TOKEN, base_url=f"http://127.0.0.1:{port}"))


def test_a_name_that_is_not_resolved_was_not_submitted():
    with pytest.raises(NotSubmitted):
        SepahanClient(TOKEN, base_url=URL).credit()


def test_a_server_that_never_takes_the_connection_was_not_submitted():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(full.getsockname())
            began = time.monotonic()
            with pytest.raises(NotSubmitted):
                SepahanClient(TOKEN, f"http://127.0.0.1:{full.getsockname()[1]}", timeout=(0.2, 0.2)).credit()
    assert time.monotonic() - began < 5


def test_tls_to_a_server_without_it_was_not_submitted(server):
    port = server.server.server_address[1]
    with pytest.raises(NotSubmitted):
        SepahanClient(TOKEN, base_url=f"https://127.0.0.1:{port}", timeout=(0.5, 0.5)).credit()
    assert server.state.requests == []


@pytest.mark.parametrize(
    "fault", [faults.DROP_ANSWER, faults.DROP_REQUEST, faults.HTTP_500, faults.HTML, faults.CUT]
)
def test_no_readable_answer_leaves_the_outcome_unknown(server, client, fault):
    server.state.script.append(fault)
    with pytest.raises(OutcomeUnknown):
        send(client, request_id="r")


@pytest.mark.parametrize("fault", [faults.HANG, faults.TRICKLE, faults.ENDLESS])
def test_no_call_takes_longer_than_its_two_time_outs(server, client, fault):
    server.state.script.append(fault)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        send(client, request_id="r")
    assert time.monotonic() - began < 5  # one second, and room for a busy machine


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n"]
)
def test_headers_and_bodies_that_trickle_are_cut_off(head):
    def serve(listener):
        connection, _address = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(head)
                for _byte in range(200):
                    connection.sendall(b"x")
                    stop.wait(0.05)
            except OSError:
                pass

    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="no whole answer"):
            SepahanClient(TOKEN, f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=(1, 1)).credit()
        assert time.monotonic() - began < 5
        stop.set()
        thread.join(15)


def test_an_answer_that_is_too_large_is_cut_off():
    with pytest.raises(OutcomeUnknown, match="too large"):
        exchange(b" " * (5 * 1024 * 1024))


def test_connections_are_kept_alive(server, client):
    ports = set()
    original = faults._Handler.serve

    def noting(handler, body):
        ports.add(handler.client_address[1])
        original(handler, body)

    faults._Handler.serve = noting
    try:
        for _call in range(3):
            client.credit()
    finally:
        faults._Handler.serve = original
    assert len(ports) == 1


def test_proxy_variables_and_netrc_decide_nothing(server, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", str(netrc))
    assert SepahanClient(TOKEN, base_url=server.url).credit() == 1_000_000
    assert server.state.headers[0]["Authorization"] == TOKEN


def test_many_threads_share_a_client(server, client):
    results = []
    threads = [threading.Thread(target=lambda: results.append(client.credit())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1_000_000] * 8
