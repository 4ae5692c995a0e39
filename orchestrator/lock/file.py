"""The lock as a file beside the spec: sorted, indented JSON, so that a diff shows what moved."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.errors import LockError
from orchestrator.lock.model import Asked, Lock
from orchestrator.store import durable


def write(path: Path, lock: Lock) -> None:
    """Replace the lock file whole."""
    text = json.dumps(lock.model_dump(mode="json"), indent=1, sort_keys=True)
    durable.write(path, (text + "\n").encode(), mode=0o644)


def read(path: Path) -> Lock | None:
    """The lock in a file, or None where there is no such file.

    Raises:
        LockError: the file is no lock.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        lock = Lock.model_validate_json(data)
    except ValueError as error:
        raise LockError(f"{path} is no lock: {error}") from error
    if sorted(file for layer in lock.layers for file in layer) != sorted(pin.file for pin in lock.wheels):
        raise LockError(f"{path} is no lock: its layers must name each wheel once, and nothing else")
    return lock


def require_fresh(path: Path, lock: Lock, asked: Asked) -> None:
    """Hold a lock against what the spec asks for today.

    Raises:
        LockError: it answers another question; says which.
    """
    stale = [
        text
        for text, locked, asked in (
            ("set of requirements", lock.requirements, asked.requirements),
            ("Python", lock.python, asked.python),
            (
                "base image",
                (lock.base.kind, lock.base.name, lock.base.origin),
                (asked.kind, asked.base, asked.origin),
            ),
            ("image builder", lock.builder, asked.builder),
        )
        if locked != asked
    ]
    if stale:
        raise LockError(f"{path} is stale: the spec asks for another {' and another '.join(stale)} now")
