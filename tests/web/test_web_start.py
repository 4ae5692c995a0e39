"""`orchestrator ui`: where it listens, what it prints, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from orchestrator.errors import EnvironmentProblem, UsageError
from orchestrator.web.serve import Page


def ui(home, *argv):
    return subprocess.Popen(
        [sys.executable, "-m", "orchestrator.cli.main", *argv],
        env={**os.environ, "ORCHESTRATOR_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command(tmp_path, records, number):
    run = records.run("named")
    with ui(records.home, "ui", "--no-open", "--port", "0") as command:
        try:
            address = command.stdout.readline().strip()
            with httpx.Client(follow_redirects=True, timeout=30) as client:
                answer = client.get(address)
                assert run.id in answer.text
                assert "token" not in str(answer.url)
        finally:
            command.send_signal(number)
            _, said = command.communicate(timeout=20)
    assert (command.returncode, said) == (0, "")


def test_as_json(records):
    with ui(records.home, "--json", "ui", "--port", "0") as command:
        said = json.loads(command.stdout.readline())
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=20)
    assert said["data"]["address"].startswith(f"http://127.0.0.1:{said['data']['port']}/enter?token=")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.org", "127.0.0.2", ""])  # noqa: S104
def test_only_loopback(records, host):
    with pytest.raises(UsageError, match="loopback") as refused:
        Page(lambda: records.workspace, host=host)
    assert "ssh -L" in refused.value.hint


def test_a_port_that_is_taken(records):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(EnvironmentProblem, match="port"):
        Page(lambda: records.workspace, port=taken.getsockname()[1])


def test_two_pages_at_once(records):
    pages = [Page(lambda: records.workspace) for _ in range(2)]
    assert pages[0].port != pages[1].port
    assert pages[0].address.partition("token=")[2] != pages[1].address.partition("token=")[2]
    for page in pages:
        page._socket.close()
