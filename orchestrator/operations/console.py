"""A run's console: of a live run as it is written, of a recorded one from the store."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from orchestrator.agent import wire
from orchestrator.execution.follow import Follower, Piece
from orchestrator.operations import recover, runs
from orchestrator.run import Run
from orchestrator.store.streams import chunks
from orchestrator.workspace import Workspace

_POLL_SECONDS = 0.1


def logs(workspace: Workspace, text: str, *, follow: bool = False) -> Iterator[Piece]:
    """The console's pieces, in the order in which they were written. ``follow`` waits for more until the run ends.

    Raises:
        NotFound: there is no such run.
    """
    recover.recover(workspace)
    run_id = runs.resolve(workspace, text)
    folder = workspace.live / run_id
    if not folder.is_dir():
        yield from _recorded(workspace, runs.find(workspace, run_id))
        return
    seen = 0
    for piece in _live(folder, follow):
        seen += 1
        yield piece
    if not folder.is_dir():  # what was written after our last look is in the record by now
        yield from islice(_recorded(workspace, runs.find(workspace, run_id)), seen, None)


def _live(folder: Path, follow: bool) -> Iterator[Piece]:
    follower = Follower(folder / "record")
    try:
        while follow and folder.is_dir():
            yield from follower.read()
            time.sleep(_POLL_SECONDS)
        yield from follower.drain()
    finally:
        follower.close()


def _recorded(workspace: Workspace, run: Run) -> Iterator[Piece]:
    facts = run.facts
    with tempfile.TemporaryDirectory(dir=workspace.scratch, prefix="logs-") as name:
        for digest, file in (
            (facts.console, wire.CONSOLE),
            (facts.stdout, wire.STDOUT),
            (facts.stderr, wire.STDERR),
        ):
            if digest is not None:
                with (Path(name) / file).open("wb") as sink:
                    sink.writelines(chunks(workspace.blobs.get(digest)))
        follower = Follower(Path(name))
        yield from follower.drain()
        follower.close()
