"""Python programs: what they draw, read and wait for comes back."""

from __future__ import annotations

import subprocess
import sys

import pytest
from programs import LIBRARY, SECONDS

DRAWS = """
import os, random, secrets, subprocess, sys, tempfile, threading, uuid
print(os.urandom(9).hex(), uuid.uuid4(), secrets.token_hex(4), random.random(), tempfile.mktemp(), hash("x"))
print(random.Random().random(), open("/dev/urandom", "rb").read(5).hex(), open("/proc/sys/kernel/random/uuid").read())
for env in (None, {}, {"LD_PRELOAD": "/nonexistent.so"}):
    command = [sys.executable, "-Ic", "import os; print(os.urandom(6).hex())"]
    print(subprocess.run(command, env=env, capture_output=True).stdout.decode())
child = os.fork()
if not child:
    print("fork", uuid.uuid4(), flush=True)
    os._exit(0)
os.waitpid(child, 0)
threads = [threading.Thread(target=lambda: print(uuid.uuid4(), flush=True)) for _ in range(4)]
for thread in threads: thread.start(); thread.join()
"""

CLOCKS = """
import os, subprocess, sys, threading, time, zipfile, io, uuid
print(time.time(), time.monotonic(), time.perf_counter(), time.process_time(), time.thread_time(), time.localtime())
print(os.times(), os.getloadavg())
import resource; print(resource.getrusage(resource.RUSAGE_SELF))
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w") as archive: archive.writestr("a", "b"); archive.write(__file__)
print(buffer.getvalue().hex())
open("fresh", "w").close()
print(os.stat("fresh"), os.path.getctime("fresh"))
print([entry.stat().st_mtime for entry in os.scandir(".") if entry.name == "fresh"])
began = time.perf_counter(); rounds = 0
while time.perf_counter() - began < 0.05: rounds += 1
print("rounds", rounds)
began = time.monotonic(); threading.Event().wait(0.05); print("waited", time.monotonic() - began)
began = time.monotonic(); time.sleep(0.05); print("slept", time.monotonic() - began)
print(open("/proc/meminfo").read(), open("/proc/self/statm").read(), open("/proc/uptime").read())
print(subprocess.run(["date", "+%N"], capture_output=True).stdout)
"""


def test_entropy_comes_back(owned):
    first, second = owned.twice(DRAWS)
    assert second.out == first.out
    assert first.counters["thread_draws"] == 4


def test_another_seed_is_another_stream(owned):
    first = owned.record(*owned.python(DRAWS)).lines
    owned.variables["ORCHESTRATOR_ENTROPY"] = "8"
    assert not set(first) & set(owned.record(*owned.python(DRAWS)).lines) - {""}


def test_the_clock_comes_back(owned):
    first, second = owned.twice(CLOCKS)
    assert second.lines == first.lines
    assert second.counters["beyond"] <= 5  # the interpreter's own, while threads wait


def test_another_recording_reads_another_clock(owned):
    command = owned.python(CLOCKS)
    assert owned.record(*command).lines[0] != owned.record(*command).lines[0]


def test_a_program_that_reads_less_than_before_changes_nothing_else(owned):
    text = "import sys, time\nfor _ in range(int(sys.argv[1])): time.time()\nprint(time.time())"
    first = owned.record(*owned.python(text), "5")
    assert owned.replay(*owned.python(text), "2").out == first.out
    assert owned.replay(*owned.python(text), "9").out == first.out


BUSY = """
import sys, time
begin = time.time()
for _ in range(int(sys.argv[1])): time.time()
stop = time.monotonic() + float(sys.argv[2])
while time.monotonic() < stop: pass
last = 0
for _ in range(1000):
    now = time.time()
    assert now >= last
    last = now
print("ended", last - begin < 60)
"""


def test_beyond_the_record_time_goes_on_and_nothing_hangs(owned):
    """The recording ends its wait at once; the replay has to wait on a clock that was never recorded so far."""
    owned.record(*owned.python(BUSY), "3", "0")
    told = owned.replay(*owned.python(BUSY), "50", "0.2")
    assert told.lines == ["ended True"]
    assert told.counters["beyond"] > 47


