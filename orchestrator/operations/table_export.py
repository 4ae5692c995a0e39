"""The points of runs as a table for other programs: CSV, or Parquet (the extra ``formats``).

One row a point: ``run``, ``metric``, ``step``, ``value``; runs as they were named, those within each behind it, metrics
by name, points by step. The same runs give the same bytes of CSV; values are written so that they read back exactly.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from orchestrator.errors import EnvironmentProblem
from orchestrator.metrics import Series
from orchestrator.operations import execute, output, runs
from orchestrator.workspace import Workspace

Kind = Literal["csv", "parquet"]
COLUMNS = ("run", "metric", "step", "value")


@dataclass(frozen=True)
class Table:
    """A table that was written."""

    runs: tuple[str, ...]
    rows: int


def export_table(workspace: Workspace, names: Sequence[str], kind: Kind, to: Path | IO[bytes]) -> Table:
    """Write the points of these runs, and of those within them.

    Args:
        workspace: where they are recorded.
        names: ids, prefixes, ``last``.
        kind: of file.
        to: a file, which is replaced whole once all is written; or a stream.

    Raises:
        NotFound: one of the runs is not there; nothing is written.
        UsageError: there is no place for the file.
        EnvironmentProblem: pyarrow, which writes Parquet, is not installed.
    """
    found = {run.id: run for run in (runs.find(workspace, name) for name in names)}
    whole = [one for run in found.values() for one in (run, *execute.children(workspace, run.id))]
    series = (
        (run.id, name, points) for run in whole for name, points in sorted(runs.metrics_of(workspace, run).items())
    )
    write = _csv if kind == "csv" else _Parquet()
    if not isinstance(to, Path):
        return Table(tuple(found), write(series, to))
    with output.replaced(output.place(to)) as sink:
        return Table(tuple(found), write(series, sink))


_Pieces = Iterator[tuple[str, str, Series]]


def _csv(series: _Pieces, sink: IO[bytes]) -> int:
    text = io.TextIOWrapper(sink, encoding="utf-8", errors="backslashreplace", newline="", write_through=True)
    rows = 0
    try:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for run_id, name, points in series:
            writer.writerows((run_id, name, step, repr(value)) for step, value in points)
            rows += len(points)
    finally:
        text.detach()
    return rows


class _Parquet:
    """A writer; a row group for each metric of each run."""

    def __init__(self) -> None:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError as error:
            raise EnvironmentProblem("pyarrow is not installed", hint="pip install 'orchestrator[formats]'") from error
        self._pyarrow, self._parquet = pyarrow, parquet

    def __call__(self, series: _Pieces, sink: IO[bytes]) -> int:
        arrow = self._pyarrow
        names = arrow.dictionary(arrow.int32(), arrow.string())
        types = (names, names, arrow.int64(), arrow.float64())
        schema = arrow.schema(list(zip(COLUMNS, types, strict=True)))
        rows = 0
        with self._parquet.ParquetWriter(sink, schema) as writer:
            for run_id, name, points in series:
                if points:
                    steps, values = zip(*points, strict=True)
                    same = [
                        arrow.array([text] * len(points)).dictionary_encode().cast(names) for text in (run_id, name)
                    ]
                    columns = [*same, arrow.array(steps, arrow.int64()), arrow.array(values, arrow.float64())]
                    writer.write_table(arrow.table(columns, schema=schema))
                    rows += len(points)
        return rows
