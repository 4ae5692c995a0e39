"""A run of nothing at all, recorded: against ``docker run`` of the same image and command."""

from __future__ import annotations

from bench.measure import Figure, Side, take_turns, times_as_long
from bench.setting import Setting
from orchestrator.operations import building

ROUNDS = 15
_AS_OURS = (
    "--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=1000:1000",
    "--memory=4g", "--memory-swap=4g", "--cpus=2", "--pids-limit=4096", "--ulimit=core=0:0", "--tmpfs=/tmp",
)  # fmt: skip


def measure(setting: Setting, rounds: int) -> Figure:
    spec = setting.spec("noop", "[]")
    image = str(building.build(setting.workspace, spec).image.config)
    command = (image, "python", "-c", "pass")
    sides = [
        Side("orchestrator submit", lambda _: setting.orchestrator("submit", str(spec))),
        Side("docker run --rm", lambda _: setting.docker("run", "--rm", *command)),
        Side("docker run --rm, our limits", lambda _: setting.docker("run", "--rm", *_AS_OURS, *command)),
    ]
    return Figure("submit", times_as_long(1.5), take_turns(sides, rounds, warm_up=True))
