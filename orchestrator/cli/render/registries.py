"""What went to a registry, or came from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.cli.render.basics import size, table

if TYPE_CHECKING:
    from orchestrator.operations.registries import Transferred
    from orchestrator.operations.sharing import Shared
    from orchestrator.registry.transfer import Moved


def data(done: Transferred) -> dict[str, Any]:
    """As JSON."""
    return {
        "reference": str(done.reference),
        "manifest": done.image.manifest,
        "config": done.image.config,
        **_moved(done.moved),
    }


def pushed(done: Transferred) -> str:
    """An image that was pushed."""
    return table([*_image(done), ("sent", _amount(done.moved))])


def pulled(done: Transferred) -> str:
    """An image that was pulled."""
    return table([*_image(done), ("fetched", _amount(done.moved))])


def shared(done: Shared) -> str:
    """A bundle that was pushed."""
    return table([("reference", done.reference), ("runs", ", ".join(done.runs)), ("sent", _amount(done.moved))])


def shared_data(done: Shared) -> dict[str, Any]:
    """As JSON."""
    return {"reference": str(done.reference), "bundle": done.moved.manifest, "runs": done.runs, **_moved(done.moved)}


def _moved(moved: Moved) -> dict[str, Any]:
    return {"blobs": moved.blobs, "sent": moved.sent, "bytes": moved.bytes}


def _image(done: Transferred) -> list[tuple[str, object]]:
    return [("reference", done.reference), ("image id", done.image.config)]


def _amount(moved: Moved) -> str:
    there = moved.blobs - moved.sent
    return f"{moved.sent} of {moved.blobs} blobs, {size(moved.bytes)}" + (f"; {there} were there" if there else "")
