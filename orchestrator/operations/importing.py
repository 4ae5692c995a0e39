"""Import: the runs of a bundle into this store, or a clear no.

In this order: the documents; whether what they announce can be recorded here; every blob, hashed on its way in;
whether each run has all it needs and says nothing that a submit here would not have said; only then records, and the
index last.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from orchestrator import runid
from orchestrator.bundle import foreign, imported, proof, receive, records
from orchestrator.bundle.foreign import Asked
from orchestrator.bundle.imported import ImportRecord
from orchestrator.bundle.model import BadBundle, LeftOut
from orchestrator.bundle.read import BundleFile
from orchestrator.bundle.receive import Incoming, Open
from orchestrator.digest import Digest
from orchestrator.errors import UsageError
from orchestrator.operations import recover
from orchestrator.operations.rows import Rows
from orchestrator.plan import Plan
from orchestrator.run import Run, moment
from orchestrator.store.local import LocalBlobs
from orchestrator.store.overlay import Overlay
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import read_document
from orchestrator.store.verified import Verified
from orchestrator.workspace import Workspace


class AnotherRun(UsageError):
    """A run of this id is here already, and is not the same."""

    default_hint = "one of the two is not what it was: compare them on the machine that made the run"


@dataclass(frozen=True)
class Imported:
    """What a bundle brought."""

    bundle: Digest
    runs: tuple[Run, ...]
    """Those that were not here, in order, without those within them; with ``dry_run`` those that would come."""
    here: tuple[str, ...]
    """Those that were here already, the same to the byte."""
    within: int
    """How many runs within these came along."""
    size: int
    """Bytes of all blobs."""
    left_out: tuple[LeftOut, ...]
    missing_data: tuple[str, ...]
    """Inputs that are not here either: a replay needs them."""
    asks: Mapping[str, tuple[Asked, ...]]
    """Run -> what its replay needs to be allowed."""


def import_(workspace: Workspace, file: Path | IO[bytes], *, dry_run: bool = False) -> Imported:
    """Take in a bundle file, in one pass.

    Args:
        workspace: where to.
        file: the file, or a stream of it.
        dry_run: check everything, keep nothing.

    Raises:
        BadBundle: it is no bundle, or says what no bundle says. No run is recorded.
        DamagedBundle: it is cut short, or its bytes are not what they were.
        AnotherRun: a run of the same id is here with another content.
    """
    with contextlib.ExitStack() as held:
        if isinstance(file, Path):
            try:
                stream: IO[bytes] = held.enter_context(file.open("rb"))
            except OSError as error:
                raise UsageError(f"{file}: {error.strerror}", hint="name a file that `export` wrote") from error
            name = file.name
        else:
            stream, name = file, "-"
        bundle = BundleFile(stream)
        return take_in(workspace, bundle.manifest, bundle.open, source=name, finish=bundle.finish, dry_run=dry_run)


def take_in(
    workspace: Workspace,
    manifest: bytes,
    open_blob: Open,
    *,
    source: str,
    finish: Callable[[Incoming], None] = lambda incoming: None,
    dry_run: bool = False,
) -> Imported:
    """Take in an artifact, from wherever its blobs come.

    Args:
        workspace: where to.
        manifest: the artifact's manifest.
        open_blob: gives each blob as a stream, in the manifest's order; unverified will do.
        source: what the runs' import records call it.
        finish: the last look at where it came from, before anything is recorded.
        dry_run: check everything, keep nothing.

    Raises as :func:`import_` does.
    """
    recover.recover(workspace)
    incoming = receive.describe(manifest, open_blob)
    found = records.runs(incoming.document)
    _refuse_future(found, workspace.now())
    with workspace.claims.shared(), _store(workspace, dry_run) as blobs:
        news = _news(workspace, incoming, found)
        receive.take(incoming, open_blob, blobs)
        finish(incoming)
        taken = _prove(incoming, found, news, blobs)
        if not dry_run:
            _record(workspace, incoming, found, news, source)
    return taken


def _refuse_future(found: Mapping[str, Run], now: datetime) -> None:
    """A run of tomorrow would be everybody's ``last`` until then."""
    latest = runid.new(now + timedelta(days=1), 0)
    for run_id, run in found.items():
        created = moment(run.facts.created)
        if runid.in_order(run_id) > runid.in_order(latest) or (created and created > now + timedelta(days=1)):
            raise BadBundle(f"run {run_id} was made in the future, or this machine's clock is wrong")


