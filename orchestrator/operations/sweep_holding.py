"""Who is at a sweep: a file lock that ends with the process that holds it, however it ends. On this machine only."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.store import durable
from orchestrator.store.claims import locked_within
from orchestrator.workspace import Workspace

_LOOKING_SECONDS = 0.5
"""Who only looks whether it is held, holds it for a moment."""


@contextlib.contextmanager
def held(workspace: Workspace, sweep_id: str) -> Iterator[None]:
    """Within this block the sweep is ours.

    Raises:
        UsageError: another command is at it.
    """
    durable.make_folder(_place(workspace, sweep_id).parent)
    handle = os.open(_place(workspace, sweep_id), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not locked_within(handle, _LOOKING_SECONDS):
            raise UsageError(
                f"another command runs the trials of {sweep_id}",
                hint=f"`orchestrator sweeps {sweep_id}` shows how far it is",
            )
        yield
    finally:
        os.close(handle)


def is_held(workspace: Workspace, sweep_id: str) -> bool:
    """Whether a command of this machine runs the trials of a sweep."""
    try:
        handle = os.open(_place(workspace, sweep_id), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not locked_within(handle, 0)
    finally:
        os.close(handle)


def _place(workspace: Workspace, sweep_id: str) -> Path:
    return workspace.home / "locks" / f"sweep-{sweep_id}"
