"""What a run logged besides parameters, metrics and files: tags, models, data sets, runs within it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.cli.render.basics import some, table
from orchestrator.compare.values import printable

if TYPE_CHECKING:
    from orchestrator.operations.runs import Shown
    from orchestrator.run import DatasetFact, ModelFact


def sections(item: Shown) -> list[str]:
    """A section for each kind of which there is any."""
    facts = item.run.facts
    kinds: dict[str, list[tuple[str, object]]] = {
        "tags": _tags(facts.tags, item.annotations.on(facts.tags)),
        "models": [(printable(model.name), _model(model)) for model in facts.models],
        "data sets": [(printable(dataset.name), _dataset(dataset)) for dataset in facts.datasets],
        "runs within": [(child.id, f"{printable(child.name)}, {child.status}") for child in item.children],
    }
    return [f"\n{kind}\n{table(some(rows), '  ')}" for kind, rows in kinds.items() if rows]


def data(item: Shown) -> dict[str, Any]:
    """The runs within, for a program; the others stand in the run's facts."""
    return {
        "children": [{"id": child.id, "name": child.name, "status": child.status} for child in item.children],
    }


def _tags(recorded: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, object]]:
    """Those of now; where somebody changed what the run itself had set, that too."""
    was = {name: f" (the run set {text})" for name, text in recorded.items() if now.get(name) != text}
    return [(printable(name), printable(f"{text}{was.get(name, '')}")) for name, text in sorted(now.items())]


def _model(model: ModelFact) -> str:
    return ", ".join(map(printable, [model.path, *model.registered]))


def _dataset(dataset: DatasetFact) -> str:
    return ", ".join(printable(part) for part in (dataset.digest, dataset.source, dataset.context) if part)
