"""The record folder of a run that has ended, without the values of secrets.

The agent hides them in the console as it writes, but the job writes events and notes itself, and could write anything
to any file there. So all that will be read is looked through first. Files that hold no value stay as they are; others
are replaced, and doing it again changes nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from orchestrator.agent import wire
from orchestrator.agent.redact import HIDDEN, Secrets
from orchestrator.execution.untrusted import open_below

_JSON = (wire.STARTED, wire.EXIT, wire.EVENTS, wire.SYSTEM, wire.ACCESSES, wire.MLFLOW_NOTES)
"""A line of these is a document. Numbers in them stay: by chance they hold the digits of any short value."""
_BYTES = (wire.STDOUT, wire.STDERR, *wire.TAIL_OF.values(), wire.LEDGER)
"""In these the position of a byte has a meaning."""

_MAX_LINE = 64 << 20
_WINDOW = 4 << 20
_POINTER = re.compile(rb"[0-9]+ [oe] [0-9]+\n")


def clean(record: Path, secrets: Secrets) -> None:
    """Take the values of secrets out of a record folder. What is no file there is none of ours to read."""
    if not secrets:
        return
    for name in _JSON:
        _rewrite(record, name, secrets, lambda stream: (_line(line, secrets) for line in _lines(stream)))
    for name in _BYTES:
        _rewrite(record, name, secrets, lambda stream: _blackened(stream, secrets))
    _rewrite(record, wire.CONSOLE, secrets, lambda stream: filter(_POINTER.fullmatch, _lines(stream)))


def _rewrite(record: Path, name: str, secrets: Secrets, cleaned: Callable[[IO[bytes]], Iterator[bytes]]) -> None:
    """Replace a file, whose rights a job may have taken, by what is left of it."""
    try:
        stream = open_below(record, name)
    except OSError:
        return
    aside = record.parent / f"clean-{Path(name).name}"
    with stream, aside.open("wb") as sink:
        for piece in cleaned(stream):
            sink.write(piece)
        stream.seek(0)
        changed = os.fstat(stream.fileno()).st_size != sink.tell() or _differs(stream, aside, sink)
    if changed:
        aside.replace(record / name)
    else:
        aside.unlink()


def _differs(stream: IO[bytes], aside: Path, sink: IO[bytes]) -> bool:
    sink.flush()
    with aside.open("rb") as other:
        while chunk := stream.read(_WINDOW):
            if chunk != other.read(_WINDOW):
                return True
    return False


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    while line := stream.readline(_MAX_LINE):
        yield line


def _line(line: bytes, secrets: Secrets) -> bytes:
    """A line of JSON with ``***`` in its texts, however they are escaped; one that is none, blackened."""
    if b"\\" not in line and secrets.first_in(line) is None:
        return line
    try:
        value = json.loads(line)
        hidden = _hidden(value, secrets)
        return (
            line
            if _same(hidden, value)
            else json.dumps(hidden, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        )
    except (ValueError, RecursionError):
        return secrets.blacken(line)


def _hidden(value: Any, secrets: Secrets) -> Any:
    if isinstance(value, str):
        return secrets.text(value)
    if isinstance(value, list):
        return [_hidden(item, secrets) for item in value]
    if isinstance(value, dict):
        return {secrets.text(key): _hidden(item, secrets) for key, item in value.items()}
    if isinstance(value, int | float) and secrets.hide(repr(value).encode()) == HIDDEN:
        return HIDDEN.decode()  # the number is the value
    return value


def _same(one: Any, other: Any) -> bool:
    """Compared as text: a number that is none equals nothing."""
    return repr(one) == repr(other)


def _blackened(stream: IO[bytes], secrets: Secrets) -> Iterator[bytes]:
    """The stream with stars for values, as long as before; values across the borders of what is read are found too."""
    overlap = 4 * secrets.longest
    held = b""
    while chunk := stream.read(_WINDOW):
        held = secrets.blacken(held + chunk)
        done = max(0, len(held) - overlap)
        yield held[:done]
        held = held[done:]
    yield held
