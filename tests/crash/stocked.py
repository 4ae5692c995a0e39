"""A home that holds the base image and nothing else: small enough to be copied, or loaded into another engine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from desk import Desk

from orchestrator import operations
from orchestrator.references.follow import Walk
from orchestrator.store import layout


def stock_base(shelf: Path, home: Path, folder: Path) -> None:
    """Give a new home what the base image is made of; ``folder`` is for work in progress."""
    desk = Desk(shelf, folder)
    built = operations.build(desk.workspace, desk.write(""))
    needed = {one.digest for one in Walk(desk.workspace.blobs).lock(built.lock.digest, "")}
    needed |= {built.image.manifest, built.image.config, *(layer.diff_id for layer in built.image.layers)}
    layout.ensure(home)
    for digest in needed:
        _place(desk.place(digest), home / "blobs" / "sha256" / digest.hex[:2] / digest.hex)
    shutil.copytree(shelf / "records" / "images", home / "records" / "images")


def _place(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
