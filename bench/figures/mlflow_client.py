"""Points through MLflow's client, which knows nothing of us: against the same client and its own SQLite store."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping

from bench.figures.log_metric import REQUIREMENTS
from bench.inside import Inside
from bench.measure import Figure, times_faster
from bench.setting import Setting

ROUNDS = 20
_BEFORE = "[mlflow==2.22.5, sqlalchemy<2.1]"


def measure(setting: Setting, rounds: int) -> Figure:
    newest = Inside(setting, "mlflow-3", REQUIREMENTS).measure("mlflow_client", rounds)
    before = Inside(setting, "mlflow-2", _BEFORE).measure("mlflow_client", rounds)
    return Figure(
        "mlflow-client",
        times_faster(5),
        newest.samples,
        notes=(*_ratios("3.17.2", newest.samples), *_ratios("2.22.5", before.samples)),
        wrong=newest.wrong + before.wrong,
    )


def _ratios(version: str, samples: Mapping[str, list[float]]) -> Iterator[str]:
    """Every call to the agent beside the same one to SQLite."""
    medians = {side: statistics.median(taken) for side, taken in samples.items()}
    for side, ours in medians.items():
        call, where, *how = side.split(", ")
        if where == "agent":
            theirs = medians[f"{call}, SQLite"]
            yield f"{', '.join([version, call, *how])}: {theirs / ours:.1f} x as fast ({1 / ours:.0f} points a second)"
