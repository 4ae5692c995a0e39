"""A desk for tests that run jobs: a home of its own, stocked with the images of the shared one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import docker

from orchestrator import operations
from orchestrator.digest import Digest
from orchestrator.execution.follow import Piece
from orchestrator.operations.execute import Watcher
from orchestrator.operations.runs import Shown
from orchestrator.run import Run
from orchestrator.workspace import Workspace

_Found = TypeVar("_Found")

SCRIPT = "job.py"


def stock(shelf: Path, home: Path) -> None:
    """Give a home all blobs of another, and its records of images; files are linked where that is possible."""
    for part in ("blobs", "records/images", "records/layers", "records/bytecode"):
        if (shelf / part).is_dir():
            shutil.copytree(shelf / part, home / part, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


GATE = """
import os, time
open("/outputs/ready", "w").close()
while not os.path.exists("/outputs/go"):
    time.sleep(0.01)
os.unlink("/outputs/go")
"""
"""The beginning of a job that says when it runs, and goes on when it is told to: ``Desk.live`` and ``let_go``."""


def wait_for(condition: Callable[[], _Found | None], seconds: float = 120) -> _Found:
    """What a condition comes to, once it is something; a test that waits for too long has failed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.005)
    raise AssertionError(f"waited {seconds} s in vain")


class Desk:
    """Writes a runspec and a script, submits them here or in a process of their own, looks at what came of it."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.folder = folder
        self.said: list[str] = []
        folder.mkdir(exist_ok=True)

    @property
    def workspace(self) -> Workspace:
        """A new one each time, as each command has it."""
        return Workspace(self.home, report=self.said.append)

    def write(self, script: str, **spec: Any) -> Path:
        """``job.py`` and ``runspec.yaml``."""
        (self.folder / SCRIPT).write_text(script)
        whole = {"version": 1, "name": "test", "run": {"command": f"python {SCRIPT}"}, **spec}
        path = self.folder / "runspec.yaml"
        path.write_text(json.dumps(whole))
        return path

    def build(self, image: dict[str, Any]) -> bytes:
        """Have the engine hold an image; returns its lock."""
        spec = self.write("", image=image)
        operations.build(self.workspace, spec)
        return spec.with_suffix(".lock").read_bytes()

    def submit(self, script: str, **spec: Any) -> Run:
        """Run a script to its end, in this process."""
        done = operations.submit(self.workspace, self.write(script, **spec)).run
        assert done is not None
        return done

    def seen(self, script: str, **spec: Any) -> tuple[Run, dict[str, bytes]]:
        """Run a script; returns what it wrote to its streams, as a watcher saw it."""
        streams = {"stdout": b"", "stderr": b""}

        def console(piece: Piece) -> None:
            streams[piece.stream] += piece.data

        done = operations.submit(self.workspace, self.write(script, **spec), watcher=Watcher(console)).run
        assert done is not None
        return done, streams

    def answers(self, script: str, **spec: Any) -> dict[str, Any]:
        """What a script that prints one JSON document has said; it must have ended well."""
        done, streams = self.seen(script, **spec)
        assert done.status == "finished", streams["stderr"].decode()
        return json.loads(streams["stdout"])

    def show(self, run: Run) -> Shown:
        return operations.show(self.workspace, run.id)

    def blob(self, digest: Digest | None) -> bytes:
        assert digest is not None
        with self.workspace.blobs.get(digest) as stream:
            return stream.read()

    def artifacts(self, run: Run) -> dict[str, bytes]:
        """The files among a run's artifacts."""
        return {path: self.blob(entry.digest) for path, entry in self.show(run).artifacts.files.items()}

    def place(self, digest: Digest) -> Path:
        """Where a blob lies."""
        return self.home / "blobs" / "sha256" / digest.hex[:2] / digest.hex

    def damage(self, digest: Digest) -> None:
        """Put other bytes in a blob's place; the shared store keeps its own."""
        size = self.place(digest).stat().st_size
        self.place(digest).unlink()
        self.place(digest).write_bytes(b"X" * size)

    def live(self, file: str = "outputs/ready") -> Path:
        """The folder of the one live run, once it has this file."""
        return wait_for(lambda: next((path for path in (self.home / "live").glob(f"*/{file}")), None)).parents[
            file.count("/")
        ]

    def let_go(self, folder: Path) -> None:
        """Let a job go on that waits at the gate."""
        (folder / "outputs" / "go").touch()

    def recorded(self, count: int = 1) -> list[Run]:
        """All recorded runs, once there are so many and none is live."""
        records = self.workspace.records

        def settled() -> bool:
            return len(list(records.list("runs/"))) >= count and not any((self.home / "live").iterdir())

        wait_for(settled)
        return [Run.from_bytes(records.read(key) or b"") for key in records.list("runs/")]

    def containers(self) -> list[str]:
        """The containers of this desk's runs that the engine has, running or not."""
        ids = {folder.name for folder in (self.home / "live").iterdir()}
        ids |= {key.removeprefix("runs/") for key in self.workspace.records.list("runs/")}
        client = docker.from_env()
        try:
            found = client.api.containers(all=True, filters={"label": "orchestrator.run"})
        finally:
            client.close()
        return [name for one in found for name in one["Names"] if name.removeprefix("/orchestrator-") in ids]

    def environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, "ORCHESTRATOR_HOME": str(self.home), **more}

    def cli(self, *argv: str, **more: str) -> subprocess.CompletedProcess[bytes]:
        """A command, to its end. ``more``: environment variables."""
        return subprocess.run(
            [sys.executable, "-m", "orchestrator.cli.main", *argv],
            cwd=self.folder,
            env=self.environment(**more),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        """A command that goes on beside the test."""
        return subprocess.Popen(
            [sys.executable, "-m", "orchestrator.cli.main", *argv],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
