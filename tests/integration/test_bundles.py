"""A run leaves in a file and comes back on a machine that has nothing and no network: the same bits, the same image."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from desk import Desk
from test_rebuild import make_wheel

from orchestrator import operations
from orchestrator.run import Run

pytestmark = [pytest.mark.engine, pytest.mark.slow]

JOB = """
import random, pathlib, orchestrator, tag
orchestrator.log_param("tag", tag.TAG)
rows = pathlib.Path("/data/train").read_bytes() if pathlib.Path("/data/train").is_file() else b"".join(
    file.read_bytes() for file in sorted(pathlib.Path("/data/train").rglob("*.csv")))
orchestrator.log_metric("rows", len(rows.splitlines()))
orchestrator.log_metric("drawn", random.random())
pathlib.Path("/outputs/model.bin").write_bytes(random.randbytes(3_000_000))
print("said")
"""
NOWHERE = "http://127.0.0.1:9"


class Sent:
    """A run with an image of its own, as it was recorded; the engine loses the image whenever it is told to."""

    def __init__(self, desk: Desk, wheels: Path) -> None:
        self.desk = desk
        data = desk.folder.parent / "rows"
        data.mkdir()
        (data / "a.csv").write_text("1,2\n3,4\n")
        image = {"requirements": ["orchestrator-test-tag"]}
        self.run: Run = desk.submit(JOB, image=image, data={"train": {"source": "../rows"}})
        assert self.run.status == "finished"
        self.pin = desk.show(self.run).plan.image
        self.client = docker.from_env()
        self.wheels = wheels

    def lose(self) -> None:
        if self.desk.workspace.engine.find(self.pin.config, self.pin.manifest):
            self.client.images.remove(self.pin.config, force=True)


@pytest.fixture(scope="module")
def sent(new_desk, tmp_path_factory) -> Iterator[Sent]:
    wheels = tmp_path_factory.mktemp("wheels")
    make_wheel(wheels, "orchestrator_test_tag", secrets.token_hex(8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_FIND_LINKS", str(wheels))
        patch.setenv("PIP_NO_INDEX", "1")
        made = Sent(new_desk(), wheels)
    yield made
    made.lose()
    made.client.close()


def cut_off(desk: Desk, *argv: str) -> dict:
    """A command without a network; the engine is reached through its socket in the file system."""
    alone = ["unshare", "--net"] if os.geteuid() == 0 else []
    environment = desk.environment(PIP_NO_INDEX="1", http_proxy=NOWHERE, https_proxy=NOWHERE, PIP_FIND_LINKS="")
    done = subprocess.run(
        [*alone, sys.executable, "-m", "orchestrator.cli.main", "--json", *argv],
        cwd=desk.folder,
        env=environment,
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)["data"]


@pytest.mark.parametrize("layers", [True, False], ids=["with layers", "without"])
def test_a_bare_machine_without_a_network_has_the_same_bits(sent: Sent, tmp_path: Path, layers: bool):
    file = tmp_path / "run.bundle"
    operations.export(sent.desk.workspace, [sent.run.id], file, with_data=True, with_layers=layers)
    sent.lose()
    bare = Desk(tmp_path / "home", tmp_path / "work")
    done = cut_off(bare, "import", str(file))
    assert (done["imported"], done["missing_data"], done["asks"]) == ([sent.run.id], [], {})
    replayed = cut_off(bare, "replay", sent.run.id)
    assert replayed["verdict"]["answer"] == "identical"
    assert replayed["outcomes"] == [sent.run.outcome, sent.run.outcome]
    assert bare.show(sent.run).plan.image == sent.pin
    assert bare.workspace.engine.find(sent.pin.config, sent.pin.manifest)
    assert bare.show(sent.run).imported.source == "run.bundle"
    again = tmp_path / "again.bundle"
    if layers:
        assert bare.cli("export", sent.run.id, "--with-data", "-o", str(again)).returncode == 0
        assert len(again.read_bytes()) >= len(file.read_bytes())  # a verdict more
    assert not any((bare.home / "tmp").iterdir())


def test_through_a_pipe(sent: Sent, tmp_path: Path):
    bare = Desk(tmp_path / "home", tmp_path / "work")
    export = [sys.executable, "-m", "orchestrator.cli.main", "export", sent.run.id, "-o", "-"]
    take_in = [sys.executable, "-m", "orchestrator.cli.main", "--json", "import", "-"]
    with subprocess.Popen(export, stdout=subprocess.PIPE, env=sent.desk.environment()) as sender:
        done = subprocess.run(take_in, stdin=sender.stdout, env=bare.environment(), capture_output=True, timeout=120)
    assert (sender.returncode, done.returncode) == (0, 0), done.stderr.decode()
    data = json.loads(done.stdout)["data"]
    assert data["imported"] == [sent.run.id]
    assert [one["what"] for one in data["left_out"]] == ["data train"]
    refused = bare.cli("replay", sent.run.id)
    assert refused.returncode == 3
    assert b"train: sha256:" in refused.stderr
    assert b"mounted at /data/train" in refused.stderr


def test_what_is_shown_says_whose_it_is(sent: Sent, tmp_path: Path):
    file = tmp_path / "theirs.bundle"
    assert sent.desk.cli("export", sent.run.id, "-o", str(file), "--no-layers").returncode == 0
    bare = Desk(tmp_path / "home", tmp_path / "work")
    dry = bare.cli("import", str(file), "--dry-run")
    assert b"would import" in dry.stdout
    assert bare.cli("show", sent.run.id).returncode == 5
    assert bare.cli("import", str(file)).returncode == 0
    assert b"made elsewhere  imported 20" in bare.cli("show", sent.run.id).stdout
    assert b"made elsewhere" not in sent.desk.cli("show", sent.run.id).stdout


def test_a_file_that_is_no_bundle(sent: Sent, tmp_path: Path):
    (tmp_path / "x").write_bytes(b"hello")
    bare = Desk(tmp_path / "home", tmp_path / "work")
    done = bare.cli("import", str(tmp_path / "x"))
    assert done.returncode == 2
    assert b"no bundle" in done.stderr
    assert b"next: " in done.stderr
    done = sent.desk.cli("export", sent.run.id, "-o", str(tmp_path / "no" / "folder"))
    assert done.returncode == 2
    assert b"is no folder" in done.stderr
