"""One small package has a new version: the image that was built before is at hand on both sides."""

from __future__ import annotations

import os

from bench.measure import Figure, Side, take_turns, times_faster
from bench.setting import IMAGES, Setting

ROUNDS = 3
_WORKS = "import filelock, sklearn, torch; print(filelock.__name__, torch.ones(2).sum().item())"


def measure(setting: Setting, rounds: int) -> Figure:
    environment, peer = setting.environment_of_images, setting.peer
    locks = [environment.version(number) for number in range(rounds + 1)]
    home = environment.warm_home()
    peer.prepare(locks)
    setting.drop_images_at_end(*(f"{IMAGES}:one-wheel-{number}" for number in range(rounds + 1)))

    def change(number: int) -> None:
        environment.add(home, locks[number])
        peer.ask_for(locks[number])
        os.sync()

    def ours(number: int) -> None:
        environment.build(home, home / "spec" / "runspec.yaml")

    def theirs(number: int) -> None:
        peer.build("uv", f"one-wheel-{number}")

    sides = [Side("orchestrator build", ours, change), Side("docker build, uv", theirs, change)]
    samples = take_turns(sides, rounds, warm_up=True)  # the round that does not count builds version 0 in full
    images = [environment.image(home, lock) for lock in locks]
    setting.drop_images_at_end(*images)
    for image in (images[-1], f"{IMAGES}:one-wheel-{rounds}"):
        setting.docker("run", "--rm", image, "/opt/env/bin/python", "-c", _WORKS)
    return Figure(
        "image-one-wheel",
        times_faster(10),
        samples,
        notes=("ours: whole process, the new wheel's bytecode included; docker build: wheels at hand, no bytecode",),
    )
