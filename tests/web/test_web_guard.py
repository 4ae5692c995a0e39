"""Who is let in, on every method; and what each answer tells the browser."""

from __future__ import annotations

import http.client

import pytest
from servers.page import serving
from web_records import Records


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One page for all of them: none changes anything."""
    records = Records(tmp_path_factory.mktemp("guarded") / "home")
    with serving(lambda: records.workspace) as page:
        yield page


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"]
PATHS = ["/", "/runs/table", "/enter?token=x", "/static/app.css", "/nowhere"]


def ask(served, method, path="/", **headers):
    """One request, its headers exactly as they are given; returns status, headers, body."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"host": f"127.0.0.1:{served.port}", **headers}.items():
            if value is not None:
                connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def cookie(served):
    status, headers, _ = ask(served, "GET", served.address.partition(str(served.port))[2])
    assert status == 303
    return headers["set-cookie"].partition(";")[0]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_a_foreign_host_is_refused_on_every_method(served, method, path):
    let_in = cookie(served)
    for host in (
        "evil.example",
        f"127.0.0.1.evil.example:{served.port}",
        "localhost.:80",
        "0.0.0.0",  # noqa: S104
        "[::]",
        "",
        "a@localhost",
    ):
        status, headers, body = ask(served, method, path, host=host, cookie=let_in)
        assert status in (400, 403), (host, status)  # 400: no Host that HTTP knows
        assert b"<" not in body
        assert "set-cookie" not in headers


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_a_foreign_origin_is_refused_on_every_method(served, method, path):
    let_in = cookie(served)
    for origin in (
        "http://evil.example",
        "null",
        f"https://127.0.0.1:{served.port}",
        f"http://localhost:{served.port}",
        "",
    ):
        assert ask(served, method, path, origin=origin, cookie=let_in)[0] == 403, origin


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("method", METHODS)
def test_another_site_cannot_make_a_browser_ask(served, method, site):
    let_in = cookie(served)
    assert ask(served, method, "/", cookie=let_in, sec_fetch_site=site)[0] == 403
    assert ask(served, method, "/", cookie=let_in, sec_fetch_site=site, sec_fetch_mode="no-cors")[0] == 403
    frame = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
    assert ask(served, method, "/", cookie=let_in, sec_fetch_site=site, **frame)[0] == 403


def test_a_link_from_another_site_may_be_followed(served):
    followed = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert ask(served, "GET", "/", cookie=cookie(served), **followed)[0] == 200
    status, headers, body = ask(served, "GET", served.address.partition(str(served.port))[2], **followed)
    assert status == 200
    assert b"refresh" in body and "set-cookie" in headers


@pytest.mark.parametrize("method", [method for method in METHODS if method not in ("GET", "HEAD", "CONNECT")])
def test_nothing_can_be_changed(served, method):
    status, headers, _ = ask(served, method, "/", cookie=cookie(served))
    assert status == 405
    assert headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", [*PATHS, "/runs/x", "/static/../serve.py", "/compare", "/sweeps"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_without_the_cookie_there_is_nothing(served, method, path):
    name, _, value = cookie(served).partition("=")
    for given in (None, "", f"{name}=", f"{name}={value}x", f"{name}={value[:-1]}", f"other={value}", "=;=;\x80"):
        status, _, body = ask(served, method, path, cookie=given)
        assert status == 403
        assert b"<" not in body


@pytest.mark.parametrize("token", ["", "x", "%00", "%C3%A9", "%E9", "a" * 9000])
def test_another_token_opens_nothing(served, token):
    status, headers, _ = ask(served, "GET", f"/enter?token={token}")
    assert status in (400, 403)
    assert "set-cookie" not in headers


def test_the_cookie_is_for_this_page_alone(served):
    _, headers, _ = ask(served, "GET", served.address.partition(str(served.port))[2])
    said = headers["set-cookie"].lower()
    assert said.startswith(f"orchestrator-{served.port}=")
    assert "httponly" in said and "samesite=strict" in said and "path=/" in said
    assert headers["location"] == "/"
    assert served.address.partition("token=")[2] not in said


@pytest.mark.parametrize("odd", ['x={"a":1}', "a b=c", "\xe9=1", "word", "=", "x=" + "y" * 3000])
def test_what_other_programs_set_is_no_obstacle(served, odd):
    assert ask(served, "GET", "/", cookie=f"{odd}; {cookie(served)}")[0] == 200


def test_behind_a_tunnel_the_port_is_another(served):
    assert ask(served, "GET", "/", host="localhost:9000", cookie=cookie(served))[0] == 200
    assert ask(served, "GET", "/", host="[::1]:9000", origin="http://[::1]:9000", cookie=cookie(served))[0] == 200


@pytest.mark.parametrize("path", ["/", "/nowhere", "/static/app.js", "/enter?token=x", "/runs/x/series?name=y"])
def test_every_answer_says_what_the_browser_must_not_do(served, path):
    for given in (cookie(served), None):
        _, headers, _ = ask(served, "GET", path, cookie=given)
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        for part in ("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers
        if "static" not in path or given is None:
            assert headers["cache-control"] == "no-store"


def test_web_sockets_are_refused(served):
    upgrade = {
        "connection": "Upgrade", "upgrade": "websocket", "sec_websocket_version": "13",
        "sec_websocket_key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }  # fmt: skip
    assert ask(served, "GET", "/", **upgrade)[0] == 403


@pytest.mark.parametrize(
    "path",
    ["/static/../guard.py", "/static/%2e%2e/guard.py", "/static/..%2fguard.py", "/static//etc/passwd", "/static/"],
)
def test_static_files_are_those_of_the_page(served, path):
    assert ask(served, "GET", path, cookie=cookie(served))[0] in (404, 405)
