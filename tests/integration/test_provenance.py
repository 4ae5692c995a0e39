"""What a job reached for while it ran is in its record, and what its plan does not pin is told."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from desk import Desk

from orchestrator.execution.accesses import Connection
from orchestrator.operations.observed import Observed
from orchestrator.run import Run

pytestmark = pytest.mark.engine

JOB = """
import csv, json, multiprocessing, os, pathlib, random, socket, subprocess, sys, urllib.request

from helpers import answer

open("train.csv").read()
pathlib.Path("/data/words/a/b.txt").read_text()
os.close(os.open("/etc/hostname", os.O_RDONLY))
open("/proc/cpuinfo").close()
open("/usr/lib/os-release").close()
for place in ("ckpt.bin", "/outputs/ckpt.bin", "/tmp/ckpt.bin", "/home/job/ckpt.bin", "/dev/shm/ckpt.bin"):
    pathlib.Path(place).write_bytes(b"weights")
    pathlib.Path(place).read_bytes()
open("/opt/env/pyvenv.cfg").close()
open("/run/orchestrator/job.json").close()

def work(number):
    return len(open(f"shards/{number}.txt").read())

with multiprocessing.get_context("fork").Pool(2) as pool:
    pool.map(work, range(3))
subprocess.run([sys.executable, "-c", "import json; json.load(open('config.json'))"], check=True)
with socket.socket() as one:
    try: one.connect(("192.0.2.1", 80))
    except OSError: pass
