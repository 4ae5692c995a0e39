"""HTTP as the agent speaks it: whatever comes in, an answer goes out or the client is let go; the loop lives on."""

from __future__ import annotations

import json
import socket

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tracking import API, ARTIFACTS, Tracking

from orchestrator.agent import http, service, wire

GET = API + "experiments/get?experiment_id=0"


def works(tracking: Tracking) -> bool:
    status, body = tracking.request("GET", GET)
    return status == 200 and json.loads(body)["experiment"]["name"] == "Default"


def test_it_listens_only_where_the_job_is_told_to_log(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "file:mlruns")
    assert service.listen(("127.0.0.1", 0)) is None
    monkeypatch.setenv("MLFLOW_TRACKING_URI", wire.TRACKING_URI)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert service.listen(taken.getsockname()) is None


def test_several_requests_on_one_connection_and_in_one_packet(tracking):
    one = f"GET {GET} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    answer = tracking.raw(one * 3)
    assert answer.count(b"HTTP/1.1 200 OK") == 3


def test_a_body_in_pieces_and_in_chunks(tracking):
    body = json.dumps({"name": "pieces"}).encode()
    head = f"POST {API}experiments/create HTTP/1.1\r\n"
    with tracking.connect() as client:
        for byte in (head + f"Content-Length: {len(body)}\r\n\r\n").encode() + body:
            client.sendall(bytes([byte]))
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 200")
    chunked = b"".join(b"%x;ext=1\r\n%s\r\n" % (1, body[i : i + 1]) for i in range(len(body)))
    status = tracking.raw((head + "Transfer-Encoding: chunked\r\n\r\n").encode() + chunked + b"0\r\nTrailer: x\r\n\r\n")
    assert b"RESOURCE_ALREADY_EXISTS" in status


def test_a_client_that_asks_first_is_told_to_go_on(tracking):
    with tracking.connect() as client:
        head = f"PUT {ARTIFACTS}/0/a.bin HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        client.sendall(head.encode())
        assert client.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 200")
    assert tracking.request("GET", f"{ARTIFACTS}/0/a.bin") == (200, b"abc")


def test_many_clients_at_once_and_those_that_say_nothing(tracking):
    silent = [tracking.connect() for _ in range(100)]
    half = [tracking.connect() for _ in range(100)]
    for client in half:
        client.sendall(b"POST /x HTTP/1.1\r\nContent-Length: 100\r\n\r\nab")
    assert works(tracking)
    for client in (*silent, *half):
        client.close()
    assert works(tracking)


def test_more_clients_than_are_taken_wait(tracking, monkeypatch):
    monkeypatch.setattr(service, "MAX_CLIENTS", 4)
    first = [tracking.connect() for _ in range(4)]
    for client in first:
        client.sendall(f"GET {GET} HTTP/1.1\r\n\r\n".encode())
        assert client.recv(1 << 16)
    late = tracking.connect()
    late.sendall(f"GET {GET} HTTP/1.1\r\n\r\n".encode())
    late.settimeout(0.2)
    with pytest.raises(TimeoutError):
        late.recv(1 << 16)
    first[0].close()
    late.settimeout(30)
    assert late.recv(1 << 16).startswith(b"HTTP/1.1 200")
    for client in (*first, late):
        client.close()


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"GET / HTTP/9.9.9\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n folded: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"X" * (http.MAX_HEAD + 10),
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * (http.MAX_HEAD + 10),
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_ends(tracking, data):
    answer = tracking.raw(data)
    assert answer.startswith(b"HTTP/1.1 4")
    assert b"Connection: close" in answer
    assert works(tracking)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.binary(max_size=300))
@example(b"POST /api/2.0/mlflow/runs/create HTTP/1.1\r\nContent-Length: 5\r\n\r\n\xff\xfe{}[")
def test_no_bytes_end_the_server(tracking, data):
    tracking.raw(data)
    assert works(tracking)


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000, b'{"a":' * 50_000])
def test_a_document_that_is_none_is_a_bad_request(tracking, body):
    status, answer = tracking.request("POST", API + "runs/create", body)
    assert (status, json.loads(answer)["error_code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "path", ["/", "/api/2.0/mlflow/no/such", "/api/3.0/mlflow/server-info", "/api/2.0/mlflow", "*"]
)
def test_an_unknown_route_is_not_found_never_5xx(tracking, path):
    status, answer = tracking.request("POST", path, b"{}")
    assert (status, json.loads(answer)["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_a_large_file_comes_and_goes_in_bounded_pieces(tracking):
    piece = bytes(range(256)) * 4096
    status, _ = tracking.request("PUT", f"{ARTIFACTS}/0/large", (piece for _ in range(64)))
    assert status == 200
    status, body = tracking.request("GET", f"{ARTIFACTS}/0/large")
    assert (status, body) == (200, piece * 64)