WAITS = """
import queue, sys, threading, time
for _ in range(int(sys.argv[1])): time.monotonic(), time.time()
assert not threading.Event().wait(0.05)
try: queue.Queue().get(timeout=0.05)
except queue.Empty: print("empty")
lock = threading.Lock(); lock.acquire(); print(lock.acquire(timeout=0.05))
condition = threading.Condition()
with condition: print(condition.wait_for(lambda: False, timeout=0.05))
time.sleep(0.05)
import concurrent.futures as futures
with futures.ThreadPoolExecutor(2) as pool:
    slow = pool.submit(time.sleep, 0.3)
    try: slow.result(timeout=0.05)
    except futures.TimeoutError: print("late")
import asyncio
async def main():
    try: await asyncio.wait_for(asyncio.sleep(5), 0.05)
    except asyncio.TimeoutError: print("timeout")
asyncio.run(main())
"""


@pytest.mark.parametrize("readings", ["0", "40"])
def test_waits_end_although_the_record_is_of_another_program(owned, readings):
    owned.record(*owned.python("import time; time.monotonic(); time.time()"))
    told = owned.replay(*owned.python(WAITS), readings)
    assert (told.code, told.err) == (0, "")
    assert told.lines == ["empty", "False", "False", "late", "timeout"]


def test_what_a_killed_program_has_read_is_in_the_record(owned):
    text = "import os, signal, time\nprint(time.time(), flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    first = owned.record(*owned.python(text))
    assert first.code == -9
    assert owned.replay(*owned.python(text)).out == first.out


def test_a_full_ledger_is_told_and_the_beginning_still_comes_back(owned):
    owned.capacity = 4096 + 64 * 200
    text = "import time\nprint(time.time())\nfor _ in range(100000): time.perf_counter()\nprint('end')"
    first = owned.record(*owned.python(text))
    second = owned.replay(*owned.python(text))
    assert first.counters["dropped"] > 90000
    assert second.out == first.out
    assert second.counters["beyond"] - second.counters["skipped"] == first.counters["dropped"]


def test_addresses_are_the_same_while_recording_and_replaying(owned):
    uses = "uuid.uuid4(); time.time(); open('/dev/urandom').close()"
    text = f"import threading, time, uuid\n{uses}\nprint(id(object()), id([]))"
    command = ("setarch", "-R", *owned.python(text))
    assert owned.record(*command).out == owned.replay(*command).out


def test_a_static_program_is_counted(owned):
    source = owned.folder / "still.c"
    source.write_text("int main(void) { return 0; }")
    subprocess.run(["cc", "-static", "-o", owned.folder / "still", source], check=True)
    text = "import subprocess, sys\nsubprocess.run([sys.argv[1]], check=True)"
    assert owned.record(*owned.python(text), str(owned.folder / "still")).counters["static_programs"] == 1
    assert owned.record(*owned.python(text), "/bin/true").counters["static_programs"] == 0


@pytest.mark.parametrize(("processors", "told"), [("3", "3"), ("1", "1")])
def test_programs_are_told_of_the_plans_processors(owned, processors, told):
    owned.variables["ORCHESTRATOR_PROCESSORS"] = processors
    text = "import os\nprint(os.cpu_count(), len(os.sched_getaffinity(0)) <= os.cpu_count())"
    assert owned.record(*owned.python(text)).out == f"{told} True\n"


def test_without_its_variables_the_library_does_nothing(tmp_path):
    text = "import os, time; print(os.urandom(8).hex(), time.time_ns()); print('ORCHESTRATOR_STREAM' in os.environ)"
    said = [
        subprocess.run(
            [sys.executable, "-Ic", text],
            env={"LD_PRELOAD": str(LIBRARY)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        for _ in range(2)
    ]
    assert said[0].stderr == ""
    assert said[0].stdout.splitlines()[0] != said[1].stdout.splitlines()[0]
    assert said[0].stdout.splitlines()[1] == "False"


@pytest.mark.parametrize("contents", [b"", b"x" * 100, b"x" * 8192, b"ORCLEDG1" + b"\xff" * 8184])
def test_a_damaged_ledger_is_left_alone(owned, contents):
    owned.ledger.write_bytes(contents)
    done = subprocess.run(
        owned.python("import os, time; print(time.time(), os.urandom(2).hex())"),
        env=owned.variables | {"LD_PRELOAD": owned.preload},
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    assert done.stderr == b""
    assert owned.ledger.read_bytes() == contents


def test_a_full_disk_is_a_full_ledger_and_ends_nothing(owned):
    disk = owned.folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=True)
    try:
        owned.ledger = disk / "ledger"
        owned.variables["ORCHESTRATOR_LEDGER"] = str(owned.ledger)
        text = "import time\nprint(time.time())\nfor _ in range(400000): time.perf_counter()\nprint('end')"
        first = owned.record(*owned.python(text))
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
    assert (first.code, first.lines[-1]) == (0, "end")
    assert 100000 < first.counters["dropped"] < 400000
