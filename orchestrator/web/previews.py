"""A file's beginning as something to look at. What it is, its bytes say: its name is only a hint."""

from __future__ import annotations

import csv
import io
import json
from typing import NamedTuple

from orchestrator.compare.values import printable
from orchestrator.report.pictures import media_type

MOST = 64 << 10
"""Bytes that are looked at."""
_GROWS = 4
"""Times its own length, at most, may a text be when it is laid out."""
_ROWS, _COLUMNS, _CELL = 100, 50, 200
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


class Preview(NamedTuple):
    """What is shown: an image, a table, a text; or only words about why not."""

    kind: str = ""
    """``image``, ``table``, ``text``; empty: nothing."""
    text: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""


def of(path: str, data: bytes) -> Preview:
    """The preview of a file that begins so. ``data`` has more than :data:`MOST` bytes where the file does."""
    cut = len(data) > MOST
    note = f"the first {MOST >> 10} KiB" if cut else ""
    if media_type(data):
        return Preview("image")
    if not data:
        return Preview(note="an empty file")
    text = _text(data[:MOST], cut)
    if text is None:
        return Preview(note="neither an image nor a text: its bytes are not shown")
    ending = path[path.rfind(".") :].lower() if "." in path else ""
    if ending in _DELIMITERS and (table := _table(text, _DELIMITERS[ending])):
        return table
    if ending == ".json" and not cut and (pretty := _pretty(text)):
        return Preview("text", pretty)
    return Preview("text", text, note=note)


def _text(data: bytes, cut: bool) -> str | None:
    """None where it is no text. A character that the cut went through is left out."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        if not (cut and error.start >= len(data) - 4):
            return None
        text = data[: error.start].decode()
    if "\0" in text:
        return None
    return "\n".join(map(_line, text.replace("\r\n", "\n").split("\n")))


def _line(line: str) -> str:
    return line if line.isprintable() else "\t".join(printable(part) for part in line.split("\t"))


def _table(text: str, delimiter: str) -> Preview | None:
    rows = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            rows.append(tuple(cell[:_CELL] for cell in row[:_COLUMNS]))
            if len(rows) > _ROWS + 1:
                break
    except csv.Error:
        return None
    if not rows:
        return None
    note = f"the first {_ROWS} rows" if len(rows) > _ROWS + 1 else ""
    return Preview("table", head=rows[0], rows=tuple(rows[1 : _ROWS + 1]), note=note)


def _pretty(text: str) -> str:
    try:
        pretty = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""
    return "" if len(pretty) > _GROWS * MOST else "\n".join(map(_line, pretty.split("\n")))
