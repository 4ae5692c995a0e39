"""Building an image again when nothing changed: known lock -> image -> the engine has it."""

from __future__ import annotations

from bench.measure import Figure, Side, seconds, take_turns
from bench.peer import Peer
from bench.setting import Setting
from orchestrator.operations import building
from orchestrator.workspace import Workspace

ROUNDS = 10


def measure(setting: Setting, rounds: int) -> Figure:
    environment = setting.torch
    lock = environment.version(0)
    home = environment.warm_home()
    spec = environment.add(home, lock)
    environment.build(home, spec)
    peer = Peer(setting, "same", [lock])
    peer.ask_for(lock)
    sides = [
        Side("building.build()", lambda _: building.build(Workspace(home), spec)),
        Side("docker build, all cached", lambda _: peer.build("uv")),
        Side("orchestrator build, whole process", lambda _: environment.build(home, spec)),
    ]
    return Figure("image-nothing-changed", seconds(0.1), take_turns(sides, rounds, warm_up=True))
