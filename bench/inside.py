"""What is measured within a container: a job of bench/jobs runs as every run does, and says what it found."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import bench
from bench import homes
from bench.setting import Setting
from orchestrator import operations
from orchestrator.errors import EnvironmentProblem
from orchestrator.image.load import load
from orchestrator.lock import file
from orchestrator.operations import building
from orchestrator.operations.runs import Shown
from orchestrator.operations.spec import read_spec
from orchestrator.run import Run

_SOURCE = Path(bench.__file__).parent
_NEEDED = ("__init__.py", "measure.py", "jobs")
_NO_FILES = "artifacts: {exclude: ['*']}\n"


@dataclass(frozen=True)
class Measured:
    """What a job said, and whether the run's record agrees."""

    samples: dict[str, list[float]]
    wrong: tuple[str, ...]


class Inside:
    """An image that is locked and built, and a home that goes at the end, for jobs that run in it."""

    def __init__(self, setting: Setting, name: str, requirements: str) -> None:
        self._setting = setting
        self._name, self._requirements = f"inside-{name}", requirements
        self._bring_image()
        self.workspace = homes.copied(setting.workspace, setting.work)

    def spec(self, command: str, more: str = "") -> Path:
        """A runspec whose code is this package, as far as jobs need it. ``more``: further lines."""
        path = self._setting.spec(self._name, self._requirements, command, _NO_FILES + more)
        code = path.parent / bench.__name__
        shutil.rmtree(code, ignore_errors=True)
        for name in _NEEDED:
            if (_SOURCE / name).is_dir():
                shutil.copytree(_SOURCE / name, code / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                code.mkdir(exist_ok=True)
                shutil.copy(_SOURCE / name, code / name)
        return path

    def submit(self, job: str, *words: object, more: str = "") -> Shown:
        """A run of a job, to its end.

        Raises:
            EnvironmentProblem: it has failed.
        """
        spec = self.spec(self.command(job, *words), more)
        run = operations.submit(self.workspace, spec).run
        assert run is not None
        if run.status != "finished":
            raise EnvironmentProblem(f"{spec}: {job} has {run.status}:\n{self._said(run, 'stderr')}")
        return operations.show(self.workspace, run.id)

    @staticmethod
    def command(job: str, *words: object) -> str:
        """What runs a job, in the folder of the code."""
        return " ".join(["python -m", f"{bench.__name__}.jobs.{job}", *map(str, words)])

    def measure(self, job: str, *words: object) -> Measured:
        """What a job measured: its samples, from the run's recorded stdout."""
        shown = self.submit(job, *words)
        said = json.loads(self._said(shown.run, "stdout").splitlines()[-1])  # MLflow 2 talks there, too
        points, recorded = said["points"], sum(map(self._points, (shown.run, *shown.children)))
        wrong = () if points == recorded else (f"{job} has logged {points} points, {recorded} are recorded",)
        return Measured(said["samples"], wrong)

    def _points(self, run: Run) -> int:
        return sum(map(len, operations.show(self.workspace, run.id).metrics.values()))

    def _said(self, run: Run, stream: str) -> str:
        digest = getattr(run.facts, stream)
        with self.workspace.blobs.get(digest) as content:
            return content.read().decode(errors="replace")

    def _bring_image(self) -> None:
        """An image that the engine did not have goes at the end."""
        lock = file.read(read_spec(self._setting.spec(self._name, self._requirements)).lock)
        assert lock is not None
        workspace = self._setting.workspace
        image = building.from_lock(workspace, lock).image
        if workspace.engine.find(image.config, image.manifest) is None:
            self._setting.cleanup.callback(self._setting.drop_images, str(image.config))
        load(image, workspace.engine, workspace.blobs)
