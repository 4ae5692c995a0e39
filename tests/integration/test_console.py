"""The console of real jobs: bars that leave little, noise and floods that come through, and a look from elsewhere."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys

import docker
import pytest
from desk import GATE, Desk

from orchestrator import operations
from orchestrator.run import Run

pytestmark = pytest.mark.engine

GIB = 1 << 30


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, desk: Desk, *argv: str) -> None:
        self._master, slave = pty.openpty()
        environment = desk.environment(TERM="xterm")
        environment.pop("NO_COLOR", None)
        self.command = subprocess.Popen(
            [sys.executable, "-m", "orchestrator.cli.main", *argv],
            cwd=desk.folder, env=environment, stdin=slave, stdout=slave, stderr=slave,
        )  # fmt: skip
        os.close(slave)
        self.seen = b""

    def until(self, text: bytes) -> None:
        """Look on until this is seen."""
        while text not in self.seen:
            assert self._more(), self.seen

    def to_the_end(self) -> list[str]:
        """Look on until the command ends; returns the rows that stand there then."""
        while self._more():
            pass
        os.close(self._master)
        assert self.command.wait(timeout=120) == 0, self.seen
        return standing(self.seen.decode())

    def _more(self) -> bool:
        assert select.select([self._master], [], [], 120)[0], self.seen
        try:
            piece = os.read(self._master, 1 << 16)
        except OSError:  # nobody holds the other end any more
            return False
        self.seen += piece
        return True


def standing(seen: str) -> list[str]:
    """What is left on a terminal of endless height."""
    rows, at, column = [""], 0, 0
    for word in re.finditer(r"\r|\n|\x1b\[([0-9;?]*)([A-Za-z])|[^\r\n\x1b]+", seen):
        if word[0] == "\r":
            column = 0
        elif word[0] == "\n":
            at += 1
            rows += [""] * (at + 1 - len(rows))
        elif word[2] == "A":
            at -= int(word[1] or 1)
        elif word[2] == "J":
            rows[at:] = [rows[at][:column]]
        elif word[2] == "K":
            rows[at] = "" if word[1] == "2" else rows[at][:column]
        elif not word[2]:
            rows[at] = rows[at][:column].ljust(column) + word[0] + rows[at][column + len(word[0]) :]
            column += len(word[0])
    return [row for row in rows if row]


BARS = """
import sys
from tqdm import trange

bar = {"mininterval": 0, "miniters": 1, "file": sys.stderr, "ncols": 80}
for epoch in trange(100, desc="epochs", **bar):
    for batch in trange(1000, desc="batches", leave=LEAVE, **bar):
        pass
print("trained")
"""


@pytest.mark.parametrize("leave", [False, True])
def test_the_bars_of_tqdm_leave_how_they_looked_last(desk: Desk, leave):
    done, streams = desk.seen(BARS.replace("LEAVE", str(leave)), image={"requirements": ["tqdm"]})
    assert done.status == "finished", streams["stderr"].decode()
    record = desk.blob(done.facts.stderr)
    lines = record.decode().splitlines()
    assert record == streams["stderr"]
    assert "100/100" in lines[-1]
    assert len([line for line in lines if "batches: 100%" in line]) == (100 if leave else 0)
    assert len(lines) <= (102 if leave else 2)
    assert "\r" not in record.decode()
    assert len(desk.blob(done.facts.console)) < 40 * (len(lines) + 1)
    assert streams["stdout"] == b"trained\n"


CHUNKS = """
import os, random, time
data = b"".join(b"\\r%3d%%" % step for step in range(101)) + b"\\ndone\\n" + b"".join(
    b"\\router %d\\n\\rinner %d\\x1b[A" % (step, step) for step in range(100))
while data:
    size = random.SystemRandom().randrange(1, 30)
    os.write(1, data[:size])
    data = data[size:]
    time.sleep(random.SystemRandom().random() / 1000)
"""


def test_how_the_pipe_cut_it_makes_no_difference(desk: Desk):
    done = desk.submit(CHUNKS, verify={"streams": "exact"})
    assert desk.blob(done.facts.stdout) == b"100%\ndone\nouter 0\nouter 99\ninner 99\n"
    assert operations.replay(desk.workspace, done.id).verdict.answer == "identical"


FLOODS = {
    "lines": "import subprocess; subprocess.run('yes | head -c 1073741824', shell=True, check=True)",
    "no newline": "import os\nfor _ in range(1 << 14): os.write(1, b'x' * (1 << 16))",
    "noise": """
import hashlib, os
digest = hashlib.sha256()
for _ in range(1 << 14):
    piece = os.urandom(1 << 16)
    digest.update(piece)
    while piece:
        piece = piece[os.write(1, piece):]
