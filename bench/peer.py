"""``docker build`` of the same environment, as a person would write it, with everything at hand.

The base image is ours, with uv, pip and every wheel put in before anything is timed: the peer downloads nothing and
sends a context of two small files.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pip
import uv

from bench.setting import IMAGES, Setting
from orchestrator.image import oci
from orchestrator.image.load import load
from orchestrator.lock import export
from orchestrator.lock.model import Lock, WheelPin

PYTHON = "/opt/env/bin/python"

_BASE = f"""\
FROM {IMAGES}:rootfs
COPY uv /usr/local/bin/uv
COPY pip /opt/pip/pip
RUN uv venv --python /usr/bin/python3.11 /opt/env && {PYTHON} -m compileall -q /opt/pip
COPY wheels /wheels
"""
_ADD = """\
FROM {base}
COPY requirements.txt /requirements.txt
RUN {install} --no-index --find-links /wheels --requirement /requirements.txt
"""
_INSTALL = {
    "uv": f"uv pip install --no-cache --python {PYTHON}",
    "pip": f"PYTHONPATH=/opt/pip {PYTHON} -m pip install --no-cache-dir --root-user-action ignore",
}


class Peer:
    """The builds of one figure, over a base image that has the wheels of all its locks."""

    def __init__(self, setting: Setting, name: str, locks: list[Lock]) -> None:
        self._setting = setting
        self._name = name
        self._base = f"{IMAGES}:{name}-base"
        self._folder = setting.work / name
        setting.say("preparing the peer's base image")
        self._bring_rootfs(locks[0])
        self._bring_base({pin for lock in locks for pin in lock.wheels})

    def ask_for(self, lock: Lock) -> None:
        """Write the requirements of a lock into the build contexts."""
        for tool, install in _INSTALL.items():
            context = self._folder / tool
            context.mkdir(exist_ok=True)
            (context / "Dockerfile").write_text(_ADD.format(base=self._base, install=install))
            (context / "requirements.txt").write_text(export.requirements_txt(lock))

    def build(self, tool: str, *, cache: bool = True) -> None:
        """``docker build`` with uv or pip."""
        words = [*([] if cache else ["--no-cache"]), "--tag", self.image(tool), str(self._folder / tool)]
        built = self._setting.docker("build", "--quiet", *words).decode().split()[-1]
        self._setting.cleanup.callback(self._setting.drop_images, built)  # by ID: the tag may move on

    def image(self, tool: str) -> str:
        """The tag of what is built."""
        return f"{IMAGES}:{self._name}-{tool}"

    def drop(self) -> None:
        """Remove what was built, not the base."""
        self._setting.drop_images(*(self.image(tool) for tool in _INSTALL))

    def _bring_rootfs(self, lock: Lock) -> None:
        workspace = self._setting.workspace
        bare = oci.assemble(lock.base.layers, {"LANG": "C.UTF-8"}, lock.base.interpreter, workspace.blobs)
        self._setting.docker("tag", load(bare, workspace.engine, workspace.blobs), f"{IMAGES}:rootfs")
        self._setting.cleanup.callback(self._setting.drop_images, str(bare.config))

    def _bring_base(self, wheels: set[WheelPin]) -> None:
        context = self._folder / "base"
        (context / "wheels").mkdir(parents=True)
        (context / "Dockerfile").write_text(_BASE)
        shutil.copy(uv.find_uv_bin(), context / "uv")
        shutil.copytree(Path(pip.__file__).parent, context / "pip", ignore=shutil.ignore_patterns("__pycache__"))
        for pin in wheels:
            (context / "wheels" / pin.file).hardlink_to(self._setting.torch.wheel(pin))
        self._setting.docker("build", "--quiet", "--tag", self._base, str(context))
        self._setting.cleanup.callback(self._setting.drop_images, self._base)
        self._setting.cleanup.callback(self.drop)
