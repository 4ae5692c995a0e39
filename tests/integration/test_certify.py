"""`submit --certify`: a run is replayed at once, and the answer stays with it. And why a replay is not the same."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from desk import GATE, Desk, wait_for

from orchestrator import operations
from orchestrator.errors import Interrupted
from orchestrator.operations.execute import Watcher
from orchestrator.operations.signals import Stop
from orchestrator.run import CertificateRecord, Run

pytestmark = pytest.mark.engine

CLOCK_AND_CHANCE = """
import os, random, threading, time, uuid, orchestrator
for step in range(3):
    orchestrator.log_metric("loss", random.SystemRandom().random() + time.time() % 1)
    time.sleep(0.01)
with open("/outputs/names.txt", "w") as file:
    file.write(f"{uuid.uuid4()} {time.time_ns()} {os.urandom(4)}")
"""


def certified(desk: Desk, script: str, **spec: object) -> tuple[Run, CertificateRecord]:
    done = operations.certify(desk.workspace, desk.write(script, **spec))
    assert done.run is not None
    assert done.certificate is not None
    assert desk.show(done.run).certificate == done.certificate
    return done.run, done.certificate


def test_clock_and_chance_come_back(desk: Desk):
    run, certificate = certified(desk, CLOCK_AND_CHANCE)
    assert (certificate.answer, certificate.causes, certificate.comparators) == ("bit-exact", (), ())
    assert run.facts.clock is not None
    assert run.facts.determinism["processes"] >= 1
    assert run.facts.determinism["draws"] >= 1
    (verdict,) = desk.show(run).verdicts
    assert (verdict.replay, verdict.causes) == (certificate.replay, ())
    again = operations.replay(desk.workspace, certificate.replay)
    assert again.verdict.answer == "identical", "a replay of the replay"
    assert again.replay.facts.clock == run.facts.clock


def test_a_job_that_fails_has_its_failure_certified(desk: Desk):
    run, certificate = certified(desk, "import sys; sys.exit(3)")
    assert (run.status, certificate.answer) == ("failed", "bit-exact")
    assert desk.cli("submit", "runspec.yaml", "--certify").returncode == 1, "it has failed all the same"


def test_the_commands_say_so(desk: Desk):
    desk.write(CLOCK_AND_CHANCE)
    done = desk.cli("submit", "runspec.yaml", "--certify")
    assert done.returncode == 0, done.stderr.decode()
    assert b"certified  bit-exact, by replay " in done.stdout
    assert b"certified    bit-exact, by replay " in desk.cli("show", "last~1").stdout
    shown = json.loads(desk.cli("show", "last~1", "--json").stdout)
    assert shown["data"]["certificate"]["answer"] == "bit-exact"
    assert json.loads(desk.cli("show", "last", "--json").stdout)["data"]["certificate"] is None, "the replay has none"


def test_what_does_not_come_back_is_no_success(desk: Desk):
    desk.write(CLOCK_AND_CHANCE, determinism="off")
    done = desk.cli("submit", "runspec.yaml", "--certify", "--json")
    assert done.returncode == 1
    data = json.loads(done.stdout)["data"]
    assert data["status"] == "finished"
    assert data["certificate"]["answer"] == "not replayable"
    assert data["certificate"]["causes"] == ["controls: none in force (`determinism: standard`)"]
    assert b"may be the cause:\n  \xc2\xb7 controls: none in force" in desk.cli("replay", data["id"]).stdout


def test_a_file_that_says_the_same_is_exact_by_content(desk: Desk):
    script = """
import gzip
with gzip.open("/outputs/model.gz", "wb") as file:
    file.write(b"weights" * 100)
