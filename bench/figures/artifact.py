"""A large artifact into the store, hashed and adopted: against programs that only hash it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from bench.measure import Figure, Side, take_turns, times_faster
from bench.setting import Setting
from orchestrator import process
from orchestrator.store.capture import Found, capture
from orchestrator.workspace import Workspace

ROUNDS = 5
_SIZE = 1 << 30
_PIECE = 1 << 24


def measure(setting: Setting, rounds: int) -> Figure:
    folder = setting.work / "artifact"
    folder.mkdir()
    file = folder / "weights.bin"
    with file.open("wb") as sink:
        for _ in range(_SIZE // _PIECE):
            sink.write(os.urandom(_PIECE))
    os.sync()
    homes: list[Path] = []

    def empty_store(number: int) -> None:
        while homes:
            shutil.rmtree(homes.pop())
        homes.append(Path(tempfile.mkdtemp(dir=setting.work, prefix="home-")))

    def ours(number: int) -> None:
        blobs = Workspace(homes[-1]).blobs
        capture(folder, Found(files=[file.name]), blobs, adopt=blobs)

    sides = [
        Side("capture(adopt), 1 GiB", ours, empty_store),
        Side("sha256sum", lambda _: process.run(["sha256sum", str(file)])),
    ]
    if shutil.which("openssl"):
        sides.append(Side("openssl dgst -sha256", lambda _: process.run(["openssl", "dgst", "-sha256", str(file)])))
    return Figure("artifact", times_faster(0.9), take_turns(sides, rounds, warm_up=True))
