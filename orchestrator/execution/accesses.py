"""What a job reached for, from the notes that its Python processes left: inputs by kind, connections, unread data.

The notes come from an audit hook of the interpreter (:mod:`orchestrator.agent.audit`). A native library that opens
files by itself, as C++ data loaders do, passes it by: what is listed here was read, what is not may have been.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field

from orchestrator.agent import wire
from orchestrator.execution.trail import Trail, read
from orchestrator.model import Document, Frozen
from orchestrator.plan import Plan
from orchestrator.runspec.model import MAX_EXACT_INT
from orchestrator.store.tree import Tree

Kind = Literal["data", "code", "image", "host"]
"""data: below a declared mount. code: in the code tree. host: of the container's own making, which may differ between
machines. image: anywhere else."""

MOST_IN_FOLDER = 50
"""More files of one folder are counted, not listed."""
MOST_LISTED = 1000
MOST_CONNECTIONS = 100

_Listed = TypeVar("_Listed", "InputFile", "InputFolder")

_MADE = (wire.WORKSPACE, wire.OUTPUTS, wire.HOME, wire.RECORD, "/tmp")  # noqa: S108  (inside the container)
_HOST = ("/proc", "/sys", "/dev", "/etc")


class InputFile(Frozen):
    """A file that was there before the job, and that it read."""

    path: str
    size: int
    kind: Kind


class InputFolder(Frozen):
    """Many such files of one folder."""

    path: str
    files: int
    size: int
    """Bytes of all of them."""
    kind: Kind


class Connection(Frozen):
    """A place that the job tried to reach: a name that it looked up, or an address that it connected to."""

    host: str
    port: int
    """0 where none was named."""
    tries: int


class Accesses(Document):
    """All that a job reached for, as far as its Python processes tell."""

    format: Literal["orchestrator.accesses/1"] = "orchestrator.accesses/1"
    files: tuple[InputFile, ...] = ()
    folders: tuple[InputFolder, ...] = ()
    connections: tuple[Connection, ...] = ()
    unread: tuple[str, ...] = ()
    """Declared data that was not read."""
    missed: int = Field(default=0, ge=0)
    """Accesses that were too many to list, or whose notes are damaged."""

    def total(self, kind: Kind, folder: str = "") -> tuple[int, int]:
        """How many files of a kind were read, of one folder or all, and how many bytes they have."""
        files = [one.size for one in self.files if one.kind == kind and _below(one.path, folder)]
        folders = [one for one in self.folders if one.kind == kind and _below(one.path, folder)]
        number = len(files) + sum(one.files for one in folders)
        return number, sum(files) + sum(one.size for one in folders)


def summarise(record: Path, plan: Plan, code: Tree) -> Accesses | None:
    """The notes in a record folder, sorted out by what the plan declares; None where there are none.

    Args:
        record: the record folder of a run that has ended; nothing in it is trusted.
        plan: says which data is mounted where.
        code: the tree that became /workspace.
    """
    trail = read(record / wire.ACCESSES)
    if trail is None:
        return None
    mounts = {name: pin.mount for name, pin in plan.data.items()}
    in_code = {f"{wire.WORKSPACE}/{path}" for path in code.files}
    inputs = [
        InputFile(path=path, size=size, kind=kind)
        for path, size in sorted(trail.read.items())
        if (kind := kind_of(path, mounts.values(), in_code, made=path in trail.made)) is not None
    ]
    files, folders = _grouped(inputs)
    connections = _connections(trail)
    unlisted = [max(0, len(found) - MOST_LISTED) for found in (files, folders)]
    return Accesses(
        files=tuple(_largest(files)),
        folders=tuple(_largest(folders)),
        connections=tuple(connections[:MOST_CONNECTIONS]),
        unread=() if trail.missed else _unread(mounts, trail.read),
        missed=trail.missed + sum(unlisted) + max(0, len(connections) - MOST_CONNECTIONS),
    )


def kind_of(path: str, mounts: Iterable[str], in_code: set[str], *, made: bool) -> Kind | None:
    """What a file is to the job that read it; None for what it made itself.

    ``made``: it was written before it was read. A secret is no input: not even its size is recorded.
    """
    if any(_below(path, mount) for mount in mounts):
        return "data"
    if made or _below(path, wire.SECRETS):
        return None
    if path in in_code:
        return "code"
    if any(_below(path, folder) for folder in _MADE):
        return None
    return "host" if any(_below(path, folder) for folder in _HOST) else "image"


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def _grouped(inputs: Iterable[InputFile]) -> tuple[list[InputFile], list[InputFolder]]:
    by_folder: dict[tuple[str, Kind], list[InputFile]] = defaultdict(list)
    for one in inputs:
        by_folder[posixpath.dirname(one.path), one.kind].append(one)
    files, folders = [], []
    for (path, kind), found in by_folder.items():
        if len(found) <= MOST_IN_FOLDER:
            files += found
        else:
            size = min(sum(one.size for one in found), MAX_EXACT_INT)
            folders.append(InputFolder(path=path, files=len(found), size=size, kind=kind))
    return files, folders


def _largest(found: list[_Listed]) -> list[_Listed]:
    """As many as are listed, by path."""
    return sorted(sorted(found, key=lambda one: -one.size)[:MOST_LISTED], key=lambda one: one.path)


def _connections(trail: Trail) -> list[Connection]:
    """What was tried most comes first."""
    tried = sorted(trail.tries.items(), key=lambda item: (-item[1], item[0]))
    return [Connection(host=host, port=port, tries=tries) for (host, port), tries in tried]


def _unread(mounts: dict[str, str], read: Iterable[str]) -> tuple[str, ...]:
    paths = list(read)
    return tuple(name for name, mount in sorted(mounts.items()) if not any(_below(path, mount) for path in paths))
