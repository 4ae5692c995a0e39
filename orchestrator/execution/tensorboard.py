"""What a job logged through TensorBoard: the scalars in its event files, as series of the metrics table."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.agent import wire
from orchestrator.determinism import HOSTNAME
from orchestrator.execution.columns import Room
from orchestrator.execution.event_file import Folder
from orchestrator.execution.names import Names
from orchestrator.metrics import Series

_TIMES = re.compile(
    r"[1-9][0-9]{9,}(\.[0-9]*)?"  # add_hparams: seconds since the epoch
    r"|20[0-9]{2}-?[01][0-9]-?[0-3][0-9][-_T ][0-2][0-9][-:_.]?[0-5][0-9][-:_.]?[0-5][0-9](\.[0-9]*)?",
)
_DEFAULT_FOLDER = re.compile(r"[A-Z][a-z]{2}[0-9]{2}_[0-9]{2}-[0-9]{2}-[0-9]{2}_(.*)", re.DOTALL)
"""Of a SummaryWriter: time, host, and the comment that it was given."""


@dataclass(frozen=True)
class Scalars:
    """All scalars of a run's event files."""

    series: Mapping[str, Series]
    notes: tuple[str, ...]
    """What could not be read, and what was left out."""


def is_event_file(path: str) -> bool:
    """Whether a file's name is one that TensorBoard would look into."""
    return "tfevents" in posixpath.basename(path)


def read(files: Mapping[str, Path], room: Room | None = None) -> Scalars:
    """The scalars of these files: artifact path -> where it lies. Those that are no event files are not looked at.

    Never raises: of a damaged file there is what stands before the damage, and a note.
    """
    room = room or Room()
    series: dict[str, Series] = {}
    notes: list[str] = []
    names = Names()
    too_long = 0
    for prefix, paths in _folders(files):
        folder = Folder(room)
        for path in paths:
            notes += [f"{path}: {note}" for note in folder.read(files[path])]
        for tag, column in sorted(folder.columns.whole().items()):
            name = names.give(_text(prefix, tag))
            if len(name.encode()) > wire.MAX_NAME_BYTES:
                too_long += 1
            else:
                series[name] = Series.of_columns(*column)
    if too_long:
        notes.append(
            f"{too_long} metrics were left out: with its folder a name has more than {wire.MAX_NAME_BYTES} bytes"
        )
    return Scalars(series, tuple(notes))


def _folders(files: Mapping[str, Path]) -> list[tuple[str, list[str]]]:
    """The event files of each folder in the order they were begun, and what the folder's metrics are called after."""
    folders: dict[str, list[str]] = defaultdict(list)
    for path in sorted(filter(is_event_file, files), key=_by_number):
        folders[posixpath.dirname(path)].append(path)
    root = posixpath.commonpath(folders) if folders else ""
    return [(_prefix(folder[len(root) :]), folders[folder]) for folder in sorted(folders)]


def _by_number(path: str) -> tuple[str, str]:
    """Sorts ``….9`` before ``….10``: a name ends in time, host, process and a count."""
    return re.sub("[0-9]+", lambda digits: digits[0].zfill(20), path), path


def _prefix(folder: str) -> str:
    """What a folder below the common one adds to the names; what only tells a time differs in each run."""
    return "".join(f"{part}/" for part in map(_without_time, folder.split("/")) if part)


def _without_time(part: str) -> str:
    if default := _DEFAULT_FOLDER.fullmatch(part):
        host_and_comment = default[1]
        return host_and_comment[len(HOSTNAME) :] if host_and_comment.startswith(HOSTNAME) else ""
    return "" if _TIMES.fullmatch(part) else part


def _text(prefix: str, tag: bytes) -> str:
    """What is no UTF-8 is written out: ``\\xff``."""
    return (prefix.encode("utf-8", "backslashreplace") + tag).decode("utf-8", "backslashreplace")
