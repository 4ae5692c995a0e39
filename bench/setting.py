"""Where the benchmarks work: one folder that is kept, the programs that are compared, and what is cleaned up."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import process
from orchestrator.operations.spec import read_spec
from orchestrator.workspace import Workspace

if TYPE_CHECKING:
    from bench.environment import Environment

IMAGES = "orchestrator-bench"
"""The repository of every image that is tagged here."""


@dataclass
class Setting:
    """The benchmarks' folder ($ORCHESTRATOR_BENCH_HOME): ``home`` in it is kept, ``work`` goes at the end."""

    root: Path
    work: Path
    cleanup: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @classmethod
    @contextlib.contextmanager
    def open(cls) -> Iterator[Setting]:
        given = os.environ.get("ORCHESTRATOR_BENCH_HOME")
        root = Path(given or Path.home() / ".cache" / "orchestrator-bench").absolute()
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix="work-") as work, contextlib.ExitStack() as cleanup:
            setting = cls(root, Path(work), cleanup)
            os.environ.update(setting.environment(setting.home))
            os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
            yield setting

    @property
    def home(self) -> Path:
        """The ORCHESTRATOR_HOME that lasts: wheels, base image, layers."""
        return self.root / "home"

    @cached_property
    def workspace(self) -> Workspace:
        return Workspace(self.home, report=self.say)

    @cached_property
    def torch(self) -> Environment:
        """What the image figures build; made when the first of them asks."""
        from bench.environment import Environment

        return Environment(self)

    def environment(self, home: Path) -> Mapping[str, str]:
        """Of child processes. Bytecode is kept, as an installed package's is, but not in the work tree."""
        return {
            "ORCHESTRATOR_HOME": str(home),
            "PYTHONPYCACHEPREFIX": str(self.root / "pycache"),
            "DOCKER_BUILDKIT": "0",
        }

    def orchestrator(self, *words: str, home: Path | None = None) -> bytes:
        """Our command line, as a process of its own."""
        program = str(Path(sys.executable).with_name("orchestrator"))
        return process.run([program, *words], env=self.environment(home or self.home), cwd=self.root)

    def docker(self, *words: str) -> bytes:
        """Docker's command line."""
        return process.run(["docker", *words], hint="the Docker CLI is the peer of most figures")

    def drop_images(self, *names: str) -> None:
        """Remove images made here; those that are gone already do not matter."""
        for name in names:
            with contextlib.suppress(process.ProgramFailed):
                self.docker("image", "rm", "--force", name)

    def spec(self, name: str, requirements: str, command: str = "python -c pass", more: str = "") -> Path:
        """A runspec of ours, with its lock beside it; locked where it is not or no longer. ``more``: further lines."""
        from orchestrator.errors import LockError
        from orchestrator.operations import locking

        path = self.root / "specs" / name / "runspec.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"version: 1\nname: {name}\nimage: {{base: python3.11, requirements: {requirements}}}\n"
            f"run: {{command: {command}}}\n{more}"
        )
        with contextlib.suppress(LockError):
            if locking.fresh(self.workspace, read_spec(path)):
                return path
        locking.lock(self.workspace, path)
        return path

    def say(self, line: str) -> None:
        print(f"bench: {line}", file=sys.stderr, flush=True)
