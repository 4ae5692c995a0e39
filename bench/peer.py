"""``docker build`` of the same environment, as a person would write it, with everything at hand.

The base image is ours, with uv, pip and every wheel put in before anything is timed: the peer downloads nothing and
sends a context of two small files.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pip
import uv

from bench.environment import Environment
from bench.setting import IMAGES, Setting
from orchestrator.image import oci
from orchestrator.image.load import load
from orchestrator.lock.model import Lock

PYTHON = "/opt/env/bin/python"

_BASE = f"""\
FROM {IMAGES}:rootfs
COPY uv /usr/local/bin/uv
COPY pip /opt/pip/pip
RUN uv venv --python /usr/bin/python3.11 /opt/env && {PYTHON} -m compileall -q /opt/pip
COPY wheels /wheels
"""
_ADD = """\
FROM {images}:base
COPY requirements.txt /requirements.txt
RUN {install} --no-index --find-links /wheels --requirement /requirements.txt
"""
_INSTALL = {
    "uv": f"uv pip install --no-cache --python {PYTHON}",
    "pip": f"PYTHONPATH=/opt/pip {PYTHON} -m pip install --no-cache-dir --root-user-action ignore",
}


class Peer:
    """Dockerfiles over one prepared base, and their builds."""

    def __init__(self, setting: Setting, environment: Environment) -> None:
        self._setting = setting
        self._environment = environment

    def prepare(self, locks: list[Lock]) -> None:
        """Have a base image with uv, pip and the wheels of these locks."""
        setting = self._setting
        base = locks[0].base
        bare = oci.assemble(base.layers, {}, base.interpreter, setting.workspace.blobs)
        setting.docker("tag", load(bare, setting.workspace.engine, setting.workspace.blobs), f"{IMAGES}:rootfs")
        setting.drop_images_at_end(f"{IMAGES}:rootfs")
        context = setting.work / "base"
        shutil.rmtree(context, ignore_errors=True)
        (context / "wheels").mkdir(parents=True)
        (context / "Dockerfile").write_text(_BASE)
        shutil.copy(uv.find_uv_bin(), context / "uv")
        shutil.copytree(Path(pip.__file__).parent, context / "pip", ignore=shutil.ignore_patterns("__pycache__"))
        for pin in {pin for lock in locks for pin in lock.wheels}:
            (context / "wheels" / pin.file).hardlink_to(setting.workspace.blobs.path(pin.sha256))
        setting.say("preparing the peer's base image")
        setting.docker("build", "--quiet", "--tag", f"{IMAGES}:base", str(context))
        setting.drop_images_at_end(f"{IMAGES}:base")

    def ask_for(self, lock: Lock) -> None:
        """Write the requirements of a lock into the build contexts."""
        for tool, install in _INSTALL.items():
            context = self._context(tool)
            context.mkdir(exist_ok=True)
            (context / "Dockerfile").write_text(_ADD.format(images=IMAGES, install=install))
            (context / "requirements.txt").write_text(self._environment.requirements(lock))

    def build(self, tool: str, tag: str, *, cache: bool = True) -> None:
        """``docker build`` with uv or pip."""
        options = [] if cache else ["--no-cache"]
        self._setting.docker("build", "--quiet", *options, "--tag", f"{IMAGES}:{tag}", str(self._context(tool)))

    def _context(self, tool: str) -> Path:
        return self._setting.work / tool
