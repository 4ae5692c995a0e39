"""Run -> every blob it needs. The one walk that fsck, gc, bundles and copies to other stores share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound, OrchestratorError
from orchestrator.image.stored import parts
from orchestrator.lock.model import DebianBase, Lock
from orchestrator.outcome import Outcome
from orchestrator.plan import Plan
from orchestrator.references.reference import Kind, Reference
from orchestrator.run import Facts, Origin, Run
from orchestrator.store import tree
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import read_document

Broken = Callable[[Reference, OrchestratorError], None]


def _raise(reference: Reference, error: OrchestratorError) -> None:
    raise error


@dataclass
class Walk:
    """Follows references, each once however many runs share it.

    Args:
        blobs: where the documents are read; leaves are named, never read.
        broken: is told of a document that is missing or damaged, whose own references stay unknown; by default its
            error is raised.
    """

    blobs: BlobStore
    broken: Broken = _raise
    seen: set[tuple[Digest, Kind, str]] = field(default_factory=set)
    """By part too: what is data here and code there is named for both."""

    def run(self, run: Run) -> Iterator[Reference]:
        """What a recorded run needs. Those within it have records of their own."""
        by = f"run {run.id}"
        yield from self.plan(run.plan, by)
        for produced in (run.outcome, run.facts.partial):
            if produced is not None:
                yield from self._outcome(produced, f"{by}: outcome")
        yield from self.origin(run.origin, by)
        yield from self._facts(run.facts, by)

    def plan(self, digest: Digest, by: str) -> Iterator[Reference]:
        """A plan, and what it names."""
        yield from self._document(Reference(digest, "plan", by, part="plan"), self._in_plan)

    def origin(self, origin: Origin, by: str) -> Iterator[Reference]:
        """The texts a run was asked for with."""
        for name in ("spec", "requirements", "conda"):
            if (digest := getattr(origin, name)) is not None:
                yield from self._once(Reference(digest, "text", f"{by}: {name}", part="origin"))

    def lock(self, digest: Digest, by: str) -> Iterator[Reference]:
        """A lock, and what an image is built from."""
        yield from self._document(Reference(digest, "lock", f"{by}: lock", part="image"), self._in_lock)

    def image(self, digest: Digest, by: str) -> Iterator[Reference]:
        """A built image by its manifest, and what that names."""
        named = Reference(digest, "manifest", by, rebuildable=True, part="image")
        yield from self._document(named, self._in_manifest)

    def leaf(self, digest: Digest, by: str) -> Iterator[Reference]:
        """A blob that a fact names."""
        yield from self._once(Reference(digest, "facts", by, part="facts"))

    def _facts(self, facts: Facts, by: str) -> Iterator[Reference]:
        for name in type(facts).model_fields:
            value = getattr(facts, name)
            if isinstance(value, Digest) and name != "partial":
                yield from self.leaf(value, f"{by}: {name}")

    def _in_plan(self, reference: Reference) -> Iterator[Reference]:
        plan, by = read_document(self.blobs, Plan, reference.digest), reference.by
        yield from self._tree(plan.code, f"{by}: code", "code")
        yield from self._tree(plan.agent, f"{by}: agent", "agent")
        for name, pin in plan.data.items():
            where = f"{by}: data {name}"
            if pin.kind == "tree":
                yield from self._tree(pin.digest, where, "data")
            else:
                yield from self._once(Reference(pin.digest, "file", where, part="data"))
        yield from self.lock(plan.image.lock, by)
        yield from self.image(plan.image.manifest, f"{by}: image")

    def _outcome(self, digest: Digest, by: str) -> Iterator[Reference]:
        yield from self._document(Reference(digest, "outcome", by, part="outcome"), self._in_outcome)

    def _in_outcome(self, reference: Reference) -> Iterator[Reference]:
        outcome, by = read_document(self.blobs, Outcome, reference.digest), reference.by
        yield from self._once(Reference(outcome.metrics, "metrics", f"{by}: metrics", part="outcome"))
        yield from self._tree(outcome.artifacts, f"{by}: artifacts", "outcome")
        for name, child in outcome.children.items():
            yield from self._outcome(child, f"{by}: {name}")

    def _tree(self, digest: Digest, by: str, part: str) -> Iterator[Reference]:
        yield from self._document(Reference(digest, "tree", by, part=part), self._in_tree)

    def _in_tree(self, reference: Reference) -> Iterator[Reference]:
        for path, entry in tree.load(self.blobs, reference.digest).files.items():
            yield from self._once(replace(reference, digest=entry.digest, kind="file", by=f"{reference.by}: {path}"))

    def _in_lock(self, reference: Reference) -> Iterator[Reference]:
        lock, by = read_document(self.blobs, Lock, reference.digest), reference.by
        debian = lock.base.kind == "debian"
        for wheel in lock.wheels:
            yield from self._once(Reference(wheel.sha256, "wheel", f"{by}: {wheel.file}", part="image"))
        for layer in lock.base.layers:
            named = Reference(layer.diff_id, "layer", f"{by}: {lock.base.name}", rebuildable=debian, part="image")
            yield from self._once(named)
        if lock.base.origin is not None:
            named = Reference(lock.base.origin, "base" if debian else "text", f"{by}: {lock.base.name}", part="image")
            yield from self._document(named, self._in_base) if debian else self._once(named)

    def _in_base(self, reference: Reference) -> Iterator[Reference]:
        base, by = read_document(self.blobs, DebianBase, reference.digest), reference.by
        yield from self._once(Reference(base.recipe, "text", f"{by}: recipe", part="image"))
        for deb in base.debs:
            yield from self._once(Reference(deb.sha256, "deb", f"{by}: {deb.package} {deb.version}", part="image"))

    def _in_manifest(self, reference: Reference) -> Iterator[Reference]:
        with self.blobs.get(reference.digest) as stream:
            data = stream.read()
        config, layers = parts(data)
        yield from self._once(replace(reference, digest=config, kind="config"))
        for layer in layers:
            yield from self._once(replace(reference, digest=layer, kind="layer"))

    def _once(self, reference: Reference) -> Iterator[Reference]:
        key = (reference.digest, reference.kind, reference.part)
        if key not in self.seen:
            self.seen.add(key)
            yield reference

    def _document(
        self, reference: Reference, inside: Callable[[Reference], Iterator[Reference]]
    ) -> Iterator[Reference]:
        for new in self._once(reference):
            yield new
            try:
                yield from inside(new)
            except (NotFound, Corruption) as error:
                self.broken(new, error)
