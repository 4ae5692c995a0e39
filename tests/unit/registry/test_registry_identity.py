"""Who is told a password: the registry, the realm it names within its domain, and nobody else; no message has it."""

from __future__ import annotations

import base64
import io
import json

import pytest
from servers import small_registry
from servers.small_registry import Fault

from orchestrator.digest import Digest
from orchestrator.errors import OrchestratorError
from orchestrator.registry import challenge
from orchestrator.registry.connection import registry_at
from orchestrator.registry.credentials import Credentials
from orchestrator.registry.errors import Refused, RegistryProblem
from orchestrator.registry.images import pull_image
from orchestrator.registry.origins import Origin
from orchestrator.registry.transport import Transport
from orchestrator.registry.upload import Source
from orchestrator.store.memory import MemoryBlobs

USER = Credentials("ci", "canary-7f1c3a")
BASIC = {"WWW-Authenticate": 'Basic realm="x"'}
SECRETS = ("canary-7f1c3a", USER.basic.removeprefix("Basic "), "canary-token-5521", "canary-refresh-88a0")


@pytest.fixture
def elsewhere():
    with small_registry.running() as running:
        yield running


def authorizations(server) -> list[str | None]:
    return [headers.get("Authorization") for _, _, headers in server.asked]


def bearer(place: str) -> dict[str, str]:
    return {"WWW-Authenticate": f'Bearer realm="{place}",service="s",scope="repository:a:pull"'}


def test_nothing_is_told_before_it_is_asked_for(registry, as_user):
    small_registry.image(registry, b"layer")
    pull_image("v1", as_user(USER), MemoryBlobs())
    assert authorizations(registry) == [None] * 3


def test_basic(registry, as_user):
    small_registry.image(registry, b"layer")
    registry.faults["GET"] = [Fault(status=401, headers=BASIC)]
    pull_image("v1", as_user(USER), MemoryBlobs())
    assert authorizations(registry) == [None, *[USER.basic] * 3]


def test_a_wrong_password_is_told_once_and_named_nowhere(registry, as_user):
    registry.faults["GET"] = [Fault(status=401, headers=BASIC, body=b"{}") for _ in range(9)]
    with pytest.raises(Refused, match="does not accept") as caught:
        pull_image("v1", as_user(USER), MemoryBlobs())
    assert len(registry.asked) == 2
    assert_silent(caught.value)


def test_a_registry_that_repeats_what_it_was_told(registry, as_user):
    said = json.dumps({"errors": [{"code": "DENIED", "message": f"{USER.password} {USER.basic} \x1b[31m"}]}).encode()
    registry.faults["GET"] = [Fault(status=401, headers=BASIC), Fault(status=403, body=said)]
    with pytest.raises(Refused, match="DENIED") as caught:
        pull_image("v1", as_user(USER), MemoryBlobs())
    assert_silent(caught.value)
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_no_password_along(registry, elsewhere, as_user, status):
    layer = elsewhere.add_blob(b"layer")
    small_registry.image(registry, b"layer")
    there = f"http://{elsewhere.host}/v2/a/blobs/{layer}?signature=canary"
    registry.faults["GET"] = [
        Fault(status=401, headers=BASIC), Fault(), Fault(), Fault(status=status, headers={"Location": there})
    ]  # fmt: skip
    pull_image("v1", as_user(USER), MemoryBlobs())
    assert authorizations(elsewhere) == [None]


