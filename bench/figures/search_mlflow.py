"""The same runs, the same question: ``orchestrator ls`` and ``mlflow.search_runs``, whole processes, both in SQLite.

MLflow's tables are made by MLflow, and filled as its store would have filled them: through its client that would take
an hour.
"""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import datetime
from pathlib import Path

from servers import mlflow

from bench import runs
from bench.figures.search import RUNS
from bench.measure import Figure, Side, take_turns, times_faster
from bench.setting import Setting
from orchestrator import process
from orchestrator.index.port import Row
from orchestrator.index.sqlite import SqliteIndex
from orchestrator.operations.mlflow_export import QUIET, STATUS

ROUNDS = 10
_LIMIT = 20
_WHERE = "metrics.test_accuracy > 0.9 and tags.team = 'team-3'"
_MAKE = "import sys\nfrom mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore\nSqlAlchemyStore(*sys.argv[1:])"
_SEARCH = f"""
import sys
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
found = mlflow.search_runs(
    ["0"], {_WHERE!r}, order_by=["metrics.test_accuracy DESC"], max_results={_LIMIT}, output_format="list"
)
print([run.info.run_name for run in found])
"""


def measure(setting: Setting, rounds: int) -> Figure:
    home = setting.work / "search-mlflow"
    home.mkdir()
    rows = list(runs.rows(RUNS))
    SqliteIndex(home / "index.sqlite").fill(rows)
    python, place = str(mlflow.interpreter()), f"sqlite:///{home}/mlflow.db"
    quiet = {**os.environ, **QUIET}
    process.run([python, "-c", _MAKE, place, str(home / "files")], env=quiet)
    _fill(home / "mlflow.db", rows)

    def ours(*more: str) -> bytes:
        asked = ("--where", _WHERE, "--sort", "-metrics.test_accuracy", "--limit", str(_LIMIT))
        return setting.orchestrator(*more, "ls", *asked, home=home)

    def theirs() -> bytes:
        return process.run([python, "-c", _SEARCH, place], env=quiet)

    named = [row["name"] for row in json.loads(ours("--json"))["data"]["runs"]]
    same = str(named) == theirs().decode().strip()
    sides = [Side("orchestrator ls", lambda _: ours()), Side("mlflow.search_runs", lambda _: theirs())]
    samples = take_turns(sides, rounds, warm_up=True)
    return Figure("search-mlflow", times_faster(20), samples, wrong=() if same else ("the two find other runs",))


def _fill(database: Path, rows: list[Row]) -> None:
    """Each run with its own id as its run's; a point of each metric."""
    metrics, params, tags, whole = [], [], [], []
    for number, row in enumerate(rows):
        uuid, started = f"{number:032x}", _milliseconds(row.started)
        whole.append((uuid, row.name, STATUS[row.status], started, _milliseconds(row.ended)))
        metrics += [(name, float(value), started, uuid) for name, value in row.metrics.items()]
        params += [(name, str(value), uuid) for name, value in row.params.items()]
        tags += [(name, value, uuid) for name, value in {**row.tags, "mlflow.runName": row.name}.items()]
    with sqlite3.connect(database) as base:
        base.executemany(
            "INSERT INTO runs (run_uuid, name, status, start_time, end_time, lifecycle_stage, experiment_id,"
            " source_type, user_id, artifact_uri) VALUES (?, ?, ?, ?, ?, 'active', 0, 'LOCAL', 'somebody', '/nowhere')",
            whole,
        )
        for table in ("metrics", "latest_metrics"):
            base.executemany(
                f"INSERT INTO {table} (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, 0, 0)",  # noqa: S608
                metrics,
            )
        base.executemany("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", params)
        base.executemany("INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", tags)
    with sqlite3.connect(database) as base:
        base.execute("ANALYZE")


def _milliseconds(time: str | None) -> int:
    return int(datetime.fromisoformat(time or "").timestamp() * 1000)
