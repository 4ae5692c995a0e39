"""SQLite: schema, then the rows of each table as a bag.

The order of rows, row ids without a name, and the file's layout say nothing.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, cast

from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable, some
from orchestrator.compare.content.trailing import trailing
from orchestrator.compare.difference import Difference, added, keyed, leaf, removed
from orchestrator.compare.values import LIMIT, shorten

_MAGIC = b"SQLite format 3\0"
_MOST_ROWS = 1_000_000
_STEPS = 1_000
_MOST_STEPS = 2_000_000
"""Times a thousand instructions of SQLite's machine: enough for every row, not for a view that never ends."""
_SHOWN = 5
_KEPT = 100
"""Characters of a long row; for the rest its digest stands."""


def knows(side: Side) -> bool:
    """By its first bytes."""
    return side.head(16) == _MAGIC


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Numbers of the header, schema, rows."""
    with _opened(left) as one, _opened(right) as other:
        for pragma in ("user_version", "application_id", "encoding"):
            yield from some([leaf(f"({pragma})", *(_pragma(side, pragma) for side in (one, other)))])
        schemas = _schema(one), _schema(other)
        yield from some(keyed(*schemas))
        for table in sorted(_tables(one) & _tables(other)):
            yield from _rows(table, one, other, desk)
        ends = [_pragma(base, "page_count") * _pragma(base, "page_size") for base in (one, other)]
    behind = [trailing(side, end, desk) for side, end in zip((left, right), ends, strict=True)]
    if behind[0] != behind[1]:
        yield Difference(name="(behind the last page)", state="changed", detail="bytes behind the last page differ")


@contextmanager
def _opened(side: Side) -> Iterator[sqlite3.Connection]:
    """The database, from a copy of its own: SQLite opens files by name alone. Nothing in it is trusted."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "database"
        side.stream.seek(0)
        with file.open("wb") as copy:
            shutil.copyfileobj(side.stream, copy)
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("PRAGMA cell_size_check=ON")
            connection.execute("PRAGMA cache_size=-16384")
            connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 256 << 20)
            steps = iter(range(_MOST_STEPS))
            connection.set_progress_handler(lambda: next(steps, None) is None, _STEPS)
            yield connection


def _pragma(connection: sqlite3.Connection, name: str) -> Any:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def _schema(connection: sqlite3.Connection) -> dict[str, str]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master")
    return {f"{kind} {name}": str(sql) for kind, name, sql in rows}


def _tables(connection: sqlite3.Connection) -> set[str]:
    """Those that hold rows themselves: no views, no virtual tables."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    return {name for name, sql in rows if not str(sql).upper().startswith("CREATE VIRTUAL")}


def _rows(table: str, left: sqlite3.Connection, right: sqlite3.Connection, desk: Desk) -> Iterator[Difference]:
    one, other = _bag(table, left, desk), _bag(table, right, desk)
    gone, new = one - other, other - one
    counts = gone.total(), new.total()
    if any(counts):
        measures: dict[str, int | float | str] = {"rows_left": one.total(), "rows_right": other.total()}
        measures |= {"only_left": counts[0], "only_right": counts[1]}
        detail = f"{counts[0]:,} rows only on the left, {counts[1]:,} only on the right"
        shown = [removed("row", shorten(row)) for row in islice(gone, _SHOWN)]
        shown += [added("row", shorten(row)) for row in islice(new, _SHOWN)]
        name = f"table {table}"
        yield Difference(name=name, state="changed", detail=detail, measures=measures, children=tuple(shown))


def _bag(table: str, connection: sqlite3.Connection, desk: Desk) -> Counter[str]:
    quoted = table.replace('"', '""')
    bag: Counter[str] = Counter()
    for number, row in enumerate(connection.execute(f'SELECT * FROM "{quoted}"')):  # noqa: S608  (quoted)
        if number >= _MOST_ROWS:
            raise Unreadable(f"more than {_MOST_ROWS:,} rows")
        text = repr(cast(tuple[Any, ...], row))  # 1, 1.0 and '1' give three texts
        desk.budget.spend(len(text))
        bag[
            text
            if len(text) <= LIMIT
            else f"{text[:_KEPT]}… {blake2b(text.encode(errors='surrogatepass')).hexdigest()}"
        ] += 1
    return bag


SQLITE = Comparator("SQLite rows", knows, compare)
