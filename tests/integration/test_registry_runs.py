"""Runs through a registry: docker runs what was pushed, a lost image comes back, a bundle needs no file."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from desk import Desk
from servers import registry as servers
from servers.loopback import free_port
from servers.registry import PASSWORD, USER, Registry
from wheels import make_wheel

from orchestrator import operations
from orchestrator.digest import Digest
from orchestrator.errors import ExitCode, NotReplayable
from orchestrator.image.oci import Image
from orchestrator.run import Run

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SCRIPT = "import orchestrator, tag; orchestrator.log_param('tag', tag.TAG)"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with servers.running(tmp_path_factory.mktemp("registry")) as running:
        yield running


class Away:
    """A recorded run whose image, which nothing else uses, the engine has lost."""

    def __init__(self, desk: Desk, registry: Registry, folder: Path) -> None:
        self.desk = desk
        self.registry = registry
        self.place = f"{registry.host}/team/images"
        self.config = servers.docker_config(folder / "docker", registry.host)
        self.wheels = folder / "wheels"
        self.run: Run = desk.submit(SCRIPT, image={"requirements": ["tag"]})
        assert self.run.status == "finished"
        self.pin = desk.show(self.run).plan.image
        self.image = Image.from_bytes(desk.workspace.records.read(f"images/{self.pin.lock.hex}") or b"")
        self.engine = docker.from_env()
        self.lose()

    def lose(self) -> None:
        if self.has():
            self.engine.images.remove(self.pin.config, force=True)

    def has(self) -> bool:
        return self.desk.workspace.engine.find(self.pin.config, self.pin.manifest) is not None

    def cli(self, *argv: str, desk: Desk | None = None, **more: str) -> str:
        done = (desk or self.desk).cli(*argv, **{"DOCKER_CONFIG": str(self.config), **more})
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def forget_layers(self) -> None:
        """Neither the top layer nor what it was made of is anywhere on this machine."""
        wheel = next(self.wheels.glob("*.whl"))
        self.desk.place(self.image.layers[-1].diff_id).unlink()
        self.desk.place(Digest.of(wheel.read_bytes())).unlink()
        shutil.rmtree(self.wheels)


@pytest.fixture
def away(desk: Desk, registry: Registry, tmp_path: Path, monkeypatch) -> Iterator[Away]:
    (tmp_path / "wheels").mkdir()
    make_wheel(tmp_path / "wheels", "tag", files={"tag.py": f"TAG = {secrets.token_hex(8)!r}\n".encode()})
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    made = Away(desk, registry, tmp_path)
    yield made
    made.lose()
    made.engine.close()


def test_docker_pulls_and_runs_what_was_pushed(away: Away):
    said = json.loads(away.cli("--json", "push", away.run.id, f"{away.place}:mine"))["data"]["images"]
    assert [one["manifest"] for one in said] == [away.pin.manifest]
    assert not away.has()
    login = {"username": USER, "password": PASSWORD}
    away.engine.api.pull(f"{away.place}@{away.pin.manifest}", auth_config=login)
    pulled = away.engine.images.get(f"{away.place}@{away.pin.manifest}")
    assert pulled.id == away.pin.config
    assert pulled.attrs["RepoDigests"] == [f"{away.place}@{away.pin.manifest}"]
    layers = [str(layer.diff_id) for layer in away.image.layers]
    assert pulled.attrs["RootFS"]["Layers"] == layers
    command = [away.image.python, "-c", "import tag; print(tag.TAG)"]
    shown = away.engine.containers.run(pulled.id, command, remove=True, network_mode="none").decode()
    assert shown.strip() == away.desk.show(away.run).outcome.params["tag"]
    away.engine.api.pull(f"{away.place}:mine", auth_config=login)
    assert away.engine.images.get(f"{away.place}:mine").id == away.pin.config


def test_a_replay_brings_a_lost_image_back_by_its_digest(away: Away):
    away.cli("push", away.run.id, ORCHESTRATOR_REGISTRY=away.place)
    away.forget_layers()
    with pytest.raises(NotReplayable):
        operations.replay(away.desk.workspace, away.run.id)
    again = json.loads(away.cli("--json", "replay", away.run.id, ORCHESTRATOR_REGISTRY=away.place))
    assert again["data"]["verdict"]["answer"] == "identical"
    assert away.has()


def test_a_registry_that_is_of_no_help_is_named_and_the_image_rebuilt(away: Away):
    nowhere = f"127.0.0.1:{free_port()}/team/images"
    done = away.desk.cli("replay", away.run.id, ORCHESTRATOR_REGISTRY=nowhere)
    assert done.returncode == 0, done.stderr.decode()
    assert b"does not help" not in done.stderr  # the store had all of it: nobody was asked
    away.lose()
    away.desk.place(away.image.layers[-1].diff_id).unlink()
    done = away.desk.cli("replay", away.run.id, ORCHESTRATOR_REGISTRY=nowhere)
    assert done.returncode == 0, done.stderr.decode()
    assert b"does not help" in done.stderr


def test_pull_restores_what_the_store_lost(away: Away):
    away.cli("push", away.run.id, away.place)
    top = away.image.layers[-1].diff_id
    before = away.desk.place(top).read_bytes()
    away.desk.place(top).unlink()
    away.desk.damage(away.image.config)
    pulled = json.loads(away.cli("--json", "pull", away.run.id, ORCHESTRATOR_REGISTRY=away.place))["data"]
    assert (pulled["manifest"], pulled["sent"]) == (away.pin.manifest, 2)
    assert away.desk.place(top).read_bytes() == before
    assert away.pin.config in away.cli("pull", f"{away.place}@{away.pin.manifest}")


def test_a_bundle_travels_without_a_file(away: Away, tmp_path: Path):
    there = json.loads(away.cli("--json", "push", "--bundle", away.run.id, f"{away.place}:runs"))["data"]
    assert there["runs"] == [away.run.id]
    elsewhere = Desk(tmp_path / "bare", tmp_path / "elsewhere")
    taken = json.loads(away.cli("--json", "pull", "--bundle", there["reference"], desk=elsewhere))["data"]
    assert taken["bundle"] == there["bundle"]
    assert elsewhere.workspace.records.read(f"runs/{away.run.id}") == away.desk.workspace.records.read(
        f"runs/{away.run.id}"
    )
    shutil.rmtree(away.wheels)
    again = json.loads(away.cli("--json", "replay", away.run.id, desk=elsewhere))
    assert again["data"]["verdict"]["answer"] == "identical"
    away.cli("pull", f"{away.place}@{away.pin.manifest}")  # its image by its own digest, too


def test_words_that_do_not_fit(away: Away):
    other = "sha256:" + "0" * 64
    for argv, code in (
        (("push", away.run.id), ExitCode.USAGE),
        (("pull", away.run.id), ExitCode.USAGE),
        (("pull", away.place), ExitCode.USAGE),
        (("push", away.run.id, f"{away.place}@{other}"), ExitCode.USAGE),
        (("push", away.run.id, f"{away.registry.host}/UPPER"), ExitCode.USAGE),
        (("push", "--with-data", away.run.id, away.place), ExitCode.USAGE),
        (("push", "20200101-000000-000000", away.place), ExitCode.NOT_FOUND),
        (("pull", f"{away.place}:never"), ExitCode.NOT_FOUND),
        (("pull", "--bundle", f"{away.place}:never"), ExitCode.NOT_FOUND),
    ):
        done = away.desk.cli(*argv, DOCKER_CONFIG=str(away.config))
        assert done.returncode == code, (argv, done.stderr.decode())
        assert b"next: " in done.stderr


def test_an_image_is_no_bundle_and_a_bundle_no_image(away: Away):
    away.cli("push", away.run.id, f"{away.place}:image")
    away.cli("push", "--bundle", away.run.id, f"{away.place}:bundle")
    for argv in (("pull", "--bundle", f"{away.place}:image"), ("pull", f"{away.place}:bundle")):
        done = away.desk.cli(*argv, DOCKER_CONFIG=str(away.config))
        assert done.returncode in (ExitCode.USAGE, ExitCode.CORRUPT), done.stderr.decode()


def test_a_wrong_password_is_shown_to_nobody(away: Away, tmp_path: Path):
    canary = f"canary-{secrets.token_hex(8)}"
    config = servers.docker_config(tmp_path / "wrong", away.registry.host, password=canary)
    for argv in (("push", away.run.id, away.place), ("--json", "push", "--bundle", away.run.id, away.place)):
        done = away.desk.cli(*argv, DOCKER_CONFIG=str(config))
        assert done.returncode == ExitCode.ENGINE
        assert b"does not accept our credentials" in done.stderr
        assert canary.encode() not in done.stdout + done.stderr
