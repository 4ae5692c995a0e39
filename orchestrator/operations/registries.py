"""Push the images of runs to a registry, and pull them from there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from orchestrator.digest import Digest
from orchestrator.errors import NotReplayable, UsageError
from orchestrator.image.oci import Image
from orchestrator.image.stored import stored
from orchestrator.operations import building, runs
from orchestrator.plan import ImagePin
from orchestrator.registry import reference as references
from orchestrator.registry import transfer
from orchestrator.registry.images import pull_image
from orchestrator.registry.reference import Reference
from orchestrator.registry.repository import Repository, connect
from orchestrator.registry.transfer import Moved
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class Transferred:
    """An image that was pushed or pulled."""

    reference: Reference
    """Where it stands in the registry, with its digest."""
    image: Image
    moved: Moved


def push(workspace: Workspace, words: Sequence[str], *, insecure: bool = False) -> tuple[Transferred, ...]:
    """Push the images of runs, byte for byte as they were built: the registry knows them by the plans' own digests.

    Args:
        workspace: where the runs are recorded.
        words: runs, and at most one reference as the last: by default the settings' repository, and as the tag the
            first digits of the manifest's digest.
        insecure: plain HTTP will do.

    Raises:
        UsageError: there is no place to push to, or the reference names another image.
        NotReplayable: an image can be had no more.
        RegistryProblem: the registry refused, or is broken.
    """
    names, place = split(workspace, words)
    pins = {pin.manifest: pin for pin in (_pin(workspace, name) for name in names)}
    place = agreed(place, pins)
    return tuple(_push_image(workspace, pin, place, insecure) for pin in pins.values())


def pull(workspace: Workspace, what: str, *, insecure: bool = False) -> Transferred:
    """Bring an image from a registry into the store: by a reference, or the image of a run by its digest.

    Raises:
        UsageError: a run is named, and the settings name no registry.
        Absent: the registry does not have it.
        Corruption: it is none of ours, or the registry sent other bytes than a digest says.
        RegistryProblem: the registry refused, or is broken.
    """
    if references.looks_like_one(what):
        place, name = located(what)
    else:
        manifest = _pin(workspace, what).manifest
        place, name = replace(_configured(workspace), digest=manifest), str(manifest)
    with workspace.claims.shared():
        image, moved = pull_image(name, repository(workspace, place, insecure=insecure, write=False), workspace.blobs)
    return Transferred(replace(place, digest=image.manifest), image, moved)


def split(workspace: Workspace, words: Sequence[str]) -> tuple[Sequence[str], Reference]:
    """Runs, and the reference after them, or the settings' repository.

    Raises:
        UsageError: there is neither.
    """
    *before, last = words
    if before and references.looks_like_one(last):
        return before, references.parse(last)
    return words, _configured(workspace)


def agreed(place: Reference, digests: Collection[Digest]) -> Reference:
    """The place, which fits what is to be pushed there.

    Raises:
        UsageError: it names another digest, or has one tag for several.
    """
    if place.digest and set(digests) != {place.digest}:
        raise UsageError(f"{place} names something else than what is to be pushed: {', '.join(digests)}")
    if place.tag and len(digests) > 1:
        raise UsageError(f"{place} has one tag for {len(digests)} images", hint="leave the tag out")
    return place


def located(text: str) -> tuple[Reference, str]:
    """A reference, and the digest or else the tag that it names.

    Raises:
        UsageError: it is none, or names a repository only.
    """
    place = references.parse(text)
    name = place.digest or place.tag
    if name is None:
        raise UsageError(f"{place} names a repository, and nothing in it", hint="add :TAG or @sha256:DIGEST")
    return place, name


def repository(workspace: Workspace, place: Reference, *, insecure: bool, write: bool) -> Repository:
    """The repository of a reference. Raises as :func:`connect` does."""
    lender = _neighbour(workspace, place) if write else None
    return connect(place.host, place.repository, write=write, insecure=insecure, lender=lender)


def _push_image(workspace: Workspace, pin: ImagePin, place: Reference, insecure: bool) -> Transferred:
    tag = place.tag or pin.manifest.short
    with workspace.claims.shared():
        image = _whole(workspace, pin)
        workspace.report(f"pushing {pin.manifest} to {place.host}/{place.repository}:{tag}")
        with workspace.blobs.get(image.manifest) as stream:
            data = stream.read()
        moved = transfer.push(data, workspace.blobs, repository(workspace, place, insecure=insecure, write=True), tag)
    return Transferred(replace(place, tag=tag, digest=image.manifest), image, moved)


def _whole(workspace: Workspace, pin: ImagePin) -> Image:
    """The image with all its bytes in the store: there, or built again."""
    image = stored(pin.manifest, workspace.blobs) or building.rebuild(workspace, pin)
    if image.config != pin.config:
        raise NotReplayable(f"the plan names {pin.config} as the config of {pin.manifest}, which has {image.config}")
    return image


def _configured(workspace: Workspace) -> Reference:
    """The repository of the settings."""
    if workspace.settings.registry is None:
        raise UsageError(
            "there is no registry: neither named here nor in the settings",
            hint="name HOST/REPOSITORY[:TAG] in the run's place (push: behind it), or set ORCHESTRATOR_REGISTRY",
        )
    return references.parse(workspace.settings.registry)


def _neighbour(workspace: Workspace, place: Reference) -> str | None:
    """The settings' repository, where it is another one of the same registry: blobs may be taken from there."""
    if workspace.settings.registry is None:
        return None
    known = references.parse(workspace.settings.registry)
    return known.repository if known.host == place.host and known.repository != place.repository else None


def _pin(workspace: Workspace, run: str) -> ImagePin:
    return runs.plan_of(workspace, runs.find(workspace, run)).image
