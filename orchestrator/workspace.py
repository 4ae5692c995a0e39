"""The only place that chooses adapters. A Workspace holds the ports that operations work with.

Adapters are imported when they are first asked for: listing runs needs no engine, and docker-py takes its time.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.execution import host as machine
from orchestrator.store.local import LocalBlobs, LocalRecords
from orchestrator.store.port import FileBlobs, RecordStore
from orchestrator.store.verified import Verified

if TYPE_CHECKING:
    from orchestrator.engine.docker import DockerEngine
    from orchestrator.engine.port import Engine
    from orchestrator.image.oci import Image
    from orchestrator.index.port import RunIndex
    from orchestrator.lock.model import Asked, Lock
    from orchestrator.store.statcache import StatCache


def default_home() -> Path:
    """$ORCHESTRATOR_HOME, or ``orchestrator`` in the XDG data directory."""
    if home := os.environ.get("ORCHESTRATOR_HOME"):
        return Path(home).absolute()
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data).absolute() / "orchestrator"


def docker_engine() -> DockerEngine:
    """The engine that DOCKER_HOST names.

    Raises:
        EngineError: it does not answer.
    """
    from orchestrator.engine.docker import DockerEngine

    return DockerEngine()


class Workspace:
    """One home folder and the engine.

    Args:
        home: where the store, the index and live runs are; created where it is missing.
        report: is told, in a line of plain text, what is being done.
        now: the clock.
        engine: the container engine; by default the one that DOCKER_HOST names, once it is needed.
        host: describes this machine, and with ``gpus=True`` its GPUs too.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        report: Callable[[str], None] = lambda line: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        engine: Engine | None = None,
        host: Callable[..., dict[str, Any]] = machine.describe,
    ) -> None:
        self.home = home or default_home()
        self.report = report
        self.now = now
        self.host = host
        self._engine = engine

    @cached_property
    def blobs(self) -> FileBlobs:
        """Content by digest; every read is verified."""
        return Verified(LocalBlobs(self.home))

    @cached_property
    def records(self) -> RecordStore:
        """Runs, verdicts, and what was built from what."""
        return LocalRecords(self.home)

    @cached_property
    def index(self) -> RunIndex:
        """Recorded runs, searchable."""
        from orchestrator.index.sqlite import SqliteIndex

        _ = self.records  # the home folder exists
        return SqliteIndex(self.home / "index.sqlite")

    @cached_property
    def engine(self) -> Engine:
        """The container engine.

        Raises:
            EngineError: none answers.
        """
        return self._engine or docker_engine()

    @cached_property
    def stat_cache(self) -> StatCache:
        """Digests of files that have not changed."""
        from orchestrator.store.statcache import StatCache

        return StatCache(self._folder("cache") / "stat.sqlite", int(self.now().timestamp() * 1e9))

    @cached_property
    def live(self) -> Path:
        """The folders of runs that are not recorded yet."""
        return self._folder("live")

    @cached_property
    def scratch(self) -> Path:
        """For work in progress; what a crash leaves here is worth nothing."""
        return self._folder("tmp")

    def make_lock(self, asked: Asked, folder: Path) -> Lock:
        """Pin what a spec in ``folder`` asks for.

        Raises:
            LockError: it cannot be resolved.
        """
        from orchestrator.image import base
        from orchestrator.image.layers import check_together
        from orchestrator.lock.create import create

        pinned = base.pin(asked, folder, lambda: self.engine, self.blobs, self.scratch)
        made = create(asked, pinned, self.blobs)
        check_together(made.wheels, pinned.python, self.blobs)
        return made

    def build_image(self, lock: Lock) -> Image:
        """Build the image of a lock.

        Raises:
            LockError: a wheel cannot be had.
            NotReplayable: the base cannot be had.
        """
        from orchestrator.image import base
        from orchestrator.image.build import Builder, build

        def ensure_base(lock: Lock) -> None:
            base.ensure(lock, self.blobs, self.scratch, self.report)

        return build(lock, Builder(self.engine, self.blobs, self.records, self.scratch, ensure_base, self.report))

    def timestamp(self) -> str:
        """Now, RFC 3339 in UTC, to the millisecond."""
        return self.now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def chance(self) -> int:
        """A random number, for names only: it never reaches a job."""
        return secrets.randbits(32)

    def _folder(self, name: str) -> Path:
        from orchestrator.store import durable

        folder = self.home / name
        durable.make_folder(folder)
        return folder
