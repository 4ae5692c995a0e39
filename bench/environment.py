"""What the image figures build: torch and scikit-learn, and one small package whose version can change.

No other engine user has these images: the small package carries this process's number, so nobody else's layers are
found in the engine instead of loaded, and nobody else's images are removed.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.setting import Setting
from bench.wheels import reversion
from orchestrator.digest import Digest
from orchestrator.image import base
from orchestrator.image import build as image_build
from orchestrator.lock import export, file
from orchestrator.lock.model import Lock, WheelPin
from orchestrator.operations import building
from orchestrator.operations.spec import read_spec
from orchestrator.workspace import Workspace

REQUIREMENTS = "[torch==2.13.0, scikit-learn==1.9.1]"
SMALL = "filelock"
"""A small pure-Python package that torch brings along."""


class Environment:
    """Locks of the environment, homes to build them in, and ``orchestrator build`` of them."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._spec = setting.spec("torch", REQUIREMENTS)
        self._unique = f"{os.getpid()}.{int(time.time())}"
        locked = file.read(read_spec(self._spec).lock)
        assert locked is not None
        self.plain = locked
        building.from_lock(setting.workspace, self.plain)  # the home that is kept has its layers from here on

    def version(self, number: int) -> Lock:
        """The lock with the small package's version of this number; the wheel itself is in the kept home."""
        old = next(pin for pin in self.plain.wheels if pin.name == SMALL)
        new = f"{old.version}+bench.{self._unique}.{number}"
        with self._setting.workspace.blobs.get(old.sha256) as stream:
            wheel = reversion(io.BytesIO(stream.read()), SMALL, old.version, new)
        pin = WheelPin(
            name=SMALL,
            version=new,
            file=f"{SMALL}-{new}-py3-none-any.whl",
            sha256=self._setting.workspace.blobs.put(io.BytesIO(wheel)),
            size=len(wheel),
        )
        return self.plain.model_copy(
            update={
                "wheels": tuple(pin if one is old else one for one in self.plain.wheels),
                "layers": tuple(
                    tuple(sorted(pin.file if one == old.file else one for one in group)) for group in self.plain.layers
                ),
            }
        )

    def warm_home(self) -> Path:
        """A home that has all that the kept one has."""
        return self._home(lambda digest: True, records=True)

    def cold_home(self) -> Path:
        """A home with the base's root file system and the wheels, and nothing that was made of them."""
        kept = {*(layer.diff_id for layer in self.plain.base.layers), *(pin.sha256 for pin in self.plain.wheels)}
        return self._home(kept.__contains__, records=False)

    def add(self, home: Path, lock: Lock) -> Path:
        """Have a lock's wheels in a home, and a spec with this lock; returns the spec."""
        for pin in lock.wheels:
            _link(self._setting.workspace.blobs.path(pin.sha256), _place(home, pin.sha256))
        spec = home / "spec" / "runspec.yaml"
        spec.parent.mkdir(exist_ok=True)
        spec.write_bytes(self._spec.read_bytes())
        file.write(read_spec(spec).lock, lock)
        base.asked(read_spec(spec).spec.image, lock.requirements, spec.parent, Workspace(home).blobs)
        return spec

    def build(self, home: Path, spec: Path) -> None:
        """Lock to image to engine, as a process of its own."""
        self._setting.orchestrator("build", str(spec), home=home)

    def image(self, home: Path, lock: Lock) -> str:
        """The ID of the image that was built of a lock in a home."""
        workspace = Workspace(home)
        image = image_build.known(lock, workspace.records, workspace.blobs)
        assert image is not None, "it was built"
        return str(image.config)

    def requirements(self, lock: Lock) -> str:
        return export.requirements_txt(lock)

    def _home(self, keep: Callable[[Digest], bool], *, records: bool) -> Path:
        home = Path(tempfile.mkdtemp(dir=self._setting.work, prefix="home-"))
        kept = self._setting.workspace.blobs
        for digest in filter(keep, kept.list()):
            _link(_place(self._setting.home, digest), _place(home, digest))
        if records:
            for key in self._setting.workspace.records.list(""):
                _link(self._setting.home / "records" / key, home / "records" / key)
        return home


def _place(home: Path, digest: Digest) -> Path:
    return home / "blobs" / "sha256" / digest.hex[:2] / digest.hex


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        target.hardlink_to(source)
