"""The audit hook: what a process reaches for is noted, and the process does not feel it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agent import wire

Python = Callable[..., subprocess.CompletedProcess[str]]

BEGIN = f"""
import os, sys
from orchestrator.audit import install
install(os.path.abspath("record"), {wire.ACCESSES!r})
"""


class Noted:
    def __init__(self, lines: list[list[Any]], folder: Path, said: str) -> None:
        self.said = said
        self.lines = lines
        self.names = [[kind, rest[0].replace(f"{folder}/", ""), *rest[1:]] for kind, *rest in lines if kind != "more"]


@pytest.fixture
def noted(python: Python, tmp_path: Path) -> Callable[[str], Noted]:
    """Runs a script in a folder with the file ``in.csv`` (3 bytes); returns the lines it left."""
    (tmp_path / "record").mkdir()
    (tmp_path / "in.csv").write_bytes(b"1,2")

    def run(script: str) -> Noted:
        done = python(BEGIN + script)
        assert (done.returncode, done.stderr) == (0, "")
        file = tmp_path / "record" / wire.ACCESSES
        lines = file.read_bytes().splitlines() if file.is_file() else []
        return Noted([json.loads(line) for line in lines], tmp_path, done.stdout.strip())

    return run


def test_what_is_read_and_written(noted):
    script = """
open("in.csv").close()
os.close(os.open("in.csv", os.O_RDONLY))
open("out", "w").close(); open("out").close(); open("out", "a").close()
"""
    assert noted(script).names == [["r", "in.csv", 3], ["w", "out"], ["r", "out", 0]]


@pytest.mark.parametrize(
    ("act", "lines"),
    [
        ("open('in.csv', 'r+')", [["r", "in.csv", 3], ["w", "in.csv"]]),
        ("open('in.csv', 'w+')", [["w", "in.csv"]]),
        ("open('new', 'a+')", [["w", "new"]]),
        ("open('new', 'x')", [["w", "new"]]),
        ("os.rename('in.csv', 'new')", [["w", "new"]]),
        ("os.replace(b'in.csv', b'new')", [["w", "new"]]),
    ],
)
def test_how_a_file_is_opened(noted, act, lines):
    assert noted(act).names == lines


def test_all_names_of_a_file_are_one(noted):
    script = """
import pathlib
os.mkdir("folder"); os.symlink("folder", "link"); os.symlink("../in.csv", "folder/other")
for path in ("in.csv", b"in.csv", pathlib.Path("in.csv"), os.path.abspath("in.csv"), "./folder/../in.csv",
             "link/../in.csv", "link/other"):
    open(path).close()
os.chdir("link")
open("../in.csv").close()
"""
    assert noted(script).names == [["r", "in.csv", 3]]


def test_a_relative_name_means_another_file_elsewhere(noted):
    script = """
os.mkdir("sub"); open("sub/in.csv", "w").close()
open("in.csv").close(); os.chdir("sub"); open("in.csv").close()
"""
    assert noted(script).names == [["w", "sub/in.csv"], ["r", "in.csv", 3], ["r", "sub/in.csv", 0]]


@pytest.mark.parametrize("name", ['"quoted"\\', "größe", "🙂", "line\nbreak", os.fsdecode(b"\xff")])
def test_a_name_of_any_kind_comes_back(noted, name, tmp_path):
    (tmp_path / name).touch()
    assert noted(f"open({os.fsencode(tmp_path / name)!r}).close()").lines == [["r", str(tmp_path / name), 0]]


def test_what_is_passed_over(noted):
    script = """
import csv, email.parser, ensurepip, pip
for path in (os.__file__, os.devnull, "/dev/urandom", pip.__file__, ensurepip.__file__):
    open(path, "rb").close()
open("made.pyc", "w").close()
open("record/events.jsonl", "w").close()
for path in ("not-there", "not/there", "."):
    try: open(path)
    except OSError: pass
os.listdir("."); os.stat("in.csv")
reading, writing = os.pipe(); open(reading).close(); open(writing, "w").close()
"""
    assert noted(script).names == []


def test_a_file_that_comes_later_is_noted_when_it_is_there(noted):
    script = """
for _ in range(2):
    try: open("late").close()
    except FileNotFoundError: os.rename("in.csv", "late")
"""
    assert noted(script).names == [["w", "late"], ["r", "late", 3]]


def test_connections(noted):
    script = """
import socket
for family, address in ((socket.AF_INET, ("192.0.2.1", 80)), (socket.AF_INET6, ("2001:db8::1", 443))):
    try:
        with socket.socket(family) as one:
            one.setblocking(False)
            one.connect_ex(address)
    except OSError: pass
for host, port in (("example.invalid", 443), (b"bytes.invalid", None), ("service.invalid", "http")):
    try: socket.getaddrinfo(host, port)
    except OSError: pass
try: socket.gethostbyname("old.invalid")
except OSError: pass
"""
    assert noted(script).lines == [
        ["c", "192.0.2.1", 80],
        ["c", "2001:db8::1", 443],
        ["c", "example.invalid", 443],
        ["c", "bytes.invalid", 0],
        ["c", "service.invalid", 0],
        ["c", "old.invalid", 0],
    ]


def test_what_stays_on_this_machine_is_no_connection(noted):
    script = """
import socket
for address in (("127.0.0.1", 1), ("localhost", 1), ("127.8.8.8", 1)):
    with socket.socket() as one: one.connect_ex(address)
