"""Any order in which trials end gives the same suggestions and the same prunings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.runspec.sweep import SweepSpec
from orchestrator.sweep.course import MOST, Course, retold
from orchestrator.sweep.model import Told
from orchestrator.sweep.strategy import Lenient, Random
from orchestrator.sweep.window import Asked, Window
from orchestrator.sweep.with_optuna import Suggesting, judge_of

PARAMS = {"lr": {"low": 1e-4, "high": 0.1, "log": True}, "width": [16, 32, 64], "layers": {"low": 1, "high": 4}}


def section(**said: Any) -> SweepSpec:
    whole = {"objective": {"metric": "loss", "direction": "minimize"}, "params": PARAMS, "trials": 12, **said}
    return SweepSpec.model_validate(whole)


def job(asked: Asked) -> list[tuple[int, float]]:
    lr, layers = float(asked.params["lr"]), float(asked.params["layers"])
    return [(step, (lr - 0.01) ** 2 * 100 + 1 / (step + 1) + layers / 100) for step in range(12)]


def came_of(asked: Asked) -> Told:
    if asked.number == 4:
        return Course(asked.judge()).failed()
    course = Course(asked.judge())
    points = job(asked)
    return course.stopped() if course.take(points) else course.complete(points[-1][1])


def sweep(asked_for: SweepSpec, parallel: int, choose: Any, trials: int = 12) -> list[tuple[Any, ...]]:
    """All suggestions, and what came of them; ``choose`` says which of the running trials ends next."""
    window = Window(Suggesting(asked_for, 7), lambda number, told: judge_of(asked_for, number, told), parallel)
    running: list[Asked] = []
    done = []
    while window.asked < trials or running:
        if window.asked < trials and window.is_open():
            running.append(window.ask())
            assert len(running) <= parallel
            continue
        asked = running.pop(choose(len(running)))
        told = came_of(asked)
        done.append((asked.number, asked.params, told.state, len(told.points)))
        window.ended(asked.number, told)
    return sorted(done, key=lambda one: one[0])


@pytest.mark.parametrize("pruner", ["median", "halving", "hyperband"])
@pytest.mark.parametrize("method", ["tpe", "cmaes"])
@settings(max_examples=5)
@given(data=st.data(), parallel=st.integers(1, 4))
def test_the_order_of_ending_is_no_matter(method, pruner, data, parallel):
    asked_for = section(method=method, pruner=pruner)
    first = sweep(asked_for, parallel, lambda count: 0)
    assert first == sweep(asked_for, parallel, lambda count: data.draw(st.integers(0, count - 1)))
    assert len({str(params) for _, params, _, _ in first}) > 6


def test_something_is_pruned_by_that():
    assert "pruned" in {state for _, _, state, _ in sweep(section(method="tpe", pruner="halving"), 2, lambda count: 0)}


@given(parallel=st.integers(1, 6), order=st.randoms())
def test_a_trial_is_asked_for_when_exactly_those_before_its_window_were_told(parallel, order):
    seen: list[tuple[int, int]] = []

    def judging(number: int, told: Any) -> Lenient:
        seen.append((number, len(told)))
        return Lenient()

    window = Window(Random(section(), 0), judging, parallel)
    running: list[int] = []
    while window.asked < 20:
        if window.is_open():
            asked = window.ask()
            asked.judge()
            running.append(asked.number)
        else:
            window.ended(running.pop(order.randrange(len(running))), Told("failed"))
    assert seen == [(number, max(0, number - parallel + 1)) for number in range(20)]


class Counting(Lenient):
    def __init__(self, at: int = MOST + 1) -> None:
        self.seen: list[tuple[int, float]] = []
        self.at = at

    def prunes(self, point: tuple[int, float]) -> bool:
        self.seen.append(point)
        return len(self.seen) == self.at


def test_only_points_whose_step_is_beyond_all_before_count():
    judge = Counting()
    Course(judge).take([(-1, 9.0), (0, 1.0), (0, 2.0), (3, 3.0), (2, 4.0), (4, 5.0)])
    assert judge.seen == [(0, 1.0), (3, 3.0), (4, 5.0)]


def test_a_pruned_trial_is_told_with_what_it_had_by_then():
    course = Course(Counting(at=2))
    assert course.take([(0, 1.0), (1, 2.0), (2, 3.0)])
    assert course.take([(3, 4.0)])
    assert course.stopped() == Told("pruned", 2.0, ((0, 1.0), (1, 2.0)))


def test_too_many_points_stop_nobody():
    course = Course(Counting(at=MOST + 1))
    assert not course.take((step, 0.0) for step in range(MOST + 10))
    assert len(course.points) == MOST


def test_what_was_recorded_is_told_again_or_not_at_all():
    told = Told("pruned", 2.0, ((0, 1.0), (1, 2.0)))
    assert retold(told, Counting(at=2)) == told
    assert retold(told, Counting(at=1)) is None
    assert retold(told, Counting()) is None
    assert retold(Told("complete", 2.0, told.points), Counting()) == Told("complete", 2.0, told.points)
