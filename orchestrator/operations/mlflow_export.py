"""Recorded runs, written into a real MLflow server through MLflow's own client (the extra ``mlflow``).

The server's run says which run of ours it is, and last of all that it is whole: a run that is there is not written
twice, and one that was cut off is written anew.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from orchestrator.digest import Digest
from orchestrator.errors import EnvironmentProblem, UsageError
from orchestrator.metrics import Series
from orchestrator.operations import runs
from orchestrator.operations.mlflow_names import accepted
from orchestrator.operations.runs import Shown
from orchestrator.run import moment
from orchestrator.settings import urls
from orchestrator.store import checkout
from orchestrator.store.tree import Entry, FileEntry, LinkEntry, Tree
from orchestrator.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")
OF, WHOLE = "orchestrator.run", "orchestrator.whole"
"""Tags of the server's run: which run of ours it is; that all of it is there."""
_PARENT = "mlflow.parentRunId"
_POINTS, _PAIRS = 1000, 100
"""The most that a server takes at once."""
_LONGEST_PARAM, _LONGEST_TAG = 6000, 8000
"""Characters. MLflow's client would cut what is longer, and not say so."""
STATUS = {"finished": "FINISHED", "failed": "FAILED", "killed": "KILLED", "lost": "FAILED"}
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # MLflow would tell its makers
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # its own 7 take minutes where nothing answers
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # stdout is for results
}


@dataclass(frozen=True)
class Sent:
    """A run that is in a server now."""

    run: str
    there: str
    """Its id at the server."""
    experiment: str
    new: bool
    """False: it was there already, whole."""
    renamed: Mapping[str, str]
    """Names that MLflow does not take -> those that stand for them."""
    cut: tuple[str, ...]
    """Parameters and tags of which the server has only the beginning: the names of those longer than it takes."""
    links: int
    """Symbolic links among the artifacts: a server has no place for them."""


def export_to_mlflow(
    workspace: Workspace, names: Sequence[str], uri: str, *, experiment: str | None = None
) -> list[Sent]:
    """Write runs, those within them included, into an MLflow server.

    Args:
        workspace: where they are recorded.
        names: ids, prefixes, ``last``.
        uri: of the server; credentials as MLflow's client has them (``MLFLOW_TRACKING_TOKEN`` and the like).
        experiment: its name at the server, where it is made if need be; by default the run's own name.

    Raises:
        NotFound: one of the runs is not there; nothing is written.
        UsageError: this is no server's address.
        EnvironmentProblem: MLflow's client is not installed, or the server does not answer, or refuses.
    """
    if not uri.startswith(("http://", "https://", "databricks")):
        raise UsageError(f"no address of an MLflow server: {urls.shown(uri)!r}", hint="one like http://HOST:5000")
    found = {run.id: run for run in (runs.find(workspace, name) for name in names)}
    shown = [runs.show(workspace, run_id) for run_id in found]
    client = _client(uri)
    sent: list[Sent] = []
    for one in shown:
        workspace.report(f"sending {one.run.id} to {urls.shown(uri)}")
        with _explained(uri):
            name = experiment or one.run.name
            place = _Place(client, _experiment(client, name), name)
            sent.append(_send(workspace, place, one, parent=None))
    return sent


@dataclass(frozen=True)
class _Place:
    client: MlflowClient
    experiment: str
    name: str


def _client(uri: str) -> MlflowClient:
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise EnvironmentProblem(
            "MLflow's client is not installed", hint="pip install 'orchestrator[mlflow]'"
        ) from error
    return MlflowClient(tracking_uri=uri)


