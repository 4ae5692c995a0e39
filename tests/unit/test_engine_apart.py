"""The engine in a process of its own, asked by several threads."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path
from typing import Any

from orchestrator.engine.apart import EngineApart
from orchestrator.engine.port import ContainerSpec


class Slow:
    """Takes its time."""

    def launch(self, spec: ContainerSpec) -> None:
        time.sleep(0.02)

    def version(self) -> dict[str, Any]:
        return {}


def launch(engine: EngineApart, file: Path) -> None:
    handle = os.open(file, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    engine.accompany(handle)
    time.sleep(0.005)
    spec = ContainerSpec(file.name, "image", (), {}, (), "/", "0:0", "", 1, 1 << 20)
    engine.launch(spec)
    os.close(handle)


def test_each_launch_lets_go_of_what_accompanied_it(tmp_path: Path):
    """A lock that the other process kept would be held until that one ends."""
    engine = EngineApart(Slow)  # type: ignore[arg-type]
    files = [tmp_path / str(number) for number in range(8)]
    threads = [threading.Thread(target=launch, args=(engine, file)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for file in files:
        with file.open("rb") as again:
            fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