import time; time.sleep(1.1)
"""
    run, certificate = certified(desk, script, determinism={"level": "standard", "clock": "off"})
    assert run.facts.clock is None
    assert certificate.answer == "exact by content"
    assert certificate.comparators == ("gzip",)
    assert any("all but" in cause and "clock" in cause for cause in certificate.causes)
    done = desk.cli("submit", "runspec.yaml", "--certify")
    assert done.returncode == desk.cli("replay", "last~1").returncode == 1, "the policy is `exact`"
    assert b"exact by content" in done.stdout
    assert b"`artifacts: content` would" in done.stderr
    desk.write(script, determinism={"clock": "off"}, verify={"artifacts": "content"})
    assert desk.cli("submit", "runspec.yaml", "--certify").returncode == 0


def test_what_the_spec_allows_holds(desk: Desk):
    spec = {"determinism": "off", "verify": {"metrics": {"loss": {"abs": 9}}, "artifacts": "ignore"}}
    _, certificate = certified(desk, CLOCK_AND_CHANCE, **spec)
    assert (certificate.answer, certificate.holds) == ("within policy", True)


LONGER = """
import os, time
began = int(open("/proc/1/stat").read().split()[21]) / os.sysconf("SC_CLK_TCK")  # of another process: not owned
again = began > time.monotonic()  # which is the recorded one
open("/outputs/times", "w").write(repr([time.time() for _ in range(500 if again else 5)]))
"""


def test_readings_beyond_the_record_are_told(desk: Desk):
    run, certificate = certified(desk, LONGER)
    assert certificate.answer == "not replayable"
    assert certificate.causes[0] == "clock: 495 readings beyond the record; real time went on from there"
    assert run.facts.notes == ()
    replay = operations.show(desk.workspace, certificate.replay).run
    assert "495 clock readings beyond the record: real time went on from there" in replay.facts.notes


def test_static_programs_are_told(desk: Desk):
    script = "import subprocess, uuid; subprocess.run(['/sbin/ldconfig', '--version'], check=True); print(uuid.uuid4())"
    run = desk.submit(script)
    assert run.status == "finished"
    assert run.facts.determinism["static_programs"] == 1
    assert any("linked statically" in note for note in run.facts.notes)


def test_a_stop_between_leaves_the_run_without_a_certificate(desk: Desk):
    desk.write(GATE)
    command = desk.start("submit", "runspec.yaml", "--certify")
    first = desk.live()
    desk.let_go(first)
    wait_for(lambda: not first.exists() or None)
    replay = desk.live("record/started.json")
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=120)
    assert command.returncode == 130
    assert f"run {first.name} is recorded, and not certified".encode() in said
    shown = operations.show(desk.workspace, first.name)
    assert (shown.run.status, shown.certificate) == ("finished", None)
    assert operations.show(desk.workspace, replay.name).run.status == "killed"


def test_a_run_that_was_stopped_is_not_certified(desk: Desk):
    stop = Stop()
    watcher = Watcher(stop=stop, console=lambda piece: stop.request(signal.SIGTERM))
    with pytest.raises(Interrupted):
        operations.certify(desk.workspace, desk.write("import time; print(1); time.sleep(600)"), watcher=watcher)
    (run,) = desk.recorded()
    assert (run.status, desk.show(run).certificate) == ("killed", None)


def test_a_timeout_is_no_end_to_come_back(desk: Desk):
    done = operations.certify(desk.workspace, desk.write("import time; time.sleep(600)", resources={"timeout": 1}))
    assert done.run is not None
    assert (done.run.status, done.certificate) == ("killed", None)
    assert f"run {done.run.id} is not certified: it was killed" in desk.said


def test_in_the_background_it_cannot_be(desk: Desk):
    desk.write("")
    assert desk.cli("submit", "runspec.yaml", "--certify", "--detach").returncode == 2


def test_without_identity_the_container_has_a_name_and_a_job_a_number_of_their_own(desk: Desk):
    script = "import os, socket; print(socket.gethostname(), os.getpid())"
    fixed = desk.seen(script)[1]["stdout"].split()
    assert fixed == [b"orchestrator", b"32"]
    free = desk.seen(script, determinism={"level": "standard", "identity": "off"})[1]["stdout"].split()
    assert free[0] != fixed[0]
    assert int(free[1]) < 32


def test_the_first_process_is_not_preloaded(desk: Desk):
    script = """
import json
maps = {name: "libinterpose" in open(f"/proc/{name}/maps").read() for name in ("1", "self")}
print(json.dumps(maps))
"""
    assert desk.answers(script) == {"1": False, "self": True}


def test_a_clock_that_is_gone_stops_the_replay(desk: Desk):
    run = desk.submit(CLOCK_AND_CHANCE)
    assert run.facts.clock is not None
    Path(desk.place(run.facts.clock)).unlink()
    done = desk.cli("replay", run.id)
    assert done.returncode == 5
    assert list(desk.workspace.live.iterdir()) == []
