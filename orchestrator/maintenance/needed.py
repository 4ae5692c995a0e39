"""What runs need, all of them together: each blob once, with the first that names it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import IO

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, OrchestratorError
from orchestrator.execution.live import Request
from orchestrator.maintenance import of_sweeps
from orchestrator.references.follow import Walk
from orchestrator.references.reference import Reference
from orchestrator.run import Run
from orchestrator.store.port import BlobStore
from orchestrator.store.verified import Verified
from orchestrator.sweep.model import SweepRecord


class Needed:
    """Blobs that something needs.

    ``broken``: documents that are missing or damaged; what they name is unknown, and so may be missing here.
    """

    def __init__(self, blobs: BlobStore) -> None:
        self._walk = Walk(blobs, self._note)
        self._first: dict[Digest, Reference] = {}
        self.broken: list[tuple[Reference, OrchestratorError]] = []

    def run(self, run: Run) -> None:
        """Add what a recorded run needs."""
        self._add(self._walk.run(run))

    def request(self, request: Request) -> None:
        """Add what a run needs that is not recorded yet."""
        self._add(of_request(self._walk, request))

    def sweep(self, record: SweepRecord) -> None:
        """Add what the trials of a sweep are made from."""
        self._add(of_sweeps.needs(self._walk, record))

    def __contains__(self, digest: Digest) -> bool:
        return digest in self._first

    def __iter__(self) -> Iterator[Reference]:
        return iter(self._first.values())

    def first(self, digest: Digest) -> Reference | None:
        """The first thing that names a blob."""
        return self._first.get(digest)

    def _add(self, references: Iterable[Reference]) -> None:
        for reference in references:
            known = self._first.get(reference.digest)
            if known is None or (known.rebuildable and not reference.rebuildable):
                self._first[reference.digest] = reference

    def _note(self, reference: Reference, error: OrchestratorError) -> None:
        self.broken.append((reference, error))


def of_request(walk: Walk, request: Request) -> Iterator[Reference]:
    """What a run needs that is not recorded yet."""
    by = f"run {request.id}"
    yield from walk.plan(request.plan, by)
    yield from walk.origin(request.origin, by)
    if request.clock is not None:
        yield from walk.leaf(request.clock, f"{by}: clock")


def who_needs(
    wanted: set[Digest],
    runs: Iterable[Run],
    requests: Iterable[Request],
    blobs: BlobStore,
    sweeps: Iterable[SweepRecord] = (),
) -> dict[Digest, list[str]]:
    """The runs that need each of these blobs, then the sweeps.

    Each is walked by itself: this is for the day something is broken.
    """
    found: dict[Digest, list[str]] = {digest: [] for digest in wanted}

    def look(run_id: str, references: Iterable[Reference]) -> None:
        for digest in {reference.digest for reference in references} & wanted:
            found[digest].append(run_id)

    for run in runs if wanted else ():
        look(run.id, _quiet(blobs).run(run))
    for request in requests if wanted else ():
        look(request.id, of_request(_quiet(blobs), request))
    for record in sweeps if wanted else ():
        look(record.id, of_sweeps.needs(_quiet(blobs), record))
    return found


def _quiet(blobs: BlobStore) -> Walk:
    return Walk(blobs, lambda reference, error: None)


class Avoiding(Verified):
    """A blob store without what is known to be damaged; what the system cannot read is damaged too."""

    def __init__(self, inner: BlobStore, damaged: Mapping[Digest, str]) -> None:
        super().__init__(inner)
        self._known = damaged

    def get(self, digest: Digest) -> IO[bytes]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        if digest in self._known:
            raise Corruption(self._known[digest])
        try:
            return super().get(digest)
        except OSError as error:
            raise Corruption(f"blob {digest} cannot be read: {error.strerror}") from error