for _ in range(2):
    try: urllib.request.urlopen("https://example.invalid/data.csv")
    except OSError: pass
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
"""
CODE = {"helpers.py": "answer = 42\n", "config.json": "{}", "train.csv": "1,2\n" * 500_000}
HINTS = (
    "train.csv was read from /workspace, 2.0 MB: declare it under `data`, and pass {data.NAME}",
    "the job tried to reach example.invalid:443: there is no network "
    "(declare the file under `data`, or ask for `network: bridge`)",
    "the job tried to reach 192.0.2.1:80: there is no network "
    "(declare the file under `data`, or ask for `network: bridge`)",
    "data.unused was not read by the job's Python code",
)


def furnish(desk: Desk) -> dict[str, object]:
    """The files of a job; returns the rest of its spec."""
    for name, text in CODE.items():
        (desk.folder / name).write_text(text)
    (desk.folder / "shards").mkdir()
    for number in range(3):
        (desk.folder / "shards" / f"{number}.txt").write_text("x" * number)
    (desk.folder / "words" / "a").mkdir(parents=True)
    (desk.folder / "words" / "a" / "b.txt").write_text("word")
    (desk.folder / "unused.txt").write_text("")
    return {
        "code": {"exclude": ["words/", "unused.txt"]},
        "data": {"words": {"source": "words"}, "unused": {"source": "unused.txt"}},
    }


@pytest.fixture(scope="module")
def desk_of_module(new_desk: Callable[[], Desk]) -> Desk:
    return new_desk()


@pytest.fixture(scope="module")
def run(desk_of_module: Desk) -> Run:
    done = desk_of_module.submit(JOB, **furnish(desk_of_module))
    assert done.status == "finished"
    return done


@pytest.fixture(scope="module")
def seen(desk_of_module: Desk, run: Run) -> Observed:
    return desk_of_module.show(run).observed


def test_each_input_is_known_with_its_size(seen):
    code = ["config.json", "helpers.py", "job.py", "shards/0.txt", "shards/1.txt", "shards/2.txt", "train.csv"]
    inputs = {
        **{f"/workspace/{name}": "code" for name in code},
        "/data/words/a/b.txt": "data",
        "/etc/hostname": "host",
        "/proc/cpuinfo": "host",
        "/usr/lib/os-release": "image",
    }
    found = {one.path: one.kind for one in seen.accesses.files}
    assert {path: kind for path, kind in found.items() if path in inputs or kind in ("code", "data")} == inputs
    sizes = {one.path: one.size for one in seen.accesses.files}
    assert (sizes["/workspace/train.csv"], sizes["/workspace/shards/2.txt"], sizes["/data/words/a/b.txt"]) == (
        2000000,
        2,
        4,
    )


def test_what_belongs_to_the_environment_or_was_made_is_not_listed(seen):
    paths = [one.path for one in seen.accesses.files]
    assert not [path for path in paths if "ckpt" in path or path.startswith(("/opt", "/run", "/usr/lib/python3"))]
    assert seen.accesses.missed == 0


def test_connections_that_were_tried(seen):
    assert seen.accesses.connections == (
        Connection(host="example.invalid", port=443, tries=2),
        Connection(host="192.0.2.1", port=80, tries=1),
    )


def test_what_to_do_about_it(seen):
    assert seen.hints == HINTS


def test_show_tells(desk_of_module, run):
    shown = desk_of_module.cli("show", run.id).stdout.decode()
    inputs = shown.split("\ninputs\n")[1].split("\nhints\n")[0].splitlines()
    rows = {line.split("  ")[1]: line for line in inputs if line.strip()}
    assert rows["data words"].endswith("1 file, 4 B")
    assert rows["code"].strip().startswith("code")
    assert "7 files, 2.0 MB" in rows["code"]
    assert "/usr/lib/os-release" in rows["image"]
    assert "/proc/cpuinfo" in rows["host"]
    assert rows["reached for"].endswith("example.invalid:443, 192.0.2.1:80")
    assert "data unused" not in rows
    assert shown.endswith("\nhints\n" + "".join(f"  {hint}\n" for hint in HINTS))


def test_programs_are_told_too(desk_of_module, run, seen):
    told = json.loads(desk_of_module.cli("--json", "show", run.id).stdout)["data"]
    assert told["hints"] == list(HINTS)
    assert told["accesses"] == seen.accesses.model_dump(mode="json")


def test_submit_ends_with_hints(desk):
    desk.write("open('big.csv').close()")
    (desk.folder / "big.csv").write_text("x" * 100_000)
    done = desk.cli("submit")
    hint = "big.csv was read from /workspace, 100.0 kB: declare it under `data`, and pass {data.NAME}"
    assert done.returncode == 0
    assert done.stderr.decode().splitlines()[-1] == f"hint: {hint}"
    assert hint not in done.stdout.decode()
    assert json.loads(desk.cli("--json", "submit").stdout)["data"]["hints"] == [hint]
    assert desk.cli("--quiet", "submit").stderr == b""


def test_a_run_that_pins_all_it_reads_has_no_hints(desk):
    (desk.folder / "big.csv").write_text("x" * 100_000)
    spec = {"code": {"exclude": ["*.csv"]}, "data": {"big": {"source": "big.csv"}}}
    run = desk.submit("open('/data/big/big.csv').close()", **spec)
    assert desk.show(run).observed.hints == ()


@pytest.mark.parametrize("level", ["off", "standard", "strict"])
def test_it_is_noted_at_every_level_and_is_no_part_of_the_outcome(desk, level):
    scripts = ["print(1)", "print(1)\nopen('/proc/cpuinfo').close()"]
    runs = [desk.submit(script, determinism=level) for script in scripts]
    assert runs[0].outcome == runs[1].outcome
    assert runs[0].facts.accesses != runs[1].facts.accesses


def test_a_job_that_is_no_python_leaves_no_notes(desk):
    run = desk.submit("", run={"command": ["sh", "-c", "cat job.py"]}, data={"job": {"source": "job.py"}})
    seen = desk.show(run).observed
    assert (run.facts.accesses, seen.accesses, seen.hints) == (None, None, ())


HARM = """
import os, sys
file = "/run/orchestrator/accesses.jsonl"
open("job.py").close()
os.path.exists(file) and os.unlink(file)
{harm}
open("/proc/cpuinfo").close()
"""


@pytest.mark.parametrize(
    "harm",
    [
        "os.mkfifo(file)",
        "os.mkdir(file)",
        "os.symlink('/etc/passwd', file)",
        "open(file, 'w').write('[' * 100_000 + '\\n' + 'x' * (70 << 20))",
        'open(file, \'w\').write(\'["r","/usr/\\\\u001b[31m",1]\\n["c","\\\\u001b]0;pwn\\\\u0007.example",1]\\n\')',
        "open(file, 'wb').write(os.urandom(1 << 20))",
        "os.truncate('/run/orchestrator/system.jsonl', 4 << 30)",
        "os.unlink('/run/orchestrator/system.jsonl'); os.symlink('/etc/passwd', '/run/orchestrator/system.jsonl')",
        "os.unlink('/run/orchestrator/system.jsonl'); os.mkfifo('/run/orchestrator/system.jsonl')",
        "open('/run/orchestrator/system.jsonl', 'w').write('{\"time\": 1e999}\\n' + '[' * 100_000)",
    ],
    ids=["a pipe", "a folder", "a link", "long lines", "control", "noise", "sparse", "linked", "piped", "nested"],
)
def test_a_record_that_a_job_has_spoilt_spoils_nothing_else(desk, harm):
    run = desk.submit(HARM.format(harm=harm))
    assert run.status == "finished"
    shown = desk.cli("show", run.id)
    assert shown.returncode == 0
    assert b"\x1b" not in shown.stdout
