"""One point of a metric by our own call: against the ``write`` that it ends in, and against what others do for one."""

from __future__ import annotations

from bench.inside import Inside
from bench.measure import Figure, microseconds
from bench.setting import Setting

ROUNDS = 20
REQUIREMENTS = "[mlflow==3.17.2, tensorboardX]"


def measure(setting: Setting, rounds: int) -> Figure:
    measured = Inside(setting, "mlflow-3", REQUIREMENTS).measure("log_metric", rounds)
    return Figure("log-metric", microseconds(3), measured.samples, wrong=measured.wrong)
