"""Kills a command at a failpoint, then proves that nothing is lost and nothing is left over."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from desk import Desk, wait_for
from wheels import make_wheel

from crash import whole
from crash.points import Scenario
from orchestrator.failpoint import VARIABLE
from orchestrator.run import Run

JOB = (
    "import orchestrator, pathlib, time\n"
    "for step in range(20):\n    orchestrator.log_metric('loss', 1 / (step + 1))\n"
    "pathlib.Path('/outputs/model').write_bytes(bytes(range(256)) * 64)\n"
    "print('said', flush=True)\n"
)


REPAIRS: list[float] = []
"""Seconds that each command took which came after a crash, start-up included."""


@dataclass
class Ended:
    """What a command that was armed came to."""

    killed: bool
    announced: set[str]
    """The runs it has told of: "run ID" on stderr, or its result."""
    acknowledged: set[str]
    """The runs that it has given as its result."""
    said: str


@dataclass
class Lab:
    """One home, in which one command after another dies."""

    desk: Desk
    images: int = 0

    def kill(self, point: str, scenario: Scenario, *, action: str = "kill") -> Ended:
        """Run a scenario's command with a failpoint armed."""
        self._write(scenario)
        if scenario.left_behind:
            self._armed(("submit", "--json"), f"{scenario.left_behind}=kill")
        return self._armed(scenario.argv, f"{point}={action}")

    def repaired(self, ended: Ended) -> list[dict[str, Any]]:
        """The next command; what it lists. Then the proof."""
        begun = time.monotonic()
        rows = self.command("ls", "--json", "--limit", "1000")["runs"]
        REPAIRS.append(time.monotonic() - begun)
        assert ended.announced <= {row["id"] for row in rows}, (ended, rows)
        self._settle()
        runs = self.runs()
        assert ended.announced <= runs.keys(), (ended, sorted(runs))
        for run_id in ended.acknowledged:
            assert runs[run_id].status == "finished", runs[run_id]
        self.check_runs()
        assert {row["id"] for row in self.command("ls", "--json", "--limit", "1000")["runs"]} == runs.keys()
        return rows

    def retried(self) -> None:
        """The same submit once more: it succeeds."""
        done = self.command("submit", "--json")
        assert done["status"] == "finished", done
        assert self.runs()[done["id"]].outcome is not None

    def runs(self) -> dict[str, Run]:
        """Every recorded run."""
        return whole.runs(self.desk.workspace)

    def check_runs(self) -> None:
        """Everything that a recorded run names is there."""
        for run in self.runs().values():
            assert run.status in ("finished", "lost"), run
            whole.check_needs(self.desk.workspace, run)

    def intact(self) -> None:
        """Hash every blob."""
        whole.check_blobs(self.desk.workspace)

    def command(self, *argv: str) -> dict[str, Any]:
        """A command that must succeed; the data of its envelope."""
        done = self.desk.cli(*argv)
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)["data"]

    def _armed(self, argv: tuple[str, ...], failpoint: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator.cli.main", *argv],
            cwd=self.desk.folder,
            env=self.desk.environment(**{VARIABLE: failpoint}),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        said = done.stderr.decode()
        acknowledged = _acknowledged(done.stdout) if argv[0] == "submit" and "--detach" not in argv else set()
        announced = {
            line.split()[1] for line in said.splitlines() if line.startswith("run ") and len(line.split()) == 2
        }
        detached = _acknowledged(done.stdout) if "--detach" in argv else set()
        return Ended(done.returncode == -9, announced | acknowledged | detached, acknowledged, said)

    def _write(self, scenario: Scenario) -> None:
        spec: dict[str, Any] = {}
        if scenario.new_image or self.images:
            self.images += scenario.new_image
            wheels = self.desk.folder / "wheels"
            wheels.mkdir(exist_ok=True)
            version = f"1.{self.images}"
            make_wheel(wheels, "crashlab", version, {"crashlab.py": f"x = {time.time_ns()}\n".encode()})
            spec = {"image": {"requirements": [f"crashlab=={version}"]}}
        path = self.desk.write(JOB + "time.sleep(6)\n" * scenario.goes_on, **spec)
        if scenario.new_image:
            path.with_suffix(".lock").unlink(missing_ok=True)

    def _settle(self) -> None:
        """Until every live run has ended, and no container, no secret and no lock is left."""
        live = self.desk.home / "live"

        def quiet() -> bool:
            if any(live.iterdir()):
                self.command("ls", "--json")
            return not any(live.iterdir()) and not self.desk.containers()

        wait_for(quiet, 60)


def _acknowledged(stdout: bytes) -> set[str]:
    try:
        return {json.loads(stdout)["data"]["id"]}
    except (ValueError, KeyError):
        return set()
