"""Building an image again when nothing changed: known lock -> image -> the engine has it."""

from __future__ import annotations

from bench.measure import Figure, Side, seconds, take_turns
from bench.setting import IMAGES, Setting
from orchestrator.operations import building
from orchestrator.workspace import Workspace

ROUNDS = 10


def measure(setting: Setting, rounds: int) -> Figure:
    environment, peer = setting.environment_of_images, setting.peer
    lock = environment.version(0)
    home = environment.warm_home()
    spec = environment.add(home, lock)
    environment.build(home, spec)
    setting.drop_images_at_end(environment.image(home, lock))
    peer.prepare([lock])
    peer.ask_for(lock)
    peer.build("uv", "same")
    setting.drop_images_at_end(f"{IMAGES}:same")
    sides = [
        Side("building.build()", lambda _: building.build(Workspace(home), spec)),
        Side("docker build, all cached", lambda _: peer.build("uv", "same")),
        Side("orchestrator build, whole process", lambda _: environment.build(home, spec)),
    ]
    return Figure("image-nothing-changed", seconds(0.1), take_turns(sides, rounds, warm_up=True))
