"""Programs that a tester broke an earlier version with: each ends, and means what it means without the interposer."""

from __future__ import annotations

import struct

import pytest
from programs import Owned

from orchestrator.execution import ledger
from orchestrator.execution.ledger import Mode

LINES = 'code = "import sys\\nfor i in range(4000): sys.stdout.write(str(i) + chr(10)); sys.stdout.flush()"\n'

TIMERS = f"""
import asyncio, sys
{LINES}
async def main():
    for _ in range(2):
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
        print(len([line async for line in child.stdout]))
        try: await asyncio.wait_for(asyncio.Event().wait(), 0.3)
        except asyncio.TimeoutError: print("late")
asyncio.run(main())
"""
TIMEOUTS = f"""
import subprocess, sys
{LINES}
for _ in range(2):
    print(len(subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60).stdout))
    try: subprocess.run(["sleep", "30"], capture_output=True, timeout=0.3)
    except subprocess.TimeoutExpired: print("late")
"""
QUEUE = """
import queue, threading, time
items, total = queue.Queue(), 0
def produce():
    for i in range(3000):
        items.put(i)
        if i % 50 == 0: time.sleep(0.001)
threading.Thread(target=produce).start()
while True:
    try: total += items.get(timeout=0.5)
    except queue.Empty: break
print(total)
"""


@pytest.mark.parametrize("text", [TIMERS, TIMEOUTS, QUEUE], ids=["asyncio", "subprocess", "queue"])
def test_a_deadline_is_met_however_often_the_clock_is_read_on_the_way(owned: Owned, text: str):
    """How often depends on scheduling. A replay that hangs is ended, and fails."""
    command = owned.python(text)
    first = owned.record(*command)
    assert (first.code, first.err) == (0, "")
    for _ in range(3):
        assert owned.replay(*command).out == first.out


MEANS_THE_SAME = {
    "long reads": 'import os; print(len(os.read(os.open("/dev/urandom", os.O_RDONLY), 3_000_000)))',
    "dd": 'import os; os.system("dd if=/dev/urandom bs=1M count=3 2>/dev/null | wc -c")',
    "stdio": 'import os; os.system("head -c 900000 /dev/urandom | wc -c; od -An -N 400000 /dev/urandom | wc -l")',
    "limited files": 'import os; os.system("ulimit -f 10; head -c 10 /dev/urandom | wc -c; wc -l < /proc/uptime")',
    "small stack": """
import os, subprocess, threading
threading.stack_size(65536)
many = {"N%d" % i: "x" for i in range(12000)}
def use():
    print(len(open("/dev/urandom", "rb").read(4)), subprocess.run(["/bin/true"], env=many).returncode)
thread = threading.Thread(target=use); thread.start(); thread.join()
""",
    "subinterpreters": """
import _xxsubinterpreters as interpreters, os, threading, time
interpreters.create()
def use():
    for _ in range(2000): os.stat("/"), time.time()
threads = [threading.Thread(target=use) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("fine")
""",
    "file times": """
import os, shutil, time
open("a", "w").close(); open("b", "w").close()
os.utime("a", (1000, 2000)); print(os.stat("a").st_atime, os.stat("a").st_mtime)
shutil.copystat("a", "b"); print(os.stat("b").st_atime, os.stat("b").st_mtime)
print(abs(os.stat("a").st_ctime - time.time()) < 60)
os.utime("a"); print(abs(os.path.getmtime("a") - time.time()) < 60)
""",
}


@pytest.mark.parametrize("text", MEANS_THE_SAME.values(), ids=MEANS_THE_SAME)
def test_it_means_the_same_as_without(owned: Owned, text: str):
    command = owned.python(text)
    first, second = owned.record(*command), owned.replay(*command)
    owned.preload = ""
    plain = owned.run(*command)
    assert (first.code, first.out) == (second.code, second.out) == (plain.code, plain.out)
    assert plain.code == 0


def test_a_program_that_clears_its_environment_hands_the_interposer_on(owned: Owned):
    text = 'import os; os.environ.clear(); os.system("/usr/bin/od -An -N4 -tx1 /dev/urandom; /bin/date +%N")'
    first, second = owned.twice(text + '; print(os.popen("/bin/date +%N").read())')
    assert second.out == first.out


def test_many_chunks_of_one_stream_are_no_work(owned: Owned):
    chunk = struct.pack("<QIIq", 77, 1, 1, 5)
    size = ledger.PAGE + len(chunk) * 300_000
    with owned.ledger.open("wb") as file:
        file.write(struct.pack("<8sIIQQqq", ledger.MAGIC, Mode.REPLAY, 0, size, size, 0, 0))
        file.seek(ledger.PAGE)
        file.write(chunk * 300_000)
    assert owned.run(*owned.python("print('fine')")).out == "fine\n"


CONTENDED = """
import sys, threading, time
stop = False
def spin():
    while not stop: pass
if sys.argv[1] == "contended":
    for _ in range(3): threading.Thread(target=spin).start()
for _ in range(60):
    sum(range(30000))
    print(time.time(), time.monotonic())
stop = True
"""


def test_waiting_for_the_interpreters_lock_is_no_wait_of_the_program(owned: Owned):
    command = owned.python(CONTENDED)
    first = owned.record(*command, "alone")
    second = owned.replay(*command, "contended")
    assert second.lines == first.lines
