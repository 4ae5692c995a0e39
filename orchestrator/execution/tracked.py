"""Which of what was logged through MLflow is the run's own, and which are runs within the run.

A script with one MLflow run at the top *is* that run. Where it has several, each is a run within ours; so are nested
ones, always.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from orchestrator.execution.events import Events, Logged
from orchestrator.execution.names import Names
from orchestrator.execution.notes import NotedModel, NotedRun, NotedVersion, Notes
from orchestrator.metrics import Series
from orchestrator.run import DatasetFact, ModelFact
from orchestrator.runspec.model import Scalar
from orchestrator.store.capture import Entry

PARENT_TAG = "mlflow.parentRunId"
CONTEXT_TAG = "mlflow.data.context"
SYSTEM_PREFIX = "system/"
"""MLflow's own system metrics: facts of one execution, never part of an outcome."""

_KEPT_TAGS = ("mlflow.note.content",)
_DEPTHS = (3, 4)
"""How deep the folders of runs and of models lie in the proxy."""
_MAX_FOLDER = 200
_MAX_PATH = 1000
"""Letters of a name with those above it: deeper ones are told apart by a number."""
"""Bytes: file systems take 255, and a number may follow."""

Ended = Literal["finished", "failed", "killed", "lost"]
_STATUS: dict[str, Ended] = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "killed"}


@dataclass
class Files:
    """The files and models of one run."""

    artifacts: list[Entry] = field(default_factory=list)
    models: list[ModelFact] = field(default_factory=list)


@dataclass(frozen=True)
class Own:
    """What the run itself logged: by itself, and through the MLflow run that it is, if it is one."""

    logged: Logged
    files: Files
    datasets: tuple[DatasetFact, ...] = ()


@dataclass(frozen=True)
class Child:
    """A run within the run. Times are milliseconds since the epoch."""

    name: str
    """Unique; below another child it begins with that one's name and a slash."""
    logged: Logged
    files: Files
    datasets: tuple[DatasetFact, ...]
    status: Ended
    """Lost: nothing told that it ended."""
    started: int
    ended: int | None


def share_out(notes: Notes, events: Events, files: Iterable[Entry]) -> tuple[Own, tuple[Child, ...]]:
    """The run itself, and the runs within it as they were created. ``files``: those of the artifact proxy."""
    numbers = notes.numbers()
    parents = {number: numbers.get(events.of(number).tags.get(PARENT_TAG, ""), 0) for number in notes.runs}
    tops = [number for number, parent in parents.items() if parent == 0]
    main = tops[0] if len(tops) == 1 else 0
    owned = _owned(notes, files, main)
    names = _names(notes, parents, main)
    own = Own(events.own, owned[0])
    if main:
        logged = _joined(_through_mlflow(events.of(main)), events.own)
        own = Own(logged, owned[main], tuple(_datasets(notes.runs[main])))
    children = (
        Child(
            name=names[number],
            logged=_through_mlflow(events.of(number)),
            files=owned[number],
            datasets=tuple(_datasets(run)),
            status=_STATUS.get(run.status, "lost"),
            started=run.start_time,
            ended=run.end_time,
        )
        for number, run in notes.runs.items()
        if number != main
    )
    return own, tuple(children)


def scalar(text: Scalar) -> Scalar:
    """An MLflow parameter, which is always text, as the value that has this text: ``0.1``, ``3``, ``True``."""
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            value = kind(str(text))
        except (ValueError, OverflowError):
            continue
        if str(value) == text and abs(value) < 2**53:
            return value
    return text


