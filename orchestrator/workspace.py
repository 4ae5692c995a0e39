"""The only place that chooses adapters. A Workspace holds the ports that operations work with.

Adapters are imported when they are first asked for: listing runs needs no engine, and docker-py takes its time.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.errors import EnvironmentProblem
from orchestrator.execution import host as machine
from orchestrator.settings.model import Settings
from orchestrator.store.claims import PATIENCE_SECONDS, LocalClaims
from orchestrator.store.local import LocalBlobs, LocalRecords
from orchestrator.store.port import BlobStore, Claims, FileBlobs, RecordStore
from orchestrator.store.sealed import Sealed
from orchestrator.store.verified import Verified

if TYPE_CHECKING:
    from orchestrator.engine.docker import DockerEngine
    from orchestrator.engine.port import Engine
    from orchestrator.image.oci import Image
    from orchestrator.index.port import RunIndex
    from orchestrator.lock.model import Asked, Lock
    from orchestrator.plan import ImagePin
    from orchestrator.store.statcache import StatCache


_TELL_AT = 8
"""At this attempt to come in, some seconds have passed."""


def _configured() -> Settings:
    """What the environment and the files say.

    Raises:
        SettingsError: something there is wrong, or a project file is not trusted.
    """
    from orchestrator.settings.resolve import resolve

    return resolve().trusted()


def docker_engine() -> DockerEngine:
    """The engine that DOCKER_HOST names.

    Raises:
        EngineError: it does not answer.
    """
    from orchestrator.engine.docker import DockerEngine

    return DockerEngine()


class Workspace:
    """One home folder, the stores and the index that belong to it, and the engine.

    Args:
        home: where everything is that is kept on this machine, created where it is missing; with nothing else said,
            the store and the index too.
        settings: what is configured; without them, and without a home, what the environment and the files say.
        report: is told, in a line of plain text, what is being done.
        now: the clock.
        engine: the container engine; by default the one that DOCKER_HOST names, once it is needed.
        host: describes this machine, and with ``gpus=True`` its GPUs too.
        boot: names this start of the machine.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        settings: Settings | None = None,
        report: Callable[[str], None] = lambda line: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        engine: Engine | None = None,
        host: Callable[..., dict[str, Any]] = machine.describe,
        boot: Callable[[], str] = machine.boot,
    ) -> None:
        self.settings = settings or (Settings(home=home) if home else _configured())
        self.home = self.settings.home
        self.report = report
        self.now = now
        self.host = host
        self.boot = boot
        self._engine = engine

    @cached_property
    def blobs(self) -> FileBlobs:
        """Content by digest; every read is verified. A team's store is read through the one on this disk."""
        local = Verified(LocalBlobs(self.home))
        if self._remote is None:
            return local
        from orchestrator.store.cached import Cached

        return Cached(local, self._remote[0], self.scratch)

    @cached_property
    def records(self) -> RecordStore:
        """Runs, verdicts, and what was built from what; every read is verified."""
        return Sealed(LocalRecords(self.home) if self._remote is None else self._remote[1])

    @cached_property
    def claims(self) -> Claims:
        """Who is at work on the store: on this disk by file locks, on a team's store by records in it."""
        if self._remote is None:
            return LocalClaims(self.home)
        from orchestrator.store.record_claims import RecordClaims, wait

        def pause(attempt: int) -> None:
            if attempt == _TELL_AT:
                self.report("others add to this store, or remove from it: waiting for them")
            wait(attempt)

        return RecordClaims(self._remote[1], lambda: self.now().timestamp(), pause=pause, patience=PATIENCE_SECONDS)

    @property
    def truth(self) -> BlobStore:
        """The store's own blobs, not its copies on this disk; every read is verified. What a check reads."""
        return self.blobs if self._remote is None else self._remote[0]

    @property
    def second_blobs(self) -> BlobStore | None:
        """The blobs of a copy of the store, verified when read; None where none is configured."""
        return Verified(self._second[0]) if self._second else None

    @property
    def second_records(self) -> RecordStore | None:
        """The records of that copy."""
        return Sealed(self._second[1]) if self._second else None

    @contextlib.contextmanager
    def alone(self, what: str, waiting: str) -> Iterator[None]:
        """Within this block no other process of this home does ``what``; ``waiting`` is reported where one does."""
        with LocalClaims(self.home).alone(what, lambda: self.report(waiting)):
            yield

    @cached_property
    def index(self) -> RunIndex:
        """Recorded runs, searchable."""
        if self.settings.index is not None:
            from orchestrator.index.postgres import PostgresIndex

            return PostgresIndex(self.settings.index)
        from orchestrator.index.sqlite import SqliteIndex

        _ = self.scratch  # the home folder exists
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

    def build_image(self, lock: Lock, *, based: Callable[[], None] = lambda: None) -> Image:
        """Build the image of a lock; ``based`` is called once its base is there.

        Raises:
            LockError: a wheel cannot be had.
            NotReplayable: the base cannot be had.
        """
        from orchestrator.image import base
        from orchestrator.image.build import Builder, build

        def ensure_base(lock: Lock) -> None:
            base.ensure(lock, self.blobs, self.scratch, self.report)
            based()

        return build(lock, Builder(self.engine, self.blobs, self.records, self.scratch, ensure_base, self.report))

    def pull_image(self, pin: ImagePin) -> Image | None:
        """This very image from the registry of the settings; None where they name none, or it is of no help."""
        if self.settings.registry is None:
            return None
        from orchestrator.registry.images import bring

        return bring(self.settings.registry, pin.manifest, self.blobs, self.report)

    def timestamp(self) -> str:
        """Now, RFC 3339 in UTC, to the millisecond."""
        return self.now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def chance(self) -> int:
        """A random number, for names only: it never reaches a job."""
        return secrets.randbits(32)

    @cached_property
    def _remote(self) -> tuple[BlobStore, RecordStore] | None:
        return self._bucket(self.settings.store) if self.settings.store is not None else None

    @cached_property
    def _second(self) -> tuple[BlobStore, RecordStore] | None:
        match self.settings.second_store:
            case None:
                return None
            case Path() as folder:
                if not folder.is_dir():
                    raise EnvironmentProblem(f"the second store {folder} is no folder", hint="make it, or mount it")
                return LocalBlobs(folder), LocalRecords(folder)
            case url:
                return self._bucket(url)

    def _bucket(self, url: str) -> tuple[BlobStore, RecordStore]:
        from orchestrator.store.s3 import open_store

        said = self.settings
        return open_store(
            url,
            endpoint=said.store_endpoint,
            region=said.store_region,
            ca=said.store_ca,
            scratch=self.scratch,
        )

    def _folder(self, name: str) -> Path:
        from orchestrator.store import durable

        folder = self.home / name
        durable.make_folder(folder)
        return folder
