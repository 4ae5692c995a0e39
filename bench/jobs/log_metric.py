"""Seconds a point: our own call, ``os.write`` of the same bytes, tensorboardX, MLflow's SQLite store."""

from __future__ import annotations

import math
import os
import sys
from itertools import count
from pathlib import Path

import mlflow
import tensorboardX

import orchestrator
from bench.jobs.turns import Logging, measure
from bench.measure import Side

MANY, SOME, FEW = 10_000, 2_000, 25
"""Points of a turn: about as long for each side."""
VALUES = [math.exp(-step / MANY) for step in range(MANY)]
EVENTS = Path("/run/orchestrator/events.jsonl")


def main() -> None:
    measure([native(), written(), tensorboard(), sqlite()], rounds=int(sys.argv[1]))


def native() -> Logging:
    steps = count()

    def log(number: int) -> None:
        log_metric = orchestrator.log_metric
        for value in VALUES:
            log_metric("loss", value, next(steps))

    return Logging(Side("orchestrator.log_metric", log), MANY, recorded=True)


def written() -> Logging:
    """The lines of the turn before, into another file of the same folder."""
    file = os.open(EVENTS.with_name("peer"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    lines: list[bytes] = []

    def take_lines(number: int) -> None:
        lines[:] = EVENTS.read_bytes().splitlines(keepends=True)[-MANY:]

    def log(number: int) -> None:
        write = os.write
        for line in lines:
            write(file, line)

    return Logging(Side("os.write of the same bytes", log, take_lines), MANY)


def tensorboard() -> Logging:
    writer = tensorboardX.SummaryWriter("/workspace/tensorboard")
    steps = count()

    def log(number: int) -> None:
        for value in VALUES[:SOME]:
            writer.add_scalar("loss", value, next(steps))
        writer.flush()

    return Logging(Side("tensorboardX, add_scalar", log), SOME)


def sqlite() -> Logging:
    mlflow.set_tracking_uri("sqlite:////workspace/mlflow.db")
    mlflow.start_run()
    steps = count()

    def log(number: int) -> None:
        for value in VALUES[:FEW]:
            mlflow.log_metric("loss", value, next(steps))

    return Logging(Side("mlflow.log_metric, SQLite", log), FEW)


main()
