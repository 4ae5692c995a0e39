"""What a run relied on and its plan does not pin: a line each, with what to do. Pure.

What is known of it comes from the job's Python processes alone; native readers (a C++ data loader, HDF5, Arrow) go
unseen. So a hint tells what was seen, and of what was not seen says whose word that is.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from orchestrator.agent import wire
from orchestrator.compare.values import printable, size
from orchestrator.execution.accesses import Accesses, Connection
from orchestrator.plan import Plan

LARGE = 1 << 20
"""Bytes from which on any file of the code tree passes for data; of one that is named like data, a sixteenth."""

_LIKE_DATA = (
    *(".csv", ".tsv", ".parquet", ".feather", ".arrow", ".npy", ".npz", ".h5", ".hdf5", ".pkl", ".pickle"),
    *(".pt", ".pth", ".ckpt", ".safetensors", ".onnx", ".tfrecord", ".jsonl", ".gz", ".bz2", ".xz", ".zip", ".tar"),
    *(".db", ".sqlite", ".sqlite3"),
)
_MOST = 5


def hints(accesses: Accesses, plan: Plan) -> tuple[str, ...]:
    """What to declare, and what is not pinned."""
    return (
        *_some(list(_undeclared(accesses)), "more files of the code look like data"),
        *_some([_reached(place, plan) for place in _places(accesses)], "more places were tried"),
        *(f"data.{name} was not read by the job's Python code" for name in accesses.unread),
    )


def _undeclared(accesses: Accesses) -> Iterator[str]:
    for file in accesses.files:
        least = LARGE // 16 if file.path.lower().endswith(_LIKE_DATA) else LARGE
        if file.kind == "code" and file.size >= least:
            what = f"{_in_code(file.path)} was read from {wire.WORKSPACE}"
            yield f"{what}, {size(file.size)}: declare it under `data`, and pass {{data.NAME}}"
    for folder in accesses.folders:
        if folder.kind == "code" and folder.size >= LARGE:
            what = f"{folder.files} files of {_in_code(folder.path)}/ were read from {wire.WORKSPACE}"
            yield f"{what}, {size(folder.size)}: declare them under `data`, and pass {{data.NAME}}"


def _in_code(path: str) -> str:
    return printable(path.removeprefix(wire.WORKSPACE).removeprefix("/") or ".")


def _places(accesses: Accesses) -> list[Connection]:
    """Without the addresses that a name stands for."""
    named = {place.port for place in accesses.connections if not _is_address(place.host)}
    return [place for place in accesses.connections if not _is_address(place.host) or place.port not in named]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _reached(place: Connection, plan: Plan) -> str:
    where = printable(f"[{place.host}]" if ":" in place.host else place.host) + (f":{place.port}" if place.port else "")
    if plan.network == "none":
        what_to_do = "declare the file under `data`, or ask for `network: bridge`"
        return f"the job tried to reach {where}: there is no network ({what_to_do})"
    return f"the job reached {where}: what came from there is not pinned"


def _some(lines: list[str], more: str) -> list[str]:
    return lines if len(lines) <= _MOST else [*lines[:_MOST], f"{len(lines) - _MOST} {more}"]
