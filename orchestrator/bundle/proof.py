"""Whether all is there that runs need: the walk that nothing is recorded without."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from orchestrator.bundle.model import BadBundle, LeftOut
from orchestrator.digest import Digest
from orchestrator.errors import OrchestratorError
from orchestrator.references.follow import Walk
from orchestrator.references.reference import Reference
from orchestrator.run import Run
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import read_through

_NAMED = 10


@dataclass
class Proof:
    """What a walk over all runs found."""

    missing_data: dict[Digest, str] = field(default_factory=dict)
    """Inputs, by digest, that neither the bundle brought nor the store had: name and run."""
    rebuilt: set[Digest] = field(default_factory=set)
    """Parts of images that are made again from their locks."""


def prove(runs: Iterable[Run], blobs: BlobStore, brought: set[Digest], left_out: Iterable[LeftOut]) -> Proof:
    """Follow every reference of these runs.

    Args:
        runs: those to be recorded.
        blobs: the store that is to hold them.
        brought: what was hashed on its way into that store just now; what else is needed is read once.
        left_out: what the bundle says it does not bring.

    Raises:
        BadBundle: something is missing that cannot be made again, and was not announced.
        Corruption: something that was in the store before is damaged.
    """
    proof, missing, broken = Proof(), list[Reference](), dict[Digest, OrchestratorError]()
    without_data = any(one.why == "not asked for" for one in left_out)
    verified = set(brought)

    def note(reference: Reference, error: OrchestratorError) -> None:
        broken[reference.digest] = error

    walk = Walk(blobs, broken=note)
    try:
        for run in runs:
            for one in walk.run(run):
                if one.digest in verified:
                    continue
                if blobs.has(one.digest):
                    if not one.rebuildable:
                        read_through(blobs, one.digest)
                        verified.add(one.digest)
                elif one.part == "data" and without_data:
                    proof.missing_data[one.digest] = one.by
                elif one.rebuildable:
                    proof.rebuilt.add(one.digest)
                else:
                    missing.append(one)
    except RecursionError as error:
        raise BadBundle("its outcomes are nested too deeply") from error
    tolerated = proof.missing_data.keys() | proof.rebuilt | {one.digest for one in missing}
    for digest, problem in broken.items():
        if digest in brought:
            raise BadBundle(f"it brings something else under a name: {problem.message[:300]}") from problem
        if digest not in tolerated:
            raise problem
    if missing:
        named = "\n".join(f"{one.by[:200]}: {one.digest}" for one in missing[:_NAMED])
        raise BadBundle(f"it lacks {len(missing)} blobs that its runs need:\n{named}")
    return proof
