"""One small package has a new version: the image that was built before is at hand on both sides."""

from __future__ import annotations

import os

from bench.measure import Figure, Side, take_turns, times_faster
from bench.peer import Peer
from bench.setting import Setting

ROUNDS = 3
_WORKS = "import filelock, sklearn, torch"


def measure(setting: Setting, rounds: int) -> Figure:
    environment = setting.torch
    locks = [environment.version(number) for number in range(rounds + 1)]
    home = environment.warm_home()
    images: list[str] = []
    peer = Peer(setting, "one-wheel", locks)

    def change(number: int) -> None:
        environment.add(home, locks[number])
        peer.ask_for(locks[number])
        os.sync()

    def ours(number: int) -> None:
        images.append(environment.build(home, home / "spec" / "runspec.yaml"))

    def theirs(number: int) -> None:
        peer.build("uv")

    sides = [Side("orchestrator build", ours, change), Side("docker build, uv", theirs, change)]
    samples = take_turns(sides, rounds, warm_up=True)  # the round that does not count builds version 0 in full
    for image in (images[-1], peer.image("uv")):
        setting.docker("run", "--rm", image, "/opt/env/bin/python", "-c", _WORKS)
    return Figure(
        "image-one-wheel",
        times_faster(10),
        samples,
        notes=("ours: whole process, the new wheel's bytecode included; docker build: wheels at hand, no bytecode",),
    )
