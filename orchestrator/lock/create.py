"""Requirements and a base become a Lock."""

from __future__ import annotations

from orchestrator.errors import LockError
from orchestrator.lock.fetch import fetch
from orchestrator.lock.model import Asked, BasePin, Lock, WheelPin
from orchestrator.lock.resolve import resolve
from orchestrator.lock.target import Target
from orchestrator.store.port import BlobStore

OWN_LAYER_BYTES = 400_000
"""A wheel from this size on has a layer to itself, so that the change of a small one reloads a small layer."""
MAX_OWN_LAYERS = 100
"""Engines stop at 127 layers; bases bring some of their own."""


def create(asked: Asked, base: BasePin, blobs: BlobStore) -> Lock:
    """Resolve, fetch, and plan the layers. Every wheel is in the store afterwards.

    Raises:
        LockError: the requirements cannot be had for this base, or it brings another Python.
    """
    if not base.python.startswith(asked.python + "."):
        raise LockError(
            f"the spec asks for Python {asked.python}; {base.name} brings {base.python}",
            hint="choose another base",
        )
    target = Target(base.python, base.glibc)
    wheels = resolve(asked.requirements, target)
    fetch(wheels, target, blobs)
    sized = tuple(pin.model_copy(update={"size": _size(pin, blobs)}) for pin in wheels)
    return Lock(
        builder=asked.builder,
        python=asked.python,
        requirements=asked.requirements,
        base=base,
        wheels=sized,
        layers=plan_layers(sized),
    )


def plan_layers(wheels: tuple[WheelPin, ...]) -> tuple[tuple[str, ...], ...]:
    """Big wheels alone, biggest first; all small ones in one last layer, so that an update of one reloads little."""
    by_size = sorted(wheels, key=lambda pin: (-(pin.size or 0), pin.file))
    own = [pin.file for pin in by_size[:MAX_OWN_LAYERS] if (pin.size or 0) >= OWN_LAYER_BYTES]
    rest = tuple(sorted(pin.file for pin in wheels if pin.file not in own))
    return (*((file,) for file in own), *((rest,) if rest else ()))


def _size(pin: WheelPin, blobs: BlobStore) -> int:
    with blobs.get(pin.sha256) as stream:
        return sum(len(chunk) for chunk in iter(lambda: stream.read(1 << 20), b""))