open("/outputs/sha256", "w").write(digest.hexdigest())
""",
}
PEAK = """
import pathlib
(peak,) = [line for line in pathlib.Path("/proc/1/status").read_text().splitlines() if line.startswith("VmHWM")]
pathlib.Path("/outputs/peak").write_text(peak.split()[1])
"""


@pytest.mark.slow
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_fills_no_memory(desk: Desk, flood):
    done = desk.submit(FLOODS[flood] + PEAK, resources={"memory": "128m"})
    artifacts = desk.artifacts(done)
    assert done.facts.stdout is not None
    place = desk.place(done.facts.stdout)
    try:
        assert (done.status, place.stat().st_size) == ("finished", GIB)
        assert int(artifacts["outputs/peak"]) < 64 << 10
        if "outputs/sha256" in artifacts:
            assert done.facts.stdout.hex == artifacts["outputs/sha256"].decode()
        assert printed(desk, done) == done.facts.stdout.hex
    finally:
        place.unlink()


def printed(desk: Desk, run: Run) -> str:
    """The sha256 of what `logs` prints, in memory that does not hold all of it."""
    with subprocess.Popen(
        [sys.executable, "-m", "orchestrator.cli.main", "logs", run.id],
        env=desk.environment(), stdout=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (GIB // 2, GIB // 2)),
    ) as command:  # fmt: skip
        assert command.stdout is not None
        digest = hashlib.file_digest(command.stdout, "sha256")
    assert command.returncode == 0
    return digest.hexdigest()


ASKING = f"""
import sys
print("first", flush=True)
print("name? ", end="", flush=True)
print("\\r  0%|", end="", file=sys.stderr, flush=True)
print("\\r 50%|##", end="", file=sys.stderr, flush=True)
{GATE}
print("me", flush=True)
print("\\r100%|####", file=sys.stderr, flush=True)
"""


BEGINNING = rb'{"orchestrator": 1, "command": "logs", "data": {"pieces": [{"stream": "stdout", "text": "first\n"}'


def test_another_terminal_sees_what_has_begun(desk: Desk):
    desk.write(ASKING)
    submitting = desk.start("submit")
    folder = desk.live()
    terminal = Terminal(desk, "logs", "-f", folder.name)
    file = desk.start("logs", "-f", folder.name)
    as_json = desk.start("--json", "logs", "-f", folder.name)
    assert file.stdout is not None
    assert as_json.stdout is not None
    terminal.until(b"name? ")
    terminal.until(b"50%|##")
    assert file.stdout.readline() == b"first\n"
    assert as_json.stdout.read(len(BEGINNING)) == BEGINNING
    assert submitting.poll() is None
    desk.let_go(folder)
    assert terminal.to_the_end() == ["first", "name? me", "100%|####"]
    assert file.communicate(timeout=120) == (b"name? me\n", b"100%|####\n")
    document = json.loads(BEGINNING + as_json.communicate(timeout=120)[0])
    assert (
        "".join(piece["text"] for piece in document["data"]["pieces"] if piece["stream"] == "stderr") == "100%|####\n"
    )
    submitting.communicate(timeout=120)
    assert (file.returncode, as_json.returncode, submitting.returncode) == (0, 0, 0)


def test_submit_shows_it_too(desk: Desk):
    desk.write(ASKING)
    terminal = Terminal(desk, "submit")
    folder = desk.live()
    terminal.until(b"50%|##")
    terminal.until(b"name? ")
    desk.let_go(folder)
    rows = terminal.to_the_end()
    assert [row for row in rows if row in ("first", "name? me", "100%|####")] == ["first", "name? me", "100%|####"]
    assert not [row for row in rows if "50%" in row or (row.startswith("name? ") and row != "name? me")]
    assert any("finished" in row for row in rows)


def test_a_pipe_gets_complete_lines_alone(desk: Desk):
    desk.write(ASKING)
    submitting = desk.start("submit")
    desk.let_go(desk.live())
    _, said = submitting.communicate(timeout=120)
    assert submitting.returncode == 0
    assert b"first\n" in said
    assert said.count(b"name? ") == said.count(b"name? me\n") == 1
    assert (said.count(b"\r"), said.count(b"%|")) == (0, 1)


def test_json_is_one_document_whatever_it_is_printed_of(desk: Desk):
    done = desk.submit("import os; os.write(1, 'é \\u2028\\n'.encode() + b'\\xff\\n'); os.write(2, b'e')")
    said = desk.cli("--json", "logs", done.id).stdout.decode()
    document = json.loads(said)
    assert said == json.dumps(document, ensure_ascii=False) + "\n"
    assert document["data"]["pieces"] == [
        {"stream": "stdout", "text": "é \u2028\n\ufffd\n"},
        {"stream": "stderr", "text": "e"},
    ]
    silent = desk.submit("pass")
    assert json.loads(desk.cli("--json", "logs", silent.id).stdout)["data"] == {"pieces": []}


def test_a_live_run_without_following(desk: Desk):
    desk.write(ASKING)
    submitting = desk.start("submit")
    folder = desk.live()
    terminal = Terminal(desk, "logs", folder.name)
    assert terminal.to_the_end()[0] == "first"
    assert desk.cli("logs", folder.name).stdout == b"first\n"
    desk.let_go(folder)
    submitting.communicate(timeout=120)
    assert submitting.returncode == 0


def test_a_line_that_had_begun_when_the_agent_died_is_not_recorded(desk: Desk):
    desk.write(ASKING)
    submitting = desk.start("submit")
    folder = desk.live()
    client = docker.from_env()
    first = client.api.inspect_container(f"orchestrator-{folder.name}")["State"]["Pid"]
    client.close()
    os.kill(first, signal.SIGKILL)
    submitting.communicate(timeout=120)
    (lost,) = desk.recorded()
    assert lost.status == "lost"
    assert desk.blob(lost.facts.stdout) == b"first\n"