def _news(workspace: Workspace, incoming: Incoming, found: Mapping[str, Run]) -> dict[str, bytes]:
    """The records that are not here yet, and may be added; what is here must be the same."""
    here = {run_id for run_id in found if _is_here(workspace, f"runs/{run_id}", incoming)}
    for run_id in found.keys() - here:
        if (top := runid.top(run_id)) in here:
            raise AnotherRun(f"run {top} is here already, without {run_id}")
        if (workspace.live / top).exists():
            raise AnotherRun(f"run {top} is running here", hint="`orchestrator ls` shows it")
    news = {(key := f"runs/{run_id}"): _text(incoming, key) for run_id in found.keys() - here}
    for key in incoming.document.records:
        about = key.split("/")[1]
        if key.startswith("certificates/") and not _is_here(workspace, key, incoming) and about not in here:
            news[key] = _text(incoming, key)
    for key, of, replay in records.verdicts(incoming.document):
        mine = of in here and imported.of(of, workspace.records) is None
        if not mine and not _is_here(workspace, key, incoming) and (of not in here or replay in found):
            news[key] = _text(incoming, key)
    return news


def _text(incoming: Incoming, key: str) -> bytes:
    return incoming.document.records[key].encode()


def _is_here(workspace: Workspace, key: str, incoming: Incoming) -> bool:
    there = workspace.records.read(key)
    if there is not None and there != _text(incoming, key):
        raise AnotherRun(f"{key.replace('runs/', 'run ')} is here already, with another content; nothing was imported")
    return there is not None


@contextlib.contextmanager
def _store(workspace: Workspace, dry_run: bool) -> Iterator[BlobStore]:
    if not dry_run:
        yield workspace.blobs
        return
    with tempfile.TemporaryDirectory(dir=workspace.scratch, prefix="import-") as folder:
        yield Overlay(Verified(LocalBlobs(Path(folder))), workspace.blobs)


def _prove(incoming: Incoming, found: Mapping[str, Run], news: Mapping[str, bytes], blobs: BlobStore) -> Imported:
    document = incoming.document
    brought = {layer.digest for layer in incoming.manifest.layers if layer.digest not in document.packs}
    brought |= {piece.digest for pieces in document.packs.values() for piece in pieces}
    proved = proof.prove(found.values(), blobs, brought, document.left_out)
    plans = {run.plan: read_document(blobs, Plan, run.plan) for run in found.values()}
    for plan in plans.values():
        foreign.check(plan, blobs)
    new = [run_id for run_id in found if f"runs/{run_id}" in news]
    tops = [run_id for run_id in document.runs if run_id in new]
    for outcome in filter(None, {run.produced for run in found.values()}):
        foreign.check_metrics(outcome, blobs)
    asks = {run_id: tuple(_asks(plans[found[run_id].plan], blobs)) for run_id in tops}
    return Imported(
        bundle=incoming.digest,
        runs=tuple(found[run_id] for run_id in tops),
        here=tuple(run_id for run_id in document.runs if run_id not in new),
        within=len(new) - len(tops),
        size=incoming.size,
        left_out=document.left_out,
        missing_data=tuple(f"{by}: {digest}" for digest, by in proved.missing_data.items()),
        asks={run_id: asked for run_id, asked in asks.items() if asked},
    )


def _asks(plan: Plan, blobs: BlobStore) -> Iterator[Asked]:
    return foreign.asks(plan, blobs, building=foreign.would_build(plan, blobs))


def _record(
    workspace: Workspace, incoming: Incoming, found: Mapping[str, Run], news: Mapping[str, bytes], source: str
) -> None:
    """Whose it is first, the runs within runs before those, the index last: a crash leaves nothing that misleads."""
    rows = Rows(workspace.blobs, workspace.records)
    for run in found.values():
        rows.of(run)  # what cannot be listed is not recorded either
    for run_id in incoming.document.runs:
        if f"runs/{run_id}" in news:
            about = ImportRecord(run=run_id, imported=workspace.timestamp(), bundle=incoming.digest, source=source)
            workspace.records.create(imported.key(run_id), about.to_bytes())
    for key in sorted(news, key=_order):
        if not workspace.records.create(key, news[key]) and workspace.records.read(key) != news[key]:
            raise AnotherRun(f"{key} was recorded meanwhile, with another content")
    workspace.index.add(*map(rows.of, found.values()))


def _order(key: str) -> tuple[bool, bool, str]:
    return key.startswith("runs/"), "." not in key, key
