"""What the image figures build: torch and scikit-learn, and one small package whose version can change.

Nobody else who uses this engine has these images: the small package's version carries this process's number. So no
layer is found in the engine that should be loaded, and no image is removed that is not ours.
"""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path

from bench import homes
from bench.setting import Setting
from bench.wheels import reversion
from orchestrator.lock import file
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
        self._unique = f"{os.getpid()}.{int(time.time())}"
        self._spec = setting.spec("torch", REQUIREMENTS)
        locked = file.read(read_spec(self._spec).lock)
        assert locked is not None
        self.plain = locked
        building.from_lock(setting.workspace, self.plain)  # the home that is kept has its layers from here on
        self._all = homes.copied(Workspace(setting.home), setting.work)

    def version(self, number: int) -> Lock:
        """The lock with the small package's version of this number."""
        old = next(pin for pin in self.plain.wheels if pin.name == SMALL)
        new = f"{old.version}+bench.{self._unique}.{number}"
        with self.wheel(old).open("rb") as stream:
            wheel = reversion(stream, SMALL, old.version, new)
        pin = WheelPin(
            name=SMALL,
            version=new,
            file=f"{SMALL}-{new}-py3-none-any.whl",
            sha256=self._all.blobs.put(io.BytesIO(wheel)),
            size=len(wheel),
        )
        wheels = tuple(pin if one is old else one for one in self.plain.wheels)
        layers = tuple(
            tuple(sorted(pin.file if one == old.file else one for one in group)) for group in self.plain.layers
        )
        return self.plain.model_copy(update={"wheels": wheels, "layers": layers})

    def wheel(self, pin: WheelPin) -> Path:
        """The file of a wheel; not to be written to."""
        return homes.place(self._all.home, pin.sha256)

    def warm_home(self) -> Path:
        """A home that has built the unchanged environment before."""
        return homes.copied(self._all, self._setting.work).home

    def cold_home(self) -> Path:
        """A home with the base's root file system, and nothing else."""
        kept = {layer.diff_id for layer in self.plain.base.layers}
        return homes.copied(self._all, self._setting.work, kept.__contains__).home

    def add(self, home: Path, lock: Lock) -> Path:
        """Have a lock's wheels in a home, and a spec with this lock; returns the spec."""
        for pin in lock.wheels:
            homes.link(self.wheel(pin), homes.place(home, pin.sha256))
        spec = home / "spec" / "runspec.yaml"
        spec.parent.mkdir(exist_ok=True)
        spec.write_bytes(self._spec.read_bytes())
        file.write(read_spec(spec).lock, lock)
        return spec

    def build(self, home: Path, spec: Path) -> str:
        """Lock to image to engine, as a process of its own. Returns the image's ID; it is removed at the end."""
        said = json.loads(self._setting.orchestrator("build", "--json", str(spec), home=home))
        image = str(said["data"]["image"]["config"])
        self._setting.cleanup.callback(self._setting.drop_images, image)
        return image