def test_a_question_from_elsewhere_is_not_answered(registry, elsewhere, as_user):
    small_registry.image(registry, b"layer")
    there = {"Location": f"http://{elsewhere.host}/v2/a/blobs/x?signature=canary-token-5521"}
    registry.faults["GET"] = [Fault(status=401, headers=BASIC), Fault(), Fault(), Fault(status=302, headers=there)]
    elsewhere.faults["GET"] = [Fault(status=401, headers=BASIC) for _ in range(5)]
    with pytest.raises(Refused) as caught:
        pull_image("v1", as_user(USER), MemoryBlobs())
    assert authorizations(elsewhere) == [None]
    assert_silent(caught.value)


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_what_writes_is_not_sent_on(registry, elsewhere, as_user, method):
    registry.faults[method] = [Fault(status=307, headers={"Location": f"http://{elsewhere.host}/v2/"})]
    with pytest.raises(RegistryProblem):
        as_user(USER).upload(Source(Digest.of(b"x"), 1, lambda: io.BytesIO(b"x")))
    assert not elsewhere.asked


def test_a_token(registry, elsewhere, as_user):
    small_registry.image(registry, b"layer")
    registry.faults["GET"] = [Fault(status=401, headers=bearer(f"http://{elsewhere.host}/token"))]
    elsewhere.faults["GET"] = [Fault(status=200, body=b'{"token":"canary-token-5521"}')]
    pull_image("v1", as_user(USER), MemoryBlobs())
    (asked,) = elsewhere.asked
    assert asked[1] == "/token?service=s&scope=repository%3Aa%3Apull%2Cpush"
    assert asked[2]["Authorization"] == USER.basic
    assert authorizations(registry) == [None, *["Bearer canary-token-5521"] * 3]


def test_a_token_that_runs_out_is_asked_for_again(registry, elsewhere, as_user):
    small_registry.image(registry, b"layer")
    again = Fault(status=401, headers=bearer(f"http://{elsewhere.host}/token"))
    registry.faults["GET"] = [again, Fault(), again]
    elsewhere.faults["GET"] = [Fault(status=200, body=b'{"%s":"t"}' % name) for name in (b"token", b"access_token")]
    pull_image("v1", as_user(USER), MemoryBlobs())
    assert authorizations(registry)[-1] == "Bearer t"
    assert elsewhere.methods() == ["GET", "GET"]


def test_a_registry_that_is_never_content(registry, elsewhere, as_user):
    registry.faults["GET"] = [Fault(status=401, headers=bearer(f"http://{elsewhere.host}/token")) for _ in range(50)]
    elsewhere.faults["GET"] = [Fault(status=200, body=b'{"token":"t%d"}' % number) for number in range(50)]
    with pytest.raises(Refused):
        pull_image("v1", as_user(USER), MemoryBlobs())
    assert len(registry.asked) < 10


def test_an_identity_token_is_traded_in(registry, elsewhere, as_user):
    small_registry.image(registry, b"layer")
    registry.faults["GET"] = [Fault(status=401, headers=bearer(f"http://{elsewhere.host}/token"))]
    elsewhere.faults["POST"] = [Fault(status=200, body=b'{"access_token":"traded"}')]
    pull_image("v1", as_user(Credentials("", "", "canary-refresh-88a0")), MemoryBlobs())
    assert elsewhere.methods() == ["POST"]
    assert authorizations(elsewhere) == [None]
    assert authorizations(registry)[-1] == "Bearer traded"


@pytest.mark.parametrize(
    ("realm", "why"),
    [
        ("http://203.0.113.9/token", "another domain, or not encrypted"),
        ("https://tokens.example/token", "another domain, or not encrypted"),
        ("http://169.254.169.254/token", "sends us to"),
        ("file:///etc/passwd", "not on the web"),
        ("ftp://127.0.0.1/", "not on the web"),
        ("", "not on the web"),
        ("//", "not on the web"),
        ("http://[", "not on the web"),
    ],
)
def test_realms_that_are_told_nothing(registry, as_user, realm, why):
    registry.faults["GET"] = [Fault(status=401, headers=bearer(realm))]
    with pytest.raises(RegistryProblem, match=why) as caught:
        pull_image("v1", as_user(USER), MemoryBlobs())
    assert_silent(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        Fault(status=200, body=b""),
        Fault(status=200, body=b"[]"),
        Fault(status=200, body=b'{"token":7}'),
        Fault(status=200, body=b'{"token":""}'),
        Fault(status=200, body=b'{"token":"a\\r\\nX-Header: b"}'),
        Fault(status=200, body=b"[" * 100_000),
        Fault(status=200, body=b'{"token":"' + b"x" * (1 << 20) + b'"}'),
        Fault(status=401, body=b"canary-7f1c3a"),
        Fault(status=403),
        Fault(status=302, headers={"Location": "https://elsewhere.example/"}),
        Fault(status=404),
    ],
)
def test_realms_that_give_no_token(registry, elsewhere, as_user, answer):
    registry.faults["GET"] = [Fault(status=401, headers=bearer(f"http://{elsewhere.host}/token"))]
    elsewhere.faults["GET"] = [answer]
    with pytest.raises(OrchestratorError) as caught:
        pull_image("v1", as_user(USER), MemoryBlobs())
    assert_silent(caught.value)
    assert len(elsewhere.asked) == 1


