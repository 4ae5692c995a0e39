"""A secret goes into a job and nowhere else, whatever the job does: it is looked for in all that its runs leave."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import os
import secrets as random
import sqlite3
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from desk import Desk, wait_for

from orchestrator.agent.needles import needles
from orchestrator.execution.live import secrets_folder
from orchestrator.run import Run

pytestmark = pytest.mark.engine
JOB = Path(__file__).with_name("spill_to_everywhere.py").read_text()
FINE = {"outputs/fine.txt", "workspace/fine.txt"}


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> bytes:
    value = f'kanarie "{random.token_urlsafe(18)}"%+ä'
    monkeypatch.setenv("CANARY", value)
    return value.encode()


def unpacked(data: bytes) -> Iterator[bytes]:
    """Some bytes, and what is in them where they are an archive."""
    yield data
    openers = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ": lzma.decompress}
    for magic, opener in openers.items():
        if data.startswith(magic):
            yield from unpacked(opener(data))
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from unpacked(archive.read(name))


def holds(canary: bytes, data: bytes) -> bool:
    looked_for = [canary, base64.b64encode(canary).rstrip(b"="), *needles(canary)]
    return any(form in part.replace(b"\n", b"") or form in part for part in unpacked(data) for form in looked_for)


def found_in(home: Path, canary: bytes) -> list[str]:
    """The files below a folder that hold the canary, or are named by it. What the shelf has too was there before."""
    paths = list(home.rglob("*"))
    found = [str(path) for path in paths if holds(canary, os.fsencode(path.name))]
    files = [path for path in paths if path.is_file() and path.stat().st_nlink == 1]
    assert files
    return found + [str(path) for path in files if holds(canary, path.read_bytes())]


def submit(desk: Desk, *words: str, **spec: object) -> subprocess.CompletedProcess[bytes]:
    desk.write(JOB, run={"command": ["python", "job.py", *words]}, secrets={"CANARY": "env:CANARY"}, **spec)
    return desk.cli("submit", "runspec.yaml")


def newest(desk: Desk) -> Run:
    return max(desk.recorded(), key=lambda run: run.id)


def test_the_scan_finds_what_is_there(canary: bytes, tmp_path: Path):
    (tmp_path / "a").write_bytes(gzip.compress(b"x" + canary))
    (tmp_path / "b").write_bytes(base64.b64encode(b"ab" + canary))
    (tmp_path / "c").write_bytes(json.dumps(canary.decode()).encode())
    assert len(found_in(tmp_path, canary)) == 3


@pytest.mark.parametrize("word", ["", "tamper", "argv"])
def test_a_job_that_spills_it_everywhere(desk: Desk, canary: bytes, word: str):
    done = submit(desk, *filter(None, [word]))
    run = newest(desk)
    assert run.status == "failed", done.stderr
    assert not holds(canary, done.stdout) and not holds(canary, done.stderr)
    assert found_in(desk.home, canary) == []
    shown = [desk.cli(*words) for words in (("show", run.id, "--json"), ("logs", run.id), ("ls", "--json"))]
    assert all(one.returncode == 0 and not holds(canary, one.stdout + one.stderr) for one in shown)
    assert {path for path in desk.show(run).artifacts.files if "mlflow" not in path} == FINE
    assert any("the value of the secret CANARY" in note for note in run.facts.notes)
    assert b"whole ***\n" in shown[1].stdout
    assert not secrets_folder(run.id).parent.exists()
    with sqlite3.connect(desk.home / "index.sqlite") as index:
        assert not holds(canary, "\n".join(index.iterdump()).encode())


def test_a_replay_gives_the_same_record(desk: Desk, canary: bytes):
    submit(desk)
    first = newest(desk)
    replayed = desk.cli("replay", first.id)
    second = newest(desk)
    assert second.id != first.id and second.outcome == first.outcome, replayed.stdout + replayed.stderr
    assert desk.blob(first.facts.stdout) == desk.blob(second.facts.stdout)
    differs = desk.cli("diff", first.id, second.id)
    bundle = desk.folder / "bundle.tar"
    exported = desk.cli("export", first.id, "--no-layers", "-o", str(bundle))
    assert exported.returncode == 0, exported.stderr
    assert not holds(canary, bundle.read_bytes())
    assert not any(holds(canary, one) for one in (replayed.stdout, replayed.stderr, differs.stdout, differs.stderr))
    assert found_in(desk.home, canary) == []


def test_detached_and_killed_in_the_middle(desk: Desk, canary: bytes):
    desk.write(JOB, run={"command": ["python", "job.py", "wait"]}, secrets={"CANARY": "env:CANARY"})
    said = desk.cli("submit", "--detach", "runspec.yaml")
    folder = desk.live()
    client = docker.from_env()
    container = client.containers.get(f"orchestrator-{folder.name}")
    told = json.dumps(container.attrs) + json.dumps(container.image.attrs) + json.dumps(container.image.history())
    tails = [folder / "record" / name for name in ("stdout", "stderr", "stdout.tail", "stderr.tail")]
    assert len([path for path in tails if path.exists()]) >= 3
    assert not any(holds(canary, path.read_bytes()) for path in tails if path.exists())
    assert canary[: len(canary) // 2] not in b"".join(path.read_bytes() for path in tails if path.exists())
    container.kill()
    client.close()
    run = wait_for(lambda: next(iter(desk.recorded()), None))
    assert run.status in ("lost", "killed")
    assert not holds(canary, told.encode() + said.stdout + said.stderr)
    assert not holds(canary, (desk.home / "supervise.log").read_bytes())
    assert found_in(desk.home, canary) == []
    assert not secrets_folder(run.id).parent.exists()


def test_what_would_be_recorded_before_anything_runs_is_refused(desk: Desk, canary: bytes):
    for spec in ({"params": {"x": canary.decode()}}, {"env": {"X": canary.decode()}}):
        done = submit(desk, **spec)
        assert done.returncode == 2 and b"the secret CANARY stands in the spec" in done.stderr
    (desk.folder / ".env").write_bytes(b"KEY=" + canary)
    done = submit(desk)
    assert done.returncode == 2 and b"code: .env: it holds the value of the secret CANARY" in done.stderr
    assert found_in(desk.home, canary) == []


def test_a_short_one_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CANARY", "123")
    desk.write("print(open('/run/secrets/CANARY').read())", secrets={"CANARY": "env:CANARY"})
    done = desk.cli("submit", "runspec.yaml")
    assert done.returncode == 0 and b"secret CANARY is too short" in done.stderr