@contextlib.contextmanager
def _explained(uri: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if isinstance(error.__context__, OSError):
            raise EnvironmentProblem(
                f"{urls.shown(uri)} does not answer",
                hint="see whether an MLflow server runs there; the same command sends what is not there yet",
            ) from error
        said = urls.shown_in(str(error)).strip().splitlines()
        raise EnvironmentProblem(
            f"{urls.shown(uri)}: {said[0] if said else 'refused'}",
            hint="what was written of this run is removed there; the same command begins it anew",
        ) from error


def _experiment(client: MlflowClient, name: str) -> str:
    """The id of the experiment, which is made where there is none."""
    from mlflow.exceptions import MlflowException

    if there := client.get_experiment_by_name(name):
        return str(there.experiment_id)
    try:
        return str(client.create_experiment(name))
    except MlflowException:
        if there := client.get_experiment_by_name(name):  # another has just made it
            return str(there.experiment_id)
        raise


def _send(workspace: Workspace, place: _Place, one: Shown, parent: str | None) -> Sent:
    renamed = _renamed(one)
    tags = _tags(one, renamed, parent)
    long = {name for name, value in one.params.items() if len(str(value)) > _LONGEST_PARAM}
    long |= {name for name, value in tags.items() if len(value) > _LONGEST_TAG}
    links = sum(isinstance(entry, LinkEntry) for entry in one.artifacts.entries)
    sent = Sent(one.run.id, "", place.name, True, renamed, tuple(sorted(long)), links)
    for there in place.client.search_runs([place.experiment], f"tags.`{OF}` = '{one.run.id}'"):
        in_place = parent is None or there.data.tags.get(_PARENT) == parent
        if there.data.tags.get(WHOLE) == "true" and in_place:
            return replace(sent, there=there.info.run_id, new=False)
        place.client.delete_run(there.info.run_id)  # it was cut off, or the run that it is within was
    started = _milliseconds(one.run.facts.started or one.run.facts.created)
    created = place.client.create_run(place.experiment, start_time=started, tags=_short(tags), run_name=one.run.name)
    run_id = str(created.info.run_id)
    try:
        _log(place.client, run_id, one, renamed, started)
        _upload(workspace, place.client, run_id, one)
        for child in one.children:
            _send(workspace, place, runs.show(workspace, child.id), parent=run_id)
        ended = _milliseconds(one.run.facts.ended or one.run.facts.created)
        place.client.set_terminated(run_id, STATUS[one.run.status], end_time=ended)
        place.client.set_tag(run_id, WHOLE, "true")
    except BaseException:
        with contextlib.suppress(Exception):  # the tag is missing, so the next time it is written anew all the same
            place.client.delete_run(run_id)
        raise
    return replace(sent, there=run_id)


def _log(client: MlflowClient, run_id: str, one: Shown, renamed: Mapping[str, str], started: int) -> None:
    """The table of metrics knows no times: every point is given that of the run's start."""
    from mlflow.entities import Metric, Param

    def there(name: str) -> str:
        return renamed.get(name, name)

    params = (Param(there(name), str(value)[:_LONGEST_PARAM]) for name, value in one.params.items())
    for pairs in _batches(params, _PAIRS):
        client.log_batch(run_id, params=pairs)
    points = (Metric(there(name), value, started, step) for name, step, value in _points(one.metrics))
    for batch in _batches(points, _POINTS):
        client.log_batch(run_id, metrics=batch)


def _upload(workspace: Workspace, client: MlflowClient, run_id: str, one: Shown) -> None:
    """The artifacts where MLflow's scripts look for them, and beside them what was printed and the runspec."""
    with tempfile.TemporaryDirectory(prefix="orchestrator-") as scratch:
        folder = Path(scratch) / "artifacts"
        checkout.to_write(Tree.of(_files(one.artifacts)), folder, workspace.blobs, owner=None)
        facts = one.run.facts
        beside = {"stdout.txt": facts.stdout, "stderr.txt": facts.stderr, "runspec.yaml": one.run.origin.spec}
        for name, digest in beside.items():
            if digest is not None:
                _beside(workspace, digest, folder / "orchestrator" / name)
        client.log_artifacts(run_id, str(folder))


def _files(artifacts: Tree) -> list[Entry]:
    """Regular files alone: what a link points to on this machine is nothing that the job left."""
    files = {entry.path: entry for entry in artifacts.entries if isinstance(entry, FileEntry)}
    tops = {path.partition("/")[0] for path in files}

    def there(path: str) -> str:
        bare = path.removeprefix("mlflow/")
        return path if bare.partition("/")[0] in {*tops, "orchestrator"} else bare

    return [entry.model_copy(update={"path": there(path)}) for path, entry in files.items()]


def _beside(workspace: Workspace, digest: Digest, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    checkout.file_to_write(FileEntry(path=path.name, digest=digest, size=0), path, workspace.blobs)


def _points(table: Mapping[str, Series]) -> Iterator[tuple[str, int, float]]:
    for name, series in table.items():
        for step, value in series:
            yield name, step, value


def _renamed(one: Shown) -> dict[str, str]:
    """The names that MLflow does not take -> those that stand for them: metrics, parameters and tags alike."""
    names = {*one.metrics, *one.params, *one.annotations.on(one.run.facts.tags)}
    return {name: there for name, there in accepted(names).items() if name != there}


def _tags(one: Shown, renamed: Mapping[str, str], parent: str | None) -> dict[str, str]:
    """What was said of the run, and what it came from. A note stands where MLflow's page shows it.

    Whatever the job's own client said of its parent is no run of this server.
    """
    run = one.run
    commit = run.origin.git.get("commit")
    known = {
        OF: run.id,
        "orchestrator.plan": str(run.plan),
        "orchestrator.result": str(run.outcome or ""),
        "orchestrator.image": str(one.plan.image.manifest),
        "orchestrator.code": str(one.plan.code or ""),
        "orchestrator.replay_of": run.origin.of or "",
        "orchestrator.certificate": one.certificate.answer if one.certificate else "",
        "mlflow.source.git.commit": commit if isinstance(commit, str) else "",
        "mlflow.note.content": one.annotations.note,
        _PARENT: parent or "",
    }
    said = {renamed.get(name, name): value for name, value in one.annotations.on(run.facts.tags).items()}
    said.pop(_PARENT, None)
    return {**said, **{name: value for name, value in known.items() if value}}


def _short(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:_LONGEST_TAG] for name, value in tags.items()}


def _milliseconds(text: str) -> int:
    time = moment(text)
    return int(time.timestamp() * 1000) if time else 0


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
