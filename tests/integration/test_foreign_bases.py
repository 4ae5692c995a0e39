"""Bases that we did not make: a Dockerfile, and an image by digest out of a real registry."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import subprocess
import time

import docker
import pytest
import yaml

from orchestrator import operations
from orchestrator.errors import EngineError, LockError, UsageError

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SCRIPT = "import os, six\nprint(six.__version__, os.environ.get('GREETING'), os.path.exists('/hello.txt'))"


@pytest.fixture
def engine_base(new_desk):
    """A tag of our own base image in the engine, for others to build on."""
    desk = new_desk()
    built = operations.build(desk.workspace, desk.write(""))
    client = docker.from_env()
    tag = f"orchestrator-test-base:{secrets.token_hex(4)}"
    client.images.get(built.image.config).tag(tag)
    yield tag
    with contextlib.suppress(docker.errors.APIError):
        client.images.remove(tag)


@pytest.fixture
def registry(tmp_path):
    """Debian's docker-registry on a free port of the loopback."""
    program = shutil.which("docker-registry")
    assert program, "this test needs Debian's docker-registry (`make test` installs it)"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = tmp_path / "registry.yml"
    settings = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "registry")}},
        "http": {"addr": address},
    }
    config.write_text(yaml.safe_dump(settings))
    server = subprocess.Popen([program, "serve", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait()


def test_a_dockerfile_with_packages_on_top(desk, engine_base):
    (desk.folder / "Dockerfile").write_text(f"FROM {engine_base}\nRUN echo hi > /hello.txt\nENV GREETING=hello\n")
    image = {"dockerfile": "Dockerfile", "requirements": ["six==1.17.0"]}
    run, streams = desk.seen(SCRIPT, image=image)
    assert streams["stdout"] == b"1.17.0 hello True\n"
    assert operations.replay(desk.workspace, run.id).verdict.answer == "identical"


def test_a_changed_dockerfile_makes_the_lock_stale(desk, engine_base):
    dockerfile = desk.folder / "Dockerfile"
    dockerfile.write_text(f"FROM {engine_base}\n")
    image = {"dockerfile": "Dockerfile"}
    assert desk.submit("print(1)", image=image).status == "finished"
    dockerfile.write_text(f"FROM {engine_base}\nENV A=b\n")
    with pytest.raises(LockError, match="stale: the spec asks for another base image now"):
        desk.submit("print(1)", image=image)


def test_a_dockerfile_that_does_not_build_says_why(desk, engine_base):
    (desk.folder / "Dockerfile").write_text(f"FROM {engine_base}\nRUN exit 3\n")
    with pytest.raises(EngineError, match="returned a non-zero code: 3"):
        desk.submit("print(1)", image={"dockerfile": "Dockerfile"})


def test_an_image_by_digest_from_a_registry(desk, engine_base, registry):
    reference = _push(engine_base, f"{registry}/base")
    image = {"base": reference, "requirements": ["six==1.17.0"]}
    run, streams = desk.seen(SCRIPT, image=image)
    assert streams["stdout"] == b"1.17.0 None False\n"
    _forget(reference)
    assert operations.replay(desk.workspace, run.id).verdict.answer == "identical"


def test_a_reference_without_a_digest_is_refused(desk):
    with pytest.raises(UsageError, match="neither a folder under images/ nor a reference by digest"):
        desk.submit("print(1)", image={"base": "python:3.11"})


def _push(tag: str, repository: str) -> str:
    """Push a tag; returns the reference by digest, of which the engine then knows nothing."""
    client = docker.from_env()
    client.images.get(tag).tag(repository, "latest")
    for line in client.images.push(repository, "latest", stream=True, decode=True):
        assert "error" not in line, line
    reference = next(it for it in client.images.get(repository).attrs["RepoDigests"] if it.startswith(repository))
    client.images.remove(f"{repository}:latest")
    _forget(reference)
    return str(reference)


def _forget(reference: str) -> None:
    with contextlib.suppress(docker.errors.ImageNotFound):
        docker.from_env().images.remove(reference)


def _wait_for(address: str) -> None:
    host, port = address.split(":")
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens at {address}")