def _owned(notes: Notes, files: Iterable[Entry], main: int) -> Mapping[int, Files]:
    """Files and models by run; what belongs to none is the run's own."""
    numbers = notes.numbers()
    owned: dict[int, Files] = defaultdict(Files)
    places = {_folder(run.artifact_uri): (number, "mlflow") for number, run in notes.runs.items()}
    names: dict[int, Names] = defaultdict(Names)
    versions: dict[str, list[NotedVersion]] = defaultdict(list)
    for version in notes.versions:
        versions[version.location].append(version)
    for model in notes.models:
        owner = numbers.get(model.source_run_id, main)
        place = names[owner].give(f"models/{_plain(model.name)}")
        places[_folder(model.artifact_uri)] = owner, place
        owned[owner].models.append(_model_fact(model, place, versions[model.artifact_uri]))
    for entry in files:
        owner, path = _place(entry.path, places) or (main, f"mlflow-artifacts/{entry.path}")
        owned[owner].artifacts.append(entry.model_copy(update={"path": path}))
    for one in owned.values():
        there = {"/".join(entry.path.split("/")[:2]) for entry in one.artifacts}
        one.models = [model for model in one.models if model.path in there]  # one that was begun may have no files
    return owned


def _folder(uri: str) -> str:
    """Where the proxy has it: ``EXPERIMENT/RUN/artifacts``, or ``EXPERIMENT/models/MODEL/artifacts``."""
    return uri.partition(":/")[2]


def _place(path: str, places: Mapping[str, tuple[int, str]]) -> tuple[int, str] | None:
    """Where a run keeps a file: each of the folders is kept in a place of its own, so no two files meet."""
    parts = path.split("/")
    for depth in _DEPTHS:
        owner, place = places.get("/".join(parts[:depth]), (0, ""))
        if place and parts[depth:]:
            return owner, "/".join([place, *parts[depth:]])
    return None


def _model_fact(model: NotedModel, place: str, versions: Iterable[NotedVersion]) -> ModelFact:
    registered = tuple(f"{one.name} version {one.version}" for one in versions)
    return ModelFact(name=model.name, path=place, registered=registered)


def _names(notes: Notes, parents: Mapping[int, int], main: int) -> dict[int, str]:
    names: dict[int, str] = {}
    unique = Names()
    for number, run in notes.runs.items():
        if number != main:
            above = names.get(parents[number])
            names[number] = unique.give((f"{above}/{run.run_name}" if above else run.run_name)[:_MAX_PATH])
    return names


def _through_mlflow(logged: Logged) -> Logged:
    """Without what tells of one execution only; parameters as values."""
    return Logged(
        {name: series for name, series in logged.metrics.items() if not name.startswith(SYSTEM_PREFIX)},
        {name: scalar(value) for name, value in logged.params.items()},
        {name: tag for name, tag in logged.tags.items() if not name.startswith("mlflow.") or name in _KEPT_TAGS},
    )


def _datasets(run: NotedRun) -> Iterator[DatasetFact]:
    for item in run.datasets:
        dataset, tags = item.get("dataset"), item.get("tags")
        if isinstance(dataset, dict) and isinstance(tags, list):
            contexts = [tag.get("value") for tag in tags if isinstance(tag, dict) and tag.get("key") == CONTEXT_TAG]
            told = [dataset.get("name"), dataset.get("digest"), dataset.get("source_type"), *contexts[:1]]
            texts = [value if isinstance(value, str) else "" for value in told]
            yield DatasetFact(**dict(zip(("name", "digest", "source", "context"), texts, strict=False)))


def _joined(first: Logged, second: Logged) -> Logged:
    """Both, where a job logs through MLflow and by itself; of two values of one name the second counts."""
    metrics = dict(first.metrics)
    for name, series in second.metrics.items():
        metrics[name] = Series.of([*metrics[name], *series]) if name in metrics else series
    return Logged(metrics, {**first.params, **second.params}, {**first.tags, **second.tags})


def _plain(name: str) -> str:
    """A model's name as a folder's."""
    plain = name.replace("/", "_").replace("\0", "_").encode()[:_MAX_FOLDER].decode(errors="ignore")
    return plain if plain.strip(".") else f"_{plain}"
