"""A run that is not recorded yet: a folder with what was asked for and everything that is mounted.

``request.json`` is written first and durably, so that whoever finds the folder knows what it is. ``lock`` is held by
the process that looks after the run; a folder whose lock is free belongs to nobody and is repaired.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from pydantic import Field

from orchestrator import process
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, EnvironmentProblem
from orchestrator.execution.untrusted import open_regular
from orchestrator.failpoint import reached
from orchestrator.model import Document
from orchestrator.run import Origin
from orchestrator.store import durable

REQUEST = "request.json"
ANNOUNCED = "live/"
"""Records of a store that machines share: the requests of runs that have begun on one of them."""
_MAX_REQUEST = 1 << 20


class Request(Document):
    """What was asked for."""

    id: str
    name: str
    plan: Digest
    origin: Origin
    created: str
    clock: Digest | None = None
    """Of a replay: the clock that the original run has recorded."""
    store: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """The team's store that it is to be recorded in; None: the one on this disk."""
    boot: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """The machine's boot id: after another start, what a job wrote and nobody flushed may be gone."""


class LiveRun:
    """One folder under ``live/``."""

    def __init__(self, folder: Path, request: Request) -> None:
        self.folder = folder
        self.request = request
        self.record = folder / "record"
        self.workspace = folder / "workspace"
        self.outputs = folder / "outputs"
        self.agent = folder / "agent"
        self.data = folder / "data"
        self._held: IO[bytes] | None = None

    @classmethod
    def begin(cls, live: Path, request: Request) -> LiveRun:
        """A new folder, held by this process.

        Raises:
            FileExistsError: another run has this id.
        """
        folder = live / request.id
        folder.mkdir(mode=0o700)
        reached("live.folder")
        run = cls(folder, request)
        run.hold()
        reached("live.held")
        durable.write(folder / REQUEST, request.to_bytes())
        reached("live.requested")
        for parent in (live, live.parent):  # the folder of all live runs may have been made by one who was killed
            durable.fsync_directory(parent)
        return run

    @classmethod
    def found(cls, folder: Path) -> LiveRun | None:
        """An existing folder; None where it was never finished: nothing was promised, and it is removed."""
        try:
            return cls(folder, Request.from_bytes(_small(folder / REQUEST)))
        except FileNotFoundError:
            cls._clear_away(folder)
            return None
        except Corruption as error:
            raise Corruption(f"{folder / REQUEST} is damaged", hint=f"look at it, then remove {folder}") from error

    @staticmethod
    def _clear_away(folder: Path) -> None:
        """Remove a folder whose maker died before the request was written; one that is being made is locked."""
        with contextlib.suppress(OSError), (folder / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not (folder / REQUEST).exists():
                shutil.rmtree(folder, ignore_errors=True)

    def hold(self) -> bool:
        """Become the one who looks after this run; False where another process is."""
        if self._held is None:
            try:
                held = (self.folder / "lock").open("ab")
            except FileNotFoundError:
                return False  # it was recorded and removed just now
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.close()
                return False
            self._held = held
        return True

    @property
    def lock_descriptor(self) -> int:
        """The descriptor that holds the lock, to hand on to another process."""
        assert self._held is not None  # noqa: S101
        return self._held.fileno()

    def take_over(self, descriptor: int) -> None:
        """Hold the lock that the process which started this one has handed on."""
        self._held = os.fdopen(descriptor, "ab")

    def release(self) -> None:
        """Leave the run to whoever comes next."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def remove(self) -> None:
        """Remove the folder and the secrets; the run is recorded."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(secrets_folder(self.request.id).parent)
        reached("clean.secrets")
        _remove_tree(self.folder)
        reached("clean.folder")
        self.release()

    @property
    def container(self) -> str:
        """The container's name."""
        return f"orchestrator-{self.request.id}"


def secrets_folder(run_id: str) -> Path:
    """What is mounted with a run's secrets while it runs: on a tmpfs, never on disk."""
    return Path("/dev/shm") / f"orchestrator-{os.getuid()}-{run_id}" / "values"  # noqa: S108


def all_in(live: Path) -> Iterator[Path]:
    """The folders of all live runs, oldest first."""
    with contextlib.suppress(FileNotFoundError):
        yield from sorted(folder for folder in live.iterdir() if folder.is_dir())


def found_in(live: Path, damaged: Callable[[Path, Exception], None]) -> Iterator[LiveRun]:
    """All live runs, oldest first. ``damaged`` is told of folders that cannot be read: no obstacle to the others."""
    for folder in all_in(live):
        try:
            run = LiveRun.found(folder)
        except (Corruption, OSError) as error:
            damaged(folder, error)
            continue
        if run is not None:
            yield run


def _remove_tree(folder: Path) -> None:
    """A job may have taken its own rights away, or have dug deeper than Python can follow: the system's tools can."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for tool in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            with contextlib.suppress(EnvironmentProblem):
                process.run([*tool, "--", str(folder)])


def _small(file: Path) -> bytes:
    with open_regular(file) as stream:
        return stream.read(_MAX_REQUEST)