with socket.socket(socket.AF_UNIX) as one: one.connect_ex("not-there")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one: one.connect_ex(("192.0.2.1", 80))
for host in ("localhost", "127.0.0.1", "192.0.2.1", "::1", None, socket.gethostname(), "a.localhost"):
    try: socket.getaddrinfo(host, 80)
    except OSError: pass
"""
    assert noted(script).lines == []


def test_descriptors_of_the_job_keep_their_numbers(noted):
    script = """
before = os.dup(0); os.close(before)
open("in.csv").close()
after = os.dup(0); os.close(after)
ours = [int(name) for name in os.listdir("/proc/self/fd") if int(name) >= 100]
print(before == after, len(ours), os.get_inheritable(ours[0]))
"""
    assert noted(script).said == "True 1 False"


def test_a_job_that_closes_everything_loses_nothing(noted, tmp_path):
    """Its own file may have our number by then."""
    script = """
open("in.csv").close()
ours = next(int(name) for name in os.listdir("/proc/self/fd") if int(name) >= 100)
os.closerange(3, 4096)
mine = os.open("mine", os.O_WRONLY | os.O_CREAT)
os.dup2(mine, ours)
os.close(mine)
open("mine").close()
"""
    assert noted(script).names == [["r", "in.csv", 3], ["w", "mine"], ["r", "mine", 0]]
    assert (tmp_path / "mine").read_bytes() == b""


def test_forks_and_threads(noted):
    script = """
import threading
open("in.csv").close()
for number in range(4):
    if os.fork() == 0:
        open("in.csv").close()
        open(f"child{number}", "w").close()
        os._exit(0)
for _ in range(4): os.wait()
threads = [threading.Thread(target=lambda number=number: open(f"thread{number}", "w").close()) for number in range(8)]
for one in threads: one.start()
for one in threads: one.join()
"""
    made = [["w", f"child{number}"] for number in range(4)] + [["w", f"thread{number}"] for number in range(8)]
    first, *rest = noted(script).names
    assert first == ["r", "in.csv", 3]
    assert sorted(rest) == made


def test_only_so_much_is_noted(noted):
    script = """
for number in range(1010): sys.audit("socket.gethostbyname", f"host{number}.invalid")
open("in.csv").close()
"""
    lines = noted(script).lines
    assert len(lines) == 1002
    assert [line[0] for line in lines[-2:]] == ["r", "more"]
    assert lines[-1] == ["more", 10]


def test_a_job_that_opens_files_without_end_is_not_followed_for_ever(noted):
    script = """
for number in range(10_020): sys.audit("open", f"/nowhere/{number}", "w", os.O_WRONLY)
import csv
open("in.csv").close()
"""
    lines = noted(script).lines
    assert len(lines) == 10_002
    assert [line[0] for line in lines[-2:]] == ["r", "more"]
    assert lines[-1] == ["more", 20]


def test_a_file_that_is_long_enough_grows_no_more(noted, tmp_path):
    with (tmp_path / "record" / wire.ACCESSES).open("wb") as file:
        file.truncate((16 << 20) + 1)
    script = """
open("in.csv").close(); open("in.csv", "a").close()
print(os.path.getsize("record/accesses.jsonl"))
os.truncate("record/accesses.jsonl", 0)
"""
    done = noted(script)
    assert done.said == str((16 << 20) + 1)
    assert done.lines == [["more", 2]]


@pytest.mark.parametrize(
    "harm",
    [
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))",
        "os.mkdir('record/accesses.jsonl')",
        "os.mkfifo('record/accesses.jsonl')",
        "os.symlink('/dev/full', 'record/accesses.jsonl')",
        "os.rmdir('record')",
        "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')",
    ],
    ids=["a full disk", "few descriptors", "a folder", "a pipe", "a link", "no folder", "nowhere"],
)
def test_a_job_does_not_feel_what_cannot_be_noted(noted, harm, tmp_path):
    path = str(tmp_path / "in.csv")
    script = (
        f"{harm}\nwith open({path!r}) as file: text = file.read()\ntry: open('x')\nexcept FileNotFoundError: pass\n"
    )
    assert noted(script + "print(text)").said == "1,2"


def test_events_that_only_look_like_ours(noted):
    script = """
class Odd:
    family = type = 2
    def __hash__(self): raise ValueError
for args in ((), (1,), (None, None, None), (Odd(), None, 0), ("\\0", None, 0), (b"\\xff" * 5000, None, 0), (Odd(), 5)):
    for event in ("open", "os.rename", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        sys.audit(event, *args)
def deep(): deep()
try: deep()
except RecursionError: print("as ever")
"""
    assert noted(script).said == "as ever"


def test_it_is_silent_when_the_interpreter_ends(noted):
    script = """
class Last:
    def __del__(self, open=open): open("last", "w").close()
sys.last = Last()
import atexit
atexit.register(lambda: open("in.csv").close())
"""
    assert ["r", "in.csv", 3] in noted(script).names


def test_an_exception_of_the_jobs_signal_handler_gets_through(noted):
    script = """
import signal
class TooLate(Exception): pass
def late(*_): raise TooLate
signal.signal(signal.SIGALRM, late)
signal.setitimer(signal.ITIMER_REAL, 0.2)
number = 0
try:
    while True:
        number += 1
        sys.audit("os.rename", "x", f"y{number % 9000}")
except TooLate: print("told")
"""
    assert noted(script).said == "told"


def test_without_a_record_folder_nothing_happens(python: Python, tmp_path: Path):
    done = python(BEGIN + "open('x', 'w').close(); print(sorted(os.listdir('.')))")
    assert done.stdout == "['lib', 'x']\n", done.stderr
