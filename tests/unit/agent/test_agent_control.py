"""What the job is given that the agent itself is not: each question put to a Python of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

import pytest

from orchestrator.agent import control

Python = Callable[..., "CompletedProcess[str]"]

ENVIRONMENT = """
import json, os, sys
from orchestrator import control
{before}
notes = []
given = control.environment({job!r}, notes)
print(json.dumps([given.get("LD_PRELOAD"), "LD_PRELOAD" in os.environ, given.get("A"), notes]))
"""


def asked(python: Python, job: dict[str, Any], before: str = "") -> tuple[str | None, list[str]]:
    """What the job is preloaded with, and the notes; the agent's own environment stays as it is."""
    done = python(ENVIRONMENT.format(job=job, before=before), A="b")
    assert (done.returncode, done.stderr) == (0, "")
    preload, ours, kept, notes = json.loads(done.stdout)
    assert (ours, kept) == (False, "b")
    return preload, notes


def test_the_job_alone_is_preloaded(python: Python):
    assert asked(python, {"preload": "/etc/passwd"}) == ("/etc/passwd", [])


@pytest.mark.parametrize("job", [{}, {"preload": None}])
def test_an_older_host_asks_for_nothing(python: Python, job: dict[str, Any]):
    assert asked(python, job) == (None, [])


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ("os.confstr = lambda name: {}[name]", "not glibc"),
        ("os.confstr = lambda name: None", "not glibc"),
        ("os.confstr = lambda name: 'glibc 2.27'", "it needs glibc 2.28, the image has 2.27"),
        ("os.uname = lambda: type('', (), {'machine': 'aarch64'})", "this is aarch64"),
        ("sys.maxsize = 2**31 - 1", "x86-64"),
    ],
)
def test_where_it_cannot_be_loaded_programs_start_without_it(python: Python, before: str, why: str):
    preload, notes = asked(python, {"preload": "/etc/passwd"}, before.replace("{}[name]", "int(name)"))
    assert preload is None
    assert why in notes[0]


def test_a_library_that_is_not_there_is_told(python: Python):
    preload, notes = asked(python, {"preload": "/nowhere.so"})
    assert (preload, len(notes)) == (None, 1)


ADDRESSES = """
import subprocess, sys
from orchestrator import control
notes = []
control.fix_addresses({job!r}, notes)
ask = "print(open('/proc/self/personality').read().strip(), id(object()))"
for _ in range(2):
    print(subprocess.run([sys.executable, "-I", "-S", "-c", ask], capture_output=True, text=True, check=True).stdout)
print(notes, "ctypes" in sys.modules)
"""


def test_addresses_are_those_of_the_run_before(python: Python):
    one, other, *rest = python(ADDRESSES.format(job={"fixed_addresses": True}), PYTHONHASHSEED="0").stdout.split("\n\n")
    assert int(one.split()[0], 16) == control.ADDR_NO_RANDOMIZE
    assert one == other
    assert rest == ["[] True\n"]


def test_nothing_is_done_and_nothing_loaded_where_nobody_asks(python: Python):
    one, other, *rest = python(ADDRESSES.format(job={"fixed_addresses": False})).stdout.split("\n\n")
    assert int(one.split()[0], 16) == 0
    assert one != other
    assert rest == ["[] False\n"]


def test_a_kernel_that_refuses_is_no_obstacle(python: Python):
    refuse = """
import ctypes, errno
class Refusing:
    def __init__(self, *_, **__):
        self.personality = self
    def __call__(self, value):
        ctypes.set_errno(errno.EPERM)
        return 0 if value.value == 0xFFFFFFFF else -1
ctypes.CDLL = Refusing
"""
    done = python(refuse + ADDRESSES.format(job={"fixed_addresses": True}))
    assert "['addresses were random: Operation not permitted'] True" in done.stdout
