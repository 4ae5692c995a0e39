"""The `sweep` section: what it takes, and what is said of one that cannot be right."""

from __future__ import annotations

import pytest

from orchestrator.errors import SpecError
from orchestrator.runspec.load import parse
from orchestrator.runspec.sweep import Range

HEAD = """version: 1
name: test
run: {command: "python job.py --lr {params.lr}"}
params: {lr: 0.1, width: 16}
"""
GOOD = (
    HEAD
    + """sweep:
  method: tpe
  objective: {metric: loss, direction: minimize}
  params:
    lr: {low: 1e-4, high: 0.1, log: true}
    width: [16, 32]
  trials: 20
  timeout: 2h
"""
)


def findings(text: str, *overrides: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        parse(text.encode(), "f", overrides)
    return caught.value.findings


def test_a_section():
    found = parse(GOOD.encode(), "f").sweep
    assert found is not None
    assert found.params == {"lr": Range(low=1e-4, high=0.1, log=True), "width": (16, 32)}
    assert (found.trials, found.timeout, found.parallel, found.seed, found.pruner) == (20, 7200, 1, None, "none")
    assert type(found).model_validate(found.model_dump()) == found


def test_whole_bounds_make_whole_numbers():
    one, other = Range(low=1, high=4), Range(low=1.0, high=4)
    assert (one.whole, other.whole) == (True, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lrr: [1]", ["f:8:8: `lrr` is none of the spec's params; did you mean `lr`?"]),
        ("lr: []", ["f:8:7: an empty list: there is nothing to try"]),
        ("lr: [1, 2, 1]", ["f:8:7: a value stands here twice (1, 1.0 and true count as one)"]),
        ("lr: [1, 1.0]", ["f:8:7: a value stands here twice (1, 1.0 and true count as one)"]),
        ("lr: [1, '1', 2.5, false]", []),
        ("lr: {low: 2, high: 1}", ["f:8:13: `low` is above `high`"]),
        ("lr: {low: 0, high: 1, log: true}", ["f:8:13: `log: true` takes only numbers above 0"]),
        ("lr: {low: 1, high: 4, step: 0.5}", ["f:8:31: `step` must be whole, as `low` and `high` are"]),
        ("lr: {low: 1, high: 4, step: 0}", ["f:8:31: `step` must be above 0"]),
        ("lr: {low: 1, high: 4, step: 1, log: true}", ["f:8:31: `log: true` has no steps"]),
        ("lr: {low: 1}", ["f:8:7: `sweep.params.lr.high` is missing"]),
        ("lr: {low: a, high: 1}", ["f:8:13: `sweep.params.lr.low`: must be a finite number"]),
        ("lr: {low: 0.0, high: .inf}", ["f:8:24: `sweep.params.lr.high`: must be a finite number"]),
        (
            "lr: x",
            ["f:8:7: `sweep.params.lr` must be a list of values or a mapping (`low`, `high`), not text"],
        ),
        (
            "lr: {low: 1, high: 2, lov: 3}",
            ["f:8:25: unknown field `sweep.params.lr.lov`; did you mean `sweep.params.lr.low`?"],
        ),
    ],
)
def test_what_is_wrong_with_a_dimension(text, said):
    whole = f"{HEAD}sweep:\n  objective: {{metric: m, direction: maximize}}\n  params: {{\n  {text}}}\n  trials: 3\n"
    if said:
        assert findings(whole) == said
    else:
        parse(whole.encode(), "f")


def test_only_a_grid_ends_by_itself():
    assert findings(GOOD.replace("  trials: 20\n", "")) == [
        "f:6:3: `sweep.trials` is missing: only a grid ends by itself"
    ]
    grid = GOOD.replace("  trials: 20\n", "").replace("tpe", "grid")
    assert findings(grid) == ["f:9:9: a grid is finite: give a `step`, or a list of values"]
    parse(grid.replace("log: true", "step: 0.01").encode(), "f")


def test_a_section_needs_an_objective_and_something_that_varies():
    assert findings(HEAD + "sweep: {trials: 1, params: {}}\n") == [
        "f:5:8: `sweep.objective` is missing",
        "f:5:28: `sweep.params` is empty: name some of the spec's params",
    ]


def test_it_can_be_overridden():
    found = parse(GOOD.encode(), "f", ("sweep.trials=3", "sweep.params.lr.low=0.01")).sweep
    assert found is not None
    assert (found.trials, found.params["lr"]) == (3, Range(low=0.01, high=0.1, log=True))
    assert findings(GOOD, "sweep.trials=0") == ["--set sweep.trials: `sweep.trials` must be at least 1"]


@pytest.mark.parametrize(
    ("dimension", "said"),
    [
        ("{low: 0.0, high: 1.0e300, step: 1.0e-300}", "there is no end of values"),
        ("{low: -1.7e308, high: 1.7e308}", "too far apart"),
        ("{low: 1, high: 200000}", "a grid of more than 100,000 trials"),
    ],
)
def test_a_space_that_no_one_can_count_is_refused(dimension, said):
    text = f"""
version: 1
name: wide
run: {{command: python job.py}}
params: {{x: 1}}
sweep: {{method: grid, objective: {{metric: loss, direction: minimize}}, params: {{x: {dimension}}}}}
"""
    with pytest.raises(SpecError, match=said):
        parse(text.encode(), "spec.yaml")
