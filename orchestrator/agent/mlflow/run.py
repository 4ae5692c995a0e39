"""One run: what was logged into it, and each of that as a line of the record."""

from __future__ import annotations

from .. import wire
from ..http import Refused
from .context import number, pairs, required
from .series import Series, parsed

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

    from .context import Answer, Body

    Point = tuple[str, int, int, float]
    """Key, milliseconds, step, value."""


class Run:
    """One run."""

    def __init__(self, number: int, info: dict[str, Any]) -> None:
        self.number = number
        self.info = info
        self.params: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.metrics: dict[str, Series] = {}
        self.datasets: list[dict[str, Any]] = []
        self.models: list[dict[str, Any]] = []

    def data(self) -> Answer:
        """As the API tells it."""
        return {
            "info": self.info,
            "data": {
                "metrics": [series.latest() for series in self.metrics.values()],
                "params": pairs(self.params),
                "tags": pairs(self.tags),
            },
            "inputs": {"dataset_inputs": self.datasets},
            "outputs": {"model_outputs": self.models},
        }

    def value(self, kind: str, key: str) -> object:
        """What a filter or an order asks for."""
        if kind == "metrics":
            return self.metrics[key].last if key in self.metrics else None
        if kind == "datasets":
            return [one["dataset"].get(key) for one in self.datasets] if key != "context" else self._contexts()
        return {"params": self.params, "tags": self.tags, "attributes": self.info}[kind].get(key)

    def add(self, point: Point) -> None:
        """One more point."""
        key, time, step, value = point
        if key not in self.metrics:
            self.metrics[key] = Series(key)
        self.metrics[key].add(time, step, value)

    def has(self, point: Point) -> bool:
        """Whether exactly this point is there."""
        key, time, step, value = point
        return key in self.metrics and self.metrics[key].has(time, step, value)

    def _contexts(self) -> list[str]:
        return [tag["value"] for one in self.datasets for tag in one["tags"] if tag["key"] == "mlflow.data.context"]


def point_of(metric: Body, now: int) -> Point:
    """A metric as clients send it. ``now``: the time of one that has none.

    Raises:
        Refused: it cannot be right.
    """
    key, value = required(metric, "key"), parsed(metric.get("value"))
    time, step = number(metric, "timestamp") or now, number(metric, "step")
    if abs(step) > wire.MAX_STEP or not 0 <= time < wire.MAX_STEP // 1_000_000:
        raise Refused(400, "a step or a time beyond 64 bits")
    return key, time, step, value


def metric_line(point: Point, run: int) -> bytes:
    """A point as a line of the record."""
    key, time, step, value = point
    return wire.metric_line(time * 1_000_000, _name(key), step, value, run)


def told(point: Point, run: Run) -> dict[str, Any]:
    """A point as a model's metric."""
    key, time, step, value = point
    return {"key": key, "value": value, "timestamp": time, "step": step, "run_id": run.info["run_id"]}


def _name(key: str) -> str:
    try:
        return wire.quote_name(key)
    except ValueError as error:
        raise Refused(400, str(error)) from None


def text_line(make: Any, time: int, key: str, value: str | None, run: int) -> bytes:
    """A parameter or tag as a line of the record, by a function of :mod:`~orchestrator.agent.wire`.

    Raises:
        Refused: the record does not take it.
    """
    try:
        line: bytes = make(time, _name(key), value, run)
    except ValueError as error:
        raise Refused(400, str(error)) from None
    return line
