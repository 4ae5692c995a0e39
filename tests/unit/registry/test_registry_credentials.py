"""Docker's config and its credential helpers: real files, real programs."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentProblem
from orchestrator.registry.credentials import Credentials, config_file, find

HOST = "registry.example.org:5000"
AUTH = base64.b64encode(b"ci:pass:with:colons").decode()
CI = Credentials("ci", "pass:with:colons")


@pytest.fixture
def config(tmp_path):
    def write(content: object) -> Path:
        file = tmp_path / "config.json"
        file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return file

    return write


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """Puts a credential helper on PATH; it notes how it was called."""

    def make(name: str, answer: str, code: int = 0) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / f"docker-credential-{name}"
        noted = folder / f"{name}.noted"
        program.write_text(f"#!/bin/sh\n{{ echo \"$@\"; cat; }} >{noted}\nprintf '%s' '{answer}'\nexit {code}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return noted

    return make


@pytest.mark.parametrize("name", [HOST, f"https://{HOST}", f"http://{HOST}/v1/", f"https://{HOST}/v2/", HOST.upper()])
def test_an_entry(config, name):
    assert find(HOST, config({"auths": {name: {"auth": AUTH}}})) == CI


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"auths": {}},
        {"auths": None},
        {"auths": {HOST: {}}},
        {"auths": {HOST: None}},
        {"auths": {"registry.example.org": {"auth": AUTH}}},
        {"auths": {"registry.example.org:5001": {"auth": AUTH}}},
        {"auths": {f"evil.example/{HOST}": {"auth": AUTH}}},
        {"credHelpers": []},
    ],
)
def test_no_entry(config, content):
    assert find(HOST, config(content)) is None


def test_no_config(tmp_path):
    assert find(HOST, tmp_path / "none" / "config.json") is None


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b"\xff", {"auths": {HOST: {"auth": "canary!"}}}])
def test_a_config_that_cannot_be_read(config, content):
    with pytest.raises(EnvironmentProblem) as caught:
        find(HOST, config(content))
    assert "canary" not in caught.value.message


def test_an_identity_token(config):
    found = find(HOST, config({"auths": {HOST: {"auth": AUTH, "identitytoken": "t"}}}))
    assert found == Credentials("", "", "t")


@pytest.mark.parametrize("where", [{"credHelpers": {HOST: "one"}}, {"credsStore": "one"}])
def test_a_helper_is_asked_on_stdin(config, helper, where):
    noted = helper("one", '{"ServerURL":"x","Username":"ci","Secret":"pass:with:colons"}')
    assert find(HOST, config(where)) == CI
    assert noted.read_text() == f"get\n{HOST}"


def test_the_registrys_own_helper_comes_first(config, helper):
    helper("one", '{"Username":"wrong","Secret":"x"}')
    helper("two", '{"Username":"ci","Secret":"pass:with:colons"}')
    assert find(HOST, config({"credHelpers": {HOST: "two"}, "credsStore": "one"})) == CI


def test_a_helper_that_knows_none(config, helper):
    helper("one", "credentials not found in native keychain", code=1)
    assert find(HOST, config({"credsStore": "one"})) is None
    assert find(HOST, config({"credsStore": "one", "auths": {HOST: {"auth": AUTH}}})) == CI


def test_a_helpers_token(config, helper):
    helper("one", '{"Username":"<token>","Secret":"t"}')
    assert find(HOST, config({"credsStore": "one"})) == Credentials("", "", "t")


@pytest.mark.parametrize("answer", ["", "[]", "{}", "canary", '{"Username":"canary"}'])
def test_a_helper_that_talks_nonsense(config, helper, answer):
    helper("one", answer)
    with pytest.raises(EnvironmentProblem, match="something else") as caught:
        find(HOST, config({"credsStore": "one"}))
    assert "canary" not in caught.value.message


@pytest.mark.parametrize("name", ["../../bin/sh", "a/b", "a b", "a;b", "$(x)", "\n"])
def test_a_helper_that_cannot_be_one(config, name):
    with pytest.raises(EnvironmentProblem, match="cannot be one"):
        find(HOST, config({"credsStore": name}))


def test_a_helper_that_is_not_installed(config):
    with pytest.raises(EnvironmentProblem, match=r"docker-credential-never-there.*not installed"):
        find(HOST, config({"credsStore": "never-there"}))


def test_where_the_config_is(tmp_path):
    assert config_file({"DOCKER_CONFIG": str(tmp_path)}) == tmp_path / "config.json"
    assert config_file({}) == Path.home() / ".docker" / "config.json"
