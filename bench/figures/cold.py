"""A first build: the engine has the base image alone, the wheels are at hand on both sides."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from bench.measure import Figure, Side, take_turns, times_faster
from bench.peer import Peer
from bench.setting import Setting
from orchestrator.lock.model import Lock

ROUNDS = 3


def measure(setting: Setting, rounds: int) -> Figure:
    environment = setting.torch
    locks = [_ours_alone(environment.version(number)) for number in range(rounds + 1)]
    peer = Peer(setting, "cold", locks)
    homes: list[Path] = []
    images: list[str] = []

    def fresh(number: int) -> None:
        homes.append(environment.cold_home())
        environment.add(homes[-1], locks[number])
        os.sync()

    def ours(number: int) -> None:
        images.append(environment.build(homes[-1], homes[-1] / "spec" / "runspec.yaml"))

    def remove_all(number: int) -> None:
        while homes:
            shutil.rmtree(homes.pop())
        while images:
            setting.drop_images(images.pop())
        peer.drop()
        peer.ask_for(locks[number])
        os.sync()

    def theirs(tool: str) -> Side:
        return Side(f"docker build, {tool}", lambda _: peer.build(tool, cache=False), remove_all)

    sides = [Side("orchestrator build", ours, fresh), theirs("pip"), theirs("uv")]
    return Figure(
        "image-cold",
        times_faster(2.5),
        take_turns(sides, rounds, warm_up=False),
        notes=("ours: whole process, the bytecode of every wheel included; pip writes bytecode too, uv does not",),
    )


def _ours_alone(lock: Lock) -> Lock:
    """The lock with the changed wheel in the lowest layer: whatever stands above it, the engine has never seen."""
    lowest = next(pin.file for pin in lock.wheels if "+bench." in pin.version)
    rest = tuple(tuple(file for file in group if file != lowest) for group in lock.layers)
    return lock.model_copy(update={"layers": ((lowest,), *filter(None, rest))})
