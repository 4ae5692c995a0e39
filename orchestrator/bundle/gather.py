"""Runs -> what goes into their bundle: records, blobs by how they travel, and what is left out."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from orchestrator import runid
from orchestrator.bundle.model import LeftOut
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound, OrchestratorError
from orchestrator.plan import Plan
from orchestrator.references.follow import Walk
from orchestrator.references.reference import Reference
from orchestrator.run import Run
from orchestrator.store.port import BlobStore, RecordStore
from orchestrator.store.streams import read_document

_REPAIR = "`orchestrator fsck --repair` heals from a second store; without data or layers leave those options out"


@dataclass(frozen=True)
class Contents:
    """All that a bundle brings."""

    runs: tuple[str, ...]
    records: dict[str, str]
    images: tuple[Digest, ...]
    image_blobs: frozenset[Digest]
    """What images are made from and made of: bundles of one image have these in packs of their own, which are equal."""
    configs: frozenset[Digest]
    layers: frozenset[Digest]
    blobs: frozenset[Digest]
    """Everything, the above included."""
    left_out: tuple[LeftOut, ...]


@dataclass
class _Found:
    taken: dict[Digest, set[str]] = field(default_factory=dict)
    """Digest -> the parts it belongs to."""
    kinds: dict[Digest, set[str]] = field(default_factory=dict)
    missing: list[Reference] = field(default_factory=list)


def gather(
    runs: Sequence[Run],
    blobs: BlobStore,
    records: RecordStore,
    *,
    with_data: bool = False,
    with_layers: bool = True,
) -> Contents:
    """What goes into the bundle of these runs, none of them within another; nothing but documents is read.

    Args:
        runs: their children come along.
        blobs: the store.
        records: the store's records.
        with_data: the inputs too; otherwise they are named as left out.
        with_layers: the images as built; otherwise only what they are made from.

    Raises:
        NotFound: the store lacks something that is to go in; all of it is named.
        Corruption: a document is damaged.
    """
    found_records = dict(_records(runs, records))
    everyone = [Run.from_bytes(text.encode()) for key, text in found_records.items() if key.startswith("runs/")]
    plans = {run.plan: read_document(blobs, Plan, run.plan) for run in everyone}
    whole = {plan.image.manifest for plan in plans.values() if with_layers and _is_whole(plan, blobs)}
    found = _follow(everyone, blobs, with_data, whole)
    if found.missing:
        lines = [f"{one.by}: {one.digest}" for one in found.missing[:20]]
        raise NotFound(f"the store lacks {len(found.missing)} blobs:\n" + "\n".join(lines), hint=_REPAIR)
    return Contents(
        runs=tuple(sorted((run.id for run in runs), key=runid.in_order)),
        records=found_records,
        images=tuple(sorted(whole)),
        image_blobs=frozenset(digest for digest, parts in found.taken.items() if parts == {"image"}),
        configs=frozenset(digest for digest, kinds in found.kinds.items() if "config" in kinds),
        layers=frozenset(digest for digest, kinds in found.kinds.items() if "layer" in kinds),
        blobs=frozenset(found.taken),
        left_out=tuple(_left_out(plans.values(), found.taken.keys(), whole)),
    )


def _records(runs: Sequence[Run], records: RecordStore) -> Iterator[tuple[str, str]]:
    for run in sorted(runs, key=lambda run: runid.in_order(run.id)):
        keys = itertools.chain([run.id], (runid.child(run.id, number) for number in itertools.count(1)))
        for run_id in keys:
            record = records.read(f"runs/{run_id}")
            if record is None:
                break
            yield f"runs/{run_id}", _text(record, f"runs/{run_id}")
        for key in (f"certificates/{run.id}", *records.list(f"verdicts/{run.id}/")):
            record = records.read(key)
            if record is not None:
                yield key, _text(record, key)


def _text(record: bytes, key: str) -> str:
    try:
        return record.decode()
    except UnicodeDecodeError as error:
        raise Corruption(f"the record {key} is damaged: {error}") from error


def _is_whole(plan: Plan, blobs: BlobStore) -> bool:
    """Whether the store has the plan's image as it was built, all of it."""
    lost: list[Reference] = []
    walk = Walk(blobs, broken=lambda reference, error: lost.append(reference))
    return all(blobs.has(one.digest) for one in walk.image(plan.image.manifest, "image")) and not lost


def _follow(runs: Iterable[Run], blobs: BlobStore, with_data: bool, whole: set[Digest]) -> _Found:
    found, broken = _Found(), dict[Digest, OrchestratorError]()

    def note(reference: Reference, error: OrchestratorError) -> None:
        broken[reference.digest] = error

    walk = Walk(blobs, broken=note)
    of_images = {one.digest for manifest in whole for one in Walk(blobs).image(manifest, "image")}
    for run in runs:
        for one in walk.run(run):
            if one.part == "data" and not with_data:
                continue
            if one.rebuildable and one.digest not in of_images:
                continue
            if blobs.has(one.digest):
                found.taken.setdefault(one.digest, set()).add(one.part)
                found.kinds.setdefault(one.digest, set()).add(one.kind)
            else:
                found.missing.append(one)
    for digest, error in broken.items():
        if digest in found.taken:
            raise error
    return found


def _left_out(plans: Iterable[Plan], taken: Iterable[Digest], whole: set[Digest]) -> Iterator[LeftOut]:
    there, told = set(taken), set[Digest]()
    for plan in sorted(plans, key=lambda plan: plan.digest):
        for name, pin in sorted(plan.data.items()):
            if pin.digest not in there | told:
                told.add(pin.digest)
                yield LeftOut(digest=pin.digest, what=f"data {name}", why="not asked for")
        if plan.image.manifest not in whole | told:
            told.add(plan.image.manifest)
            yield LeftOut(digest=plan.image.manifest, what="image", why="made again from its lock")
