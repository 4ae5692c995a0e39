"""The RunSpec's ``sweep`` section: which parameters vary, what is sought, and how many trials it may cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite, prod
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt, Tag

from orchestrator.model import Frozen
from orchestrator.runspec import fields
from orchestrator.runspec.fields import Name, Scalar, Seconds, chosen_by
from orchestrator.runspec.position import Path, quote
from orchestrator.runspec.wording import nearest, some

Method = Literal["grid", "random", "tpe", "cmaes"]
Pruner = Literal["none", "median", "halving", "hyperband"]
Direction = Literal["minimize", "maximize"]

MAX_TRIALS = 100_000
MAX_PARALLEL = 256


def _number(value: Any) -> Any:
    if type(value) not in (int, float) or not isfinite(value):
        raise ValueError("must be a finite number")
    if type(value) is int and abs(value) > fields.MAX_EXACT_INT:
        raise ValueError(f"an integer beyond ±{fields.MAX_EXACT_INT} does not survive JSON")
    return value


Number = Annotated[StrictInt | StrictFloat, BeforeValidator(_number)]


class Range(Frozen):
    """Numbers between two bounds, both included: whole ones where both bounds are whole."""

    low: Number = Field(description="the least value")
    high: Number = Field(description="the greatest value")
    log: StrictBool = Field(False, description="whether each order of magnitude counts the same")
    step: Number | None = Field(None, description="only `low`, `low` + `step`, …")

    @property
    def whole(self) -> bool:
        """Whether its values are integers."""
        return isinstance(self.low, int) and isinstance(self.high, int)


def _dimension_shape(value: Any) -> str | None:
    return fields.MAPPING if isinstance(value, Range) else fields.shape(value)


Dimension = Annotated[
    Annotated[tuple[Scalar, ...], Tag(fields.LIST)] | Annotated[Range, Tag(fields.MAPPING)],
    chosen_by(_dimension_shape, "a list of values or a mapping (`low`, `high`)"),
]


class Objective(Frozen):
    """What makes one trial better than another."""

    metric: str = Field(min_length=1, max_length=250, description="the metric whose last value counts")
    direction: Direction = Field(description="`minimize` or `maximize`")


class SweepSpec(Frozen):
    """Many runs of this spec, each with other parameters. No plan knows of it."""

    method: Method = Field("random", description="who suggests: `grid`, `random`; of Optuna `tpe`, `cmaes`")
    objective: Objective = Field(description="what is sought")
    params: dict[Name, Dimension] = Field(
        description="which of the spec's params vary: name → list of values, or `low` and `high`"
    )
    trials: Annotated[StrictInt, Field(ge=1, le=MAX_TRIALS)] | None = Field(
        None, description="how many trials at most; may be left out for `grid`: all of them"
    )
    timeout: Seconds | None = Field(None, description="seconds, or 15m, 2h: then no further trial begins")
    parallel: Annotated[StrictInt, Field(ge=1, le=MAX_PARALLEL)] = Field(
        1, description="how many trials at a time; the suggestions depend on it"
    )
    seed: Annotated[StrictInt, Field(ge=0, le=2**32 - 1)] | None = Field(
        None, description="what the suggestions start from; default: the spec's seed"
    )
    pruner: Pruner = Field(
        "none", description="stops trials that promise little, by Optuna: `median`, `halving`, `hyperband`"
    )


def check(section: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What a section says against itself and the spec's params. Works on the plain value, as all checks do."""
    asked = section.get("params")
    dimensions = asked if isinstance(asked, dict) else {}
    if asked == {}:
        yield ("params",), "`sweep.params` is empty: name some of the spec's params"
    for name, dimension in dimensions.items():
        where: Path = ("params", name)
        if name not in params:
            yield where, _unknown(str(name), params)
        if isinstance(dimension, list):
            yield from ((where, message) for message in _of_list(dimension))
        elif isinstance(dimension, dict):
            yield from (((*where, *inside), message) for inside, message in _of_range(dimension))
            if section.get("method") == "grid" and _is_endless(dimension):
                yield where, "a grid is finite: give a `step`, or a list of values"
    if section.get("method") == "grid" and section.get("trials") is None and _combinations(dimensions) > MAX_TRIALS:
        yield ("params",), f"a grid of more than {MAX_TRIALS:,} trials: say with `trials` how many"
    if section.get("method") != "grid" and section.get("trials") is None:
        yield (), "`sweep.trials` is missing: only a grid ends by itself"


def _combinations(dimensions: Mapping[str, Any]) -> float:
    return prod(_count(dimension) for dimension in dimensions.values())


def _count(dimension: Any) -> float:
    """About how many values there are; 1 of what another check finds wrong."""
    if isinstance(dimension, list):
        return max(1.0, len(dimension))
    given = dimension if isinstance(dimension, dict) else {}
    low: Any = given.get("low")
    high: Any = given.get("high")
    step: Any = 1 if given.get("step") is None else given["step"]
    if not (_is_number(low) and _is_number(high) and _is_number(step)) or step <= 0 or high < low:
        return 1.0
    return float((high - low) / step + 1)


def _unknown(name: str, params: Mapping[str, Any]) -> str:
    meant = nearest(name, params)
    advice = f"did you mean {quote(meant)}?" if meant else f"params has {some(params) or 'nothing'}"
    return f"{quote(name)} is none of the spec's params; {advice}"


def _of_list(values: list[Any]) -> Iterator[str]:
    if not values:
        yield "an empty list: there is nothing to try"
    scalars = [value for value in values if isinstance(value, bool | int | float | str)]
    if len(set(scalars)) < len(scalars):
        yield "a value stands here twice (1, 1.0 and true count as one)"


def _of_range(given: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    low: Any
    high: Any
    step: Any
    low, high, step = (given.get(name) for name in ("low", "high", "step"))
    if not (_is_number(low) and _is_number(high)):
        return
    if low > high:
        yield ("low",), "`low` is above `high`"
    if not isfinite(high - low):
        yield ("high",), "`low` and `high` are too far apart"
    if given.get("log") is True and low <= 0:
        yield ("low",), "`log: true` takes only numbers above 0"
    if not _is_number(step):
        return
    if step <= 0:
        yield ("step",), "`step` must be above 0"
    elif not (high - low) / step <= fields.MAX_EXACT_INT:
        yield ("step",), "`step` is too small: there is no end of values"
    if given.get("log") is True:
        yield ("step",), "`log: true` has no steps"
    if isinstance(step, float) and type(low) is int and type(high) is int:
        yield ("step",), "`step` must be whole, as `low` and `high` are"


def _is_endless(given: Mapping[str, Any]) -> bool:
    whole = type(given.get("low")) is int and type(given.get("high")) is int
    return not whole and given.get("step") is None


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and isfinite(value)
