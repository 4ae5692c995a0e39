"""Whatever dies, and whenever: the next command adopts what runs, records how the rest ended, and leaves nothing."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import docker
import pytest
from desk import GATE, Desk, wait_for

from orchestrator import operations

pytestmark = pytest.mark.engine

LOGGING = (
    "import orchestrator\nfor step in range(100):\n    orchestrator.log_metric('loss', 1 / (step + 1))\n"
    "print('before', flush=True)\n" + GATE + "orchestrator.log_metric('last', 1.0)\nprint('after')\n"
)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def statuses(desk: Desk) -> list[str]:
    done = desk.cli("ls", "--json")
    assert done.returncode == 0, done.stderr.decode()
    return [row["status"] for row in json.loads(done.stdout)["data"]["runs"]]


def check_whole(desk: Desk) -> None:
    """One run is recorded, with all that the job said and logged; nothing is left over."""
    (run,) = desk.recorded()
    assert (run.status, run.facts.notes) == ("finished", ())
    shown = desk.show(run)
    assert (len(shown.metrics["loss"]), len(shown.metrics["last"])) == (100, 1)
    assert desk.blob(run.facts.stdout) == b"before\nafter\n"
    wait_for(lambda: not desk.containers())
    assert [row.id for row in operations.ls(desk.workspace)] == [run.id]


def test_a_run_whose_command_was_killed_is_adopted(desk: Desk):
    desk.write(LOGGING)
    command = desk.start("submit")
    folder = desk.live()
    kill(command)
    assert statuses(desk) == ["running"]
    assert desk.containers() == [f"/orchestrator-{folder.name}"]
    desk.let_go(folder)
    check_whole(desk)


def test_its_adopter_may_be_killed_too(desk: Desk):
    desk.write(LOGGING)
    command = desk.start("submit")
    folder = desk.live()
    kill(command)
    for _ in range(2):
        assert statuses(desk) == ["running"]
        for process in holders(folder):
            process.kill()
        wait_for(lambda: not holders(folder))
    assert statuses(desk) == ["running"]
    desk.let_go(folder)
    check_whole(desk)


class Holder:
    """A process that looks after a run: it has the run's lock open."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def kill(self) -> None:
        import os

        os.kill(self.pid, signal.SIGKILL)


def descriptors(process: Path) -> list[Path]:
    try:
        return list((process / "fd").iterdir())
    except OSError:  # it has just ended
        return []


def holders(folder: Path) -> list[Holder]:
    found = []
    for link in (link for process in Path("/proc").glob("[0-9]*") for link in descriptors(process)):
        try:
            if str(link.readlink()) == str(folder / "lock"):
                found.append(Holder(int(link.parts[2])))
        except OSError:
            continue
    return found


def test_a_run_that_ended_meanwhile_is_recorded(desk: Desk):
    desk.write(LOGGING)
    command = desk.start("submit")
    folder = desk.live()
    kill(command)
    desk.let_go(folder)
    wait_for((folder / "record" / "exit.json").exists)
    assert statuses(desk) == ["finished"]
    check_whole(desk)


@pytest.mark.parametrize("file", ["request.json", "record/job.json", "record/started.json", "record/exit.json"])
def test_killed_at_any_step_it_is_recorded_once(desk: Desk, file):
    desk.write("print('said')")
    command = desk.start("submit")
    folder = desk.live(file)
    kill(command)
    assert statuses(desk) in (["running"], ["lost"], ["finished"])
    (run,) = desk.recorded()
    assert run.id == folder.name
    assert run.status in ("lost", "finished")
    if run.status == "finished":
        assert desk.blob(run.facts.stdout) == b"said\n"
    else:
        assert run.outcome is None
        assert len(run.facts.notes) == 1
    assert statuses(desk) == [run.status]
    wait_for(lambda: not desk.containers())
    assert not list(Path("/dev/shm").glob(f"orchestrator-*-{run.id}"))


def test_a_folder_that_was_never_finished_is_cleared_away(desk: Desk):
    folder = desk.workspace.live / "20261123-000000-000000"
    folder.mkdir()
    (folder / "lock").touch()
    assert statuses(desk) == []
    assert not folder.exists()


