"""Waits of every kind that end with time: how long each took is told, and none goes on for ever."""

import asyncio
import contextlib
import queue
import select
import signal
import subprocess
import threading
import time
from concurrent.futures import Future
from pathlib import Path

LENGTH = 0.05
told = []


def waits(name, wait):
    began = time.monotonic()
    with contextlib.suppress(Exception):
        wait()
    took = time.monotonic() - began
    assert took >= LENGTH * 0.9, f"{name} took {took} s"
    told.append(f"{name} {took}")


def busy():
    until = time.monotonic() + LENGTH
    while time.monotonic() < until:
        time.sleep(0.001)


def alarm():
    signal.setitimer(signal.ITIMER_REAL, LENGTH)
    signal.sigwait([signal.SIGALRM])


held = threading.Lock()
held.acquire()
condition = threading.Condition()
sleeper = threading.Thread(target=time.sleep, args=[9], daemon=True)
sleeper.start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])

for _ in range(2):
    waits("sleep", lambda: time.sleep(LENGTH))
    waits("event", lambda: threading.Event().wait(LENGTH))
    waits("queue", lambda: queue.Queue().get(timeout=LENGTH))
    waits("lock", lambda: held.acquire(timeout=LENGTH))
    waits("semaphore", lambda: threading.Semaphore(0).acquire(timeout=LENGTH))
    with condition:
        waits("condition", lambda: condition.wait_for(lambda: False, timeout=LENGTH))
    waits("future", lambda: Future().result(timeout=LENGTH))
    waits("barrier", lambda: threading.Barrier(2).wait(timeout=LENGTH))
    waits("select", lambda: select.select([], [], [], LENGTH))
    waits("poll", lambda: select.poll().poll(LENGTH * 1000))
    waits("asyncio", lambda: asyncio.run(asyncio.sleep(LENGTH)))
    waits("asyncio timeout", lambda: asyncio.run(asyncio.wait_for(asyncio.Event().wait(), LENGTH)))
    waits("process", lambda: subprocess.run(["sleep", "9"], timeout=LENGTH))
    waits("join", lambda: sleeper.join(LENGTH))
    waits("alarm", alarm)
    waits("busy", busy)

Path("/outputs/told").write_text("\n".join(told))
