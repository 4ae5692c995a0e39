"""Verify: the verb of a CI job. A run is replayed; a spec is run, then replayed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from orchestrator.bundle.foreign import Ask
from orchestrator.operations import runs
from orchestrator.operations.execute import Watcher
from orchestrator.operations.replaying import Replayed, replay
from orchestrator.operations.submitting import submit
from orchestrator.run import Run
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class Verified:
    """A run and its replays."""

    original: Run
    replays: tuple[Replayed, ...]

    @property
    def passed(self) -> bool:
        """Whether every replay holds the policy; without replays nothing was shown."""
        return bool(self.replays) and all(one.verdict.passed for one in self.replays)


def verify(
    workspace: Workspace,
    target: str,
    *,
    times: int = 1,
    watcher: Watcher | None = None,
    force: bool = False,
    cold: bool = False,
    allow: Collection[Ask] = (),
) -> Verified:
    """Replay a run, or submit a spec and replay that, ``times`` times; the rest is as ``replay`` has it.

    ``target`` is a spec where it names a file or folder, otherwise a run. Raises as ``submit`` and ``replay`` do.
    """
    path = Path(target)
    if path.exists():
        submitted = submit(workspace, path, watcher=watcher)
        assert submitted.run is not None  # noqa: S101  (not detached)
        original = submitted.run
    else:
        original = runs.find(workspace, target)

    def once() -> Replayed:
        return replay(workspace, original.id, watcher=watcher, force=force, cold=cold, allow=allow)

    return Verified(original, tuple(once() for _ in range(times)))
