"""A run's console: of a live run as it is written, of a recorded one from the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO

from orchestrator import runid
from orchestrator.agent import wire
from orchestrator.agent.redact import Secrets, read_values
from orchestrator.execution.follow import Follower, Piece
from orchestrator.execution.live import secrets_folder
from orchestrator.operations import recover, runs
from orchestrator.operations.hiding import Hiding
from orchestrator.run import Run
from orchestrator.store.streams import seekable
from orchestrator.workspace import Workspace

_POLL_SECONDS = 0.1
Tails = Callable[[list[Piece]], None]


def logs(
    workspace: Workspace, text: str, *, follow: bool = False, tails: Tails = lambda tails: None
) -> Iterator[Piece]:
    """The console's pieces, in the order in which they were written. ``follow`` waits for more until the run ends.

    ``tails`` is told now and then which lines a live run has begun: they come as pieces once they are complete.

    Raises:
        NotFound: there is no such run.
    """
    recover.recover(workspace)
    run_id = runid.top(runs.resolve(workspace, text))  # a run within a run has no console of its own
    folder = workspace.live / run_id
    if not folder.is_dir():
        yield from _recorded(workspace, runs.find(workspace, run_id))
        return
    seen = 0
    hiding = Hiding(Secrets(read_values(str(secrets_folder(run_id)))))
    for piece in _live(folder, follow, tails, hiding):
        seen += 1
        yield piece
    yield from hiding.rest()
    if not folder.is_dir():  # what was written after our last look is in the record by now
        yield from islice(_recorded(workspace, runs.find(workspace, run_id)), seen, None)


def _live(folder: Path, follow: bool, tails: Tails, hiding: Hiding) -> Iterator[Piece]:
    follower = Follower(folder / "record")
    try:
        while follow and folder.is_dir():
            if pieces := follower.read():
                yield from map(hiding.piece, pieces)
            else:
                tails(hiding.tails(follower.tails()))
                time.sleep(_POLL_SECONDS)
        yield from map(hiding.piece, follower.drain())
        tails(hiding.tails(follower.tails()))
    finally:
        follower.close()


def _recorded(workspace: Workspace, run: Run) -> Iterator[Piece]:
    digests = {wire.CONSOLE: run.facts.console, wire.STDOUT: run.facts.stdout, wire.STDERR: run.facts.stderr}

    def open_blob(path: Path) -> IO[bytes]:
        digest = digests[path.name]
        if digest is None:
            raise FileNotFoundError(path.name)
        return seekable(workspace.blobs, digest)

    follower = Follower(Path(), open_blob)
    try:
        yield from follower.drain()
    finally:
        follower.close()