def test_neither_cookies_nor_netrc(registry, repository, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ci password canary-7f1c3a\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    small_registry.image(registry, b"layer")
    registry.faults["GET"] = [Fault(status=503, headers={"Set-Cookie": "a=b; Path=/"})]
    pull_image("v1", repository, MemoryBlobs())
    assert authorizations(registry) == [None] * 4
    assert not any("Cookie" in headers for _, _, headers in registry.asked)


def test_no_proxy_stands_between_us_and_this_machine(registry, elsewhere, as_user, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://{elsewhere.host}")
        monkeypatch.setenv(name.upper(), f"http://{elsewhere.host}")
    small_registry.image(registry, b"layer")
    registry.faults["GET"] = [Fault(status=401, headers=BASIC)]
    pull_image("v1", as_user(USER), MemoryBlobs())
    assert not elsewhere.asked


@pytest.mark.parametrize("host", ["203.0.113.7:5000", "registry.example.org", "localhost.example.org"])
def test_others_are_spoken_to_encrypted_without_a_question(host):
    assert registry_at(host, Transport(host), insecure=False) == Origin.of(f"https://{host}")


@pytest.mark.parametrize(
    ("header", "scheme", "parameters"),
    [
        ('Basic realm="x"', "basic", {"realm": "x"}),
        ("basic", "basic", {}),
        ('Bearer realm="https://a/b",service="c d",scope="e:f:g,h"', "bearer",
         {"realm": "https://a/b", "service": "c d", "scope": "e:f:g,h"}),
        ('BEARER realm = "a\\"b" , service=c', "bearer", {"realm": 'a"b', "service": "c"}),
        ('Basic realm="x", Bearer realm="y"', "bearer", {"realm": "y"}),
        ('Bearer realm="y", Basic realm="x"', "bearer", {"realm": "y"}),
        ('Bearer realm="one",realm="two"', "bearer", {"realm": "one"}),
        ("Bearer", "bearer", {}),
        ('Bearer realm="never ends', "bearer", {}),
    ],
)  # fmt: skip
def test_challenges(header, scheme, parameters):
    found = challenge.parse(header)
    assert found is not None
    assert found.scheme == scheme
    assert {name: found.parameters.get(name) for name in parameters} == parameters


@pytest.mark.parametrize("header", ["", "Negotiate", "Digest realm=x", "Basically", ",,,", "x" * 100_000])
def test_what_is_no_challenge(header):
    assert challenge.parse(header) is None


def test_credentials_are_not_shown():
    assert not any(secret in repr(USER) for secret in SECRETS)
    assert base64.b64decode(USER.basic.removeprefix("Basic ")) == b"ci:canary-7f1c3a"


def assert_silent(error: OrchestratorError) -> None:
    """No secret in it, nor in anything that it was raised from."""
    seen: BaseException | None = error
    while seen is not None:
        text = f"{seen!r} {getattr(seen, 'hint', '')}"
        assert not any(secret in text for secret in SECRETS), text
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
