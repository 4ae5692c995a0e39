"""What a run used and reached for, as `show` writes it."""

from __future__ import annotations

from types import SimpleNamespace

import click

from orchestrator.cli.render import inputs
from orchestrator.execution.accesses import Accesses, Connection, InputFile, InputFolder
from orchestrator.execution.system import GpuUsage, Usage
from orchestrator.operations.observed import Observed
from orchestrator.runspec.model import Resources

PLAN = SimpleNamespace(
    resources=Resources(cpus=2),
    data={"b": SimpleNamespace(mount="/data/b"), "a": SimpleNamespace(mount="/data/a")},
)


def sections(accesses: Accesses | None, *hints: str) -> str:
    return click.unstyle("\n".join(inputs.sections(Observed(None, accesses, hints), PLAN)))


def test_what_was_used():
    gpus = (
        GpuUsage(index=0, name="H100", utilisation_mean=86.6, memory_peak=6e9, memory_total=85e9, power_peak=310.25),
        GpuUsage(index=3, memory_peak=6e9),
    )
    usage = Usage(samples=9, seconds=4, cpu_mean=1.31, memory_peak=412_000_000, disk_written=3_000_000, gpus=gpus)
    assert inputs.used(usage, PLAN) == [
        ("used", "1.3 of 2 CPUs, 412.0 MB at most, 3.0 MB written"),
        ("gpu 0", "H100: 87 % busy, 6.0 GB of 85.0 GB at most, 310 W at most"),
        ("gpu 3", "6.0 GB at most"),
    ]


def test_what_was_not_told():
    assert inputs.used(None, PLAN) == []
    assert inputs.used(Usage(samples=1, seconds=0), PLAN) == [("used", "not told")]


def test_inputs_by_kind():
    found = Accesses(
        files=tuple(
            InputFile(path=path, size=10, kind=kind)
            for path, kind in (("/data/a/1", "data"), ("/workspace/job.py", "code"), ("/usr/\x1b", "image"))
        ),
        folders=(
            InputFolder(path="/data/a/many", files=60, size=990, kind="data"),
            InputFolder(path="/proc/self", files=51, size=0, kind="host"),
        ),
        connections=(Connection(host="a.example", port=443, tries=2), Connection(host="b.example", port=0, tries=1)),
        unread=("b",),
        missed=7,
    )
    assert sections(found).splitlines() == [
        "",
        "inputs",
        "  data a       61 files, 1.0 kB",
        "  code         1 file, 10 B",
        "  image        1 file, 10 B: /usr/\\x1b",
        "  host         51 files, 0 B: /proc/self/",
        "  reached for  a.example:443, b.example",
        "  …            7 more accesses are not listed",
    ]


def test_long_lists_are_cut():
    many = tuple(InputFile(path=f"/usr/{number:02}", size=1, kind="image") for number in range(13))
    assert sections(Accesses(files=many)).endswith("/usr/09 and 3 more")


def test_hints_come_last():
    assert sections(None, "declare it", "and this") == "\nhints\n  declare it\n  and this"
    assert sections(None) == sections(Accesses(unread=("a", "b"))) == ""


def test_programs_get_all_of_it():
    usage, accesses = Usage(samples=1, seconds=0), Accesses()
    told = inputs.data(Observed(usage, accesses, ("x",)))
    assert told == {
        "usage": usage.model_dump(mode="json"),
        "accesses": accesses.model_dump(mode="json"),
        "hints": ["x"],
    }
    assert inputs.data(Observed(None, None, ())) == {"usage": None, "accesses": None, "hints": []}