def test_a_container_that_is_removed_by_hand_means_lost(desk: Desk):
    desk.write(LOGGING)
    command = desk.start("submit", "--json")
    folder = desk.live()
    client = docker.from_env()
    client.api.remove_container(f"orchestrator-{folder.name}", force=True)
    client.close()
    said, _ = command.communicate(timeout=120)
    assert command.returncode == 1
    data = json.loads(said)["data"]
    assert (data["status"], data["notes"]) == ("lost", ["the container ended without an exit record"])
    (run,) = desk.recorded()
    assert (run.status, run.outcome) == ("lost", None)
    assert desk.blob(run.facts.stdout) == b"before\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_job_and_records_it(desk: Desk, number, code):
    desk.write(LOGGING)
    command = desk.start("submit")
    desk.live()
    command.send_signal(number)
    _, said = command.communicate(timeout=120)
    assert command.returncode == code, said.decode()
    (run,) = desk.recorded()
    assert (run.status, run.facts.notes) == ("killed", ("stopped from outside by signal 15",))
    assert len(desk.show(run).metrics["loss"]) == 100
    wait_for(lambda: not desk.containers())


@pytest.mark.parametrize("file", ["request.json", "record/stdout", "record/started.json"])
def test_a_signal_is_heard_however_early_it_comes(desk: Desk, file):
    desk.write(GATE)
    command = desk.start("submit")
    desk.live(file)
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=120)  # the job itself would never end
    assert command.returncode == 130, said.decode()
    operations.ls(desk.workspace)
    wait_for(lambda: not desk.containers())


def test_a_second_signal_kills_a_job_that_does_not_listen(desk: Desk):
    deaf = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: open('/outputs/told', 'w').close())\n"
    desk.write(deaf + GATE)
    command = desk.start("submit")
    desk.live()
    command.send_signal(signal.SIGINT)
    desk.live("outputs/told")
    command.send_signal(signal.SIGINT)
    command.communicate(timeout=120)
    assert command.returncode == 130
    (run,) = desk.recorded()
    assert run.status in ("killed", "lost")
    wait_for(lambda: not desk.containers())


def test_a_detached_run_goes_on_and_is_followed(desk: Desk):
    desk.write(LOGGING)
    done = desk.cli("submit", "--detach")
    assert done.returncode == 0, done.stderr.decode()
    run_id = done.stdout.decode().strip()
    folder = desk.live()
    assert folder.name == run_id
    follower = desk.start("logs", "-f", run_id)
    assert follower.stdout is not None
    assert follower.stdout.readline() == b"before\n"
    desk.let_go(folder)
    assert follower.communicate(timeout=120)[0] == b"after\n"
    assert follower.returncode == 0
    check_whole(desk)


def test_following_a_run_that_is_just_ending_loses_nothing(desk: Desk):
    desk.write("print('all of it')")
    for _ in range(8):
        run_id = desk.cli("submit", "--detach").stdout.decode().strip()
        assert desk.cli("logs", "-f", run_id).stdout == b"all of it\n"


def test_one_damaged_folder_does_not_stop_the_others(desk: Desk):
    folder = desk.workspace.live / "20261123-000000-000000"
    folder.mkdir()
    (folder / "request.json").write_text("{")
    desk.write("print('said')")
    done = desk.cli("submit")
    assert done.returncode == 0, done.stderr.decode()
    assert str(folder).encode() in done.stderr


def test_many_submits_at_once(desk: Desk):
    desk.write("import orchestrator, os\norchestrator.log_metric('one', 1)\nprint('said')")
    assert desk.cli("lock").returncode == 0
    commands = [desk.start("submit", "--json") for _ in range(12)]
    said = [command.communicate(timeout=300) for command in commands]
    assert [command.returncode for command in commands] == [0] * 12, said
    ids = {json.loads(out)["data"]["id"] for out, _ in said}
    runs = desk.recorded(12)
    assert {run.id for run in runs} == ids
    assert len({(run.plan, run.outcome, run.status) for run in runs}) == 1
    assert {row.id for row in operations.ls(desk.workspace)} == ids
    wait_for(lambda: not desk.containers())
