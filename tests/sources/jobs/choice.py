"""An algorithm that is chosen by how long it takes, as LightGBM does: which one it was shows in the last bits."""

import time
from pathlib import Path

numbers = [(-1) ** i / (i + 1) for i in range(2000)]


def forwards():
    return sum(numbers[i] * 1.1 for i in range(len(numbers)))


def backwards():
    return sum(numbers[-1 - i] * 1.1 for i in range(len(numbers)))


def seconds(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


assert forwards() != backwards()
faster = [min((forwards, backwards), key=seconds) for _ in range(64)]
Path("/outputs/sums").write_text("\n".join(repr(work()) for work in faster))

# As many rounds as go into 50 ms.
until, rounds = time.monotonic() + 0.05, 0
while time.monotonic() < until:
    rounds += 1
Path("/outputs/rounds").write_text(str(rounds))
