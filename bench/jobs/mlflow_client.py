"""Seconds a point through MLflow's client: to the agent, and to MLflow's own SQLite store."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain, count, islice
from pathlib import Path

import mlflow
from mlflow.entities import Metric

from bench.jobs.turns import Logging, measure
from bench.measure import Side

MANY, FEW = 250, 25
"""Single points of a turn, to the agent and to SQLite."""
DICTS, NAMES = 5, 10
BATCH = 1000
APART = "apart"

points = ((step, math.exp(-step / 10_000)) for step in count())


def main() -> None:
    environment = {**os.environ, "PYTHONPATH": without_our_site(os.environ["PYTHONPATH"])}
    agent = Store("agent", os.environ["MLFLOW_TRACKING_URI"], MANY)
    sqlite = Store("SQLite", "sqlite:////workspace/mlflow.db", FEW)
    with subprocess.Popen(
        [sys.executable, "-m", "bench.jobs.mlflow_client", APART],
        env=environment,  # as it was: the client changes it with the URI
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as client:
        usual = Logging(Side("mlflow.log_metric, agent, no plugin", told(client)), MANY, recorded=True)
        both = chain.from_iterable(zip(agent.sides(), sqlite.sides(), strict=True))
        measure([*both, usual], rounds=int(sys.argv[1]))


class Store:
    """A place to log to, and a run there."""

    def __init__(self, name: str, uri: str, singles: int) -> None:
        self._name, self._uri, self._singles = name, uri, singles
        mlflow.set_tracking_uri(uri)
        with mlflow.start_run() as run:
            self._run = run.info.run_id

    def sides(self) -> Iterator[Logging]:
        recorded = self._uri.startswith("http")
        for what, log, size in (
            ("mlflow.log_metric", lambda _: one_by_one(self._singles), self._singles),
            (f"mlflow.log_metrics of {NAMES}", lambda _: dicts(), DICTS * NAMES),
            (f"log_batch of {BATCH}", lambda _: batch(self._run), BATCH),
        ):
            yield Logging(Side(f"{what}, {self._name}", log, self._use), size, recorded)

    def _use(self, number: int) -> None:
        mlflow.end_run()
        mlflow.set_tracking_uri(self._uri)
        mlflow.start_run(run_id=self._run)


def one_by_one(size: int) -> None:
    for step, value in islice(points, size):
        mlflow.log_metric("loss", value, step)


def dicts() -> None:
    for step, value in islice(points, DICTS):
        mlflow.log_metrics({f"metric-{number}": value + number for number in range(NAMES)}, step)


def batch(run: str) -> None:
    now = int(time.time() * 1000)
    mlflow.MlflowClient().log_batch(run, [Metric("batch", value, now, step) for step, value in islice(points, BATCH)])


def without_our_site(path: str) -> str:
    """A PYTHONPATH without the folder that tells Python of our plugin."""
    return os.pathsep.join(one for one in path.split(os.pathsep) if not (Path(one) / "sitecustomize.py").exists())


def told(client: subprocess.Popen[bytes]) -> Callable[[int], object]:
    """Makes another process log its turn."""
    assert client.stdin
    assert client.stdout
    asked, done = client.stdin, client.stdout

    def log(number: int) -> None:
        asked.write(b"\n")
        asked.flush()
        assert done.readline() == b"\n"

    return log


def serve() -> None:
    mlflow.start_run()
    for _ in sys.stdin:
        one_by_one(MANY)
        print(flush=True)


if sys.argv[1] == APART:
    serve()
else:
    main()
