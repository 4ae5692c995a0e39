"""What each control costs: the job with the smallest steps, with all controls of a level and with all but one."""

from __future__ import annotations

import contextlib

from bench import training
from bench.figures.training_mlp import SIZE
from bench.inside import Inside
from bench.measure import Figure, times_as_long
from bench.setting import Setting
from orchestrator.determinism.controls import Controls
from orchestrator.determinism.levels import CONTROLS

ROUNDS = 3
_JOB = "mlp"


def measure(setting: Setting, rounds: int) -> Figure:
    standard = Controls.of("standard")
    with contextlib.ExitStack() as stack:
        inside = Inside(setting, "training", training.REQUIREMENTS)
        sides = {
            training.STANDARD: training.under(inside, _JOB, SIZE, "standard"),
            training.ALONE: training.by_itself(inside, _JOB, SIZE, training.CPUS),
            "no control but threads": training.under(inside, _JOB, SIZE, "off", threads="on"),
        }
        for name in (name for name in CONTROLS if standard.has(name) and name != "threads"):
            sides[f"without {name}"] = training.under(inside, _JOB, SIZE, "standard", **{name: "off"})
        for containers in sides.values():
            stack.enter_context(contextlib.closing(containers))
        walls, cpus = training.take_turns(sides, rounds)
    pairs = dict.fromkeys(sides, training.ALONE)
    return Figure(
        "controls",
        times_as_long(training.LIMIT),
        walls,
        notes=tuple(f"{side}: {value:.3f} x the CPU time" for side, value in training.ratios(cpus, pairs).items()),
    )
