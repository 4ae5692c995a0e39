"""A network so small that every microsecond of a step shows: trained under both levels, and in ``docker run``."""

from __future__ import annotations

from bench import training
from bench.measure import Figure
from bench.setting import Setting

ROUNDS = 5
SIZE = 40000


def measure(setting: Setting, rounds: int) -> Figure:
    return training.measure(setting, rounds, "training-mlp", "mlp", SIZE)
