"""A small store, and outcomes made in it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from orchestrator.compare.outcomes import Streams, compare_outcomes
from orchestrator.compare.policy import judge
from orchestrator.compare.verdict import Verdict
from orchestrator.digest import Digest
from orchestrator.metrics import Series, encode
from orchestrator.outcome import Outcome
from orchestrator.runspec.model import VerifySpec
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.tree import FileEntry, FolderEntry, LinkEntry, Tree, save

Points = Iterable[tuple[int, float]]
Entry = FileEntry | LinkEntry | FolderEntry


class Bench:
    """Makes outcomes, and counts which blobs were opened."""

    def __init__(self) -> None:
        self.blobs = MemoryBlobs()
        self.opened: list[Digest] = []
        get = self.blobs.get
        self.blobs.get = lambda digest: (self.opened.append(digest), get(digest))[1]  # type: ignore[method-assign]

    def put(self, data: bytes) -> Digest:
        return self.blobs.put(io.BytesIO(data))

    def tree(self, files: Mapping[str, bytes | Entry]) -> Digest:
        return save(self.blobs, Tree.of([self._entry(path, content) for path, content in files.items()]))

    def outcome(
        self,
        metrics: Mapping[str, Points] | None = None,
        files: Mapping[str, bytes | Entry] | None = None,
        params: Mapping[str, bool | int | float | str] | None = None,
        exit_code: int = 0,
    ) -> Outcome:
        table = {name: Series.of(points) for name, points in (metrics or {}).items()}
        return Outcome(
            exit_code=exit_code,
            params=dict(params or {}),
            metrics=self.put(encode(table)),
            artifacts=self.tree(files or {}),
        )

    def verdict(self, left: Outcome, right: Outcome, recorded: Streams | None = None, **verify: Any) -> Verdict:
        difference = compare_outcomes(left, right, self.blobs, streams=recorded)
        return judge(difference, VerifySpec.model_validate(verify), self.blobs)

    def _entry(self, path: str, content: bytes | Entry) -> Entry:
        if isinstance(content, bytes):
            return FileEntry(path=path, digest=self.put(content), size=len(content))
        return content


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="session")
def new_bench() -> type[Bench]:
    """For property tests: a fresh bench for each example."""
    return Bench
