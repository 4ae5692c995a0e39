"""The index, filled from the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator import runid
from orchestrator.errors import NotFound, OrchestratorError, UsageError
from orchestrator.index.port import Row, State
from orchestrator.maintenance import annotation
from orchestrator.operations.rows import Rows
from orchestrator.run import Run, certificate_key
from orchestrator.workspace import Workspace

_LeaveOut = Callable[[str, OrchestratorError], None]
_LOOKED_AT = 8
_PROGRESS = 10_000
_RUNS = "runs/"


@dataclass(frozen=True)
class Rebuilt:
    """An index that was filled anew."""

    where: str
    runs: int
    left_out: Mapping[str, str]
    """Run -> what is wrong: its record, its outcome or its metrics are damaged or gone."""


@dataclass(frozen=True)
class Status:
    """The index beside the store."""

    index: State
    recorded: int
    """Runs in the store, those within runs included."""


def tell_index(workspace: Workspace, runs: Sequence[Run]) -> None:
    """Make recorded runs known to the index, with what stands beside them in the store.

    Who tells it last has seen what all have said: somebody may say more while the rows are made.
    """
    rows = Rows(workspace.blobs, workspace.records)
    tops = sorted({runid.top(run.id) for run in runs})

    def annotations() -> dict[str, list[str]]:
        return {run: keys for top in tops for run, keys in annotation.annotated(workspace.records, top).items()}

    told, said = None, annotations()
    while told != said:
        told = said
        workspace.index.add(*(rows.of(run, annotated=run.id in told) for run in runs))
        said = annotations()


def rebuild_index(workspace: Workspace, *, force: bool = False) -> Rebuilt:
    """Fill the index from the store. What is damaged is told and left out.

    Others may record runs and remove some meanwhile: what they do is in the index as well.

    Raises:
        UsageError: the index seems to be another store's, and ``force`` does not say that it is to be this one's.
    """
    left_out: dict[str, str] = {}

    def leave_out(run_id: str, error: OrchestratorError) -> None:
        left_out[run_id] = error.message
        workspace.report(f"run {run_id} is left out of the index: {error.message}")

    reader = _Reader(workspace)
    if not force:
        _refuse_anothers(workspace)
    said = reader.said()
    rows = dict(reader.rows(reader.ids(), said, leave_out))

    def until_now() -> Iterator[Row]:
        """Read while nobody else can write to the index: what was recorded since, and not what was removed since."""
        now = reader.ids()
        known = set(now)
        later = reader.said()
        yield from (row for run_id, row in rows.items() if run_id in known and said.of(run_id) == later.of(run_id))
        new = [run_id for run_id in now if run_id not in rows and run_id not in left_out]
        changed = [run_id for run_id in rows if run_id in known and said.of(run_id) != later.of(run_id)]
        yield from (row for _, row in reader.rows([*new, *changed], later, leave_out))

    workspace.index.fill(until_now())
    state = workspace.index.state()
    return Rebuilt(state.where, state.runs, left_out)


def _refuse_anothers(workspace: Workspace) -> None:
    """A team's index under a store whose name is misspelt would be emptied for everybody."""
    shared = workspace.settings.index is not None
    newest = workspace.index.ids("", _LOOKED_AT) if shared and workspace.index.is_complete() else []
    if newest and all(workspace.records.read(f"{_RUNS}{run_id}") is None for run_id in newest):
        raise UsageError(
            f"the index has runs of which this store has none, such as {newest[0]}: is it another store's?",
            hint="`orchestrator config --show-origin` tells; `index rebuild --force` makes it this store's",
        )


def index_status(workspace: Workspace) -> Status:
    """How the index stands. Nothing is filled."""
    return Status(workspace.index.state(), sum(1 for _ in workspace.records.list(_RUNS)))


def recorded(workspace: Workspace, run_id: str) -> Run:
    """A run as its record has it.

    Raises:
        NotFound: there is none.
        Corruption: it is damaged, or another run's.
    """
    record = workspace.records.read(f"{_RUNS}{run_id}")
    if record is None:
        raise NotFound(f"no run {run_id!r}")
    return Run.recorded(run_id, record)


@dataclass(frozen=True)
class _Said:
    """What stands beside the runs at a time."""

    certificates: frozenset[str]
    annotations: Mapping[str, list[str]]

    def of(self, run_id: str) -> tuple[bool, list[str]]:
        return certificate_key(run_id) in self.certificates, self.annotations.get(run_id, [])


class _Reader:
    """Reads runs, and says how far it is."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._rows = Rows(workspace.blobs, workspace.records, lambda problem: workspace.report(f"{problem}: left out"))

    def said(self) -> _Said:
        records = self._workspace.records
        return _Said(frozenset(records.list("certificates/")), annotation.annotated(records))

    def ids(self) -> list[str]:
        return [key.removeprefix(_RUNS) for key in self._workspace.records.list(_RUNS)]

    def rows(self, ids: list[str], said: _Said, leave_out: _LeaveOut) -> Iterator[tuple[str, Row]]:
        for number, run_id in enumerate(ids, 1):
            try:
                run = recorded(self._workspace, run_id)
                certified, annotated = said.of(run_id)
                yield run_id, self._rows.of(run, certified=certified, annotated=bool(annotated))
            except OrchestratorError as error:
                leave_out(run_id, error)
            if number % _PROGRESS == 0:
                self._workspace.report(f"{number} of {len(ids)} runs are read")
