"""PID 1 of the container: starts the job as its child, passes signals on, keeps the console, writes how it ended."""

from __future__ import annotations

import _thread
import json
import os
import selectors
import signal
import sys
import time

from . import control, durable, environment, service, wire
from .append import Appender
from .console import Console
from .redact import Secrets, read_values

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

    from .system import Sampler

JOB_PID = 32
"""The job's process id in every run: ids below are used up first. File names and seeds are made of it by libraries."""

GRACE_SECONDS = 10.0
"""Between SIGTERM and SIGKILL."""

NOT_EXECUTABLE, NOT_FOUND = 126, 127
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT)


def main() -> None:
    """Run the job that the record folder describes and end with its exit code."""
    with open(os.path.join(wire.RECORD, wire.JOB), "rb") as stream:
        job = json.load(stream)
    os.environ["PATH"] = os.environ.get("PATH", os.defpath) + ":" + wire.PROGRAMS
    os.environ["ORCHESTRATOR_PYTHON"] = sys.executable  # what its programs run with
    wake = _catch_signals()
    if job.get("fixed_identity", True):
        burn_pids(JOB_PID)
    for name in (wire.STARTED, wire.EXIT):
        durable.reserve(wire.RECORD, name)
    console = Console(wire.RECORD, Secrets(read_values()))
    listener = service.listen()
    samples = Appender(os.path.join(wire.RECORD, wire.SYSTEM))
    notes: list[str] = []
    control.fix_addresses(job, notes)
    surroundings = control.environment(job, notes)
    started = time.time_ns()
    child = start(job["command"], console, surroundings)
    console.close_writing_ends()
    _tell_start(started, child, notes)
    watch = Watch(child, console, wake, job.get("timeout"))
    if listener is not None:
        watch.services.append(service.Service(listener, wire.RECORD, _identity(job)))
    watch.sampler = _sampler(samples)
    status = watch.until_end()
    watch.sampler.close()
    end_everything()
    console.drain()
    if job.get("share"):
        _open_to_everyone(wire.WORKSPACE, wire.OUTPUTS, os.path.join(wire.RECORD, wire.MLFLOW))
    durable.write_json(wire.RECORD, wire.EXIT, _exit_record(status, started, watch, console))
    sys.exit(_code(status))


def _tell_start(started: int, child: int, notes: list[str]) -> None:
    """The job runs by now, and could be in the way of it: that is no reason to leave it alone."""
    about = {"time": started, "pid": child, "environment": environment.describe(), "notes": notes}
    try:
        durable.write_json(wire.RECORD, wire.STARTED, about, flush=False)
    except OSError:
        pass


def burn_pids(wanted: int) -> None:
    """Use up process ids so that the next child gets ``wanted``, where that is still possible.

    Threads take their ids from the same counter as processes, and cost a tenth.
    """
    last = 0
    while last < wanted - 1:
        told: list[int] = []
        ended = _thread.allocate_lock()
        ended.acquire()

        def tell(told: list[int] = told, ended: Any = ended) -> None:
            told.append(_thread.get_native_id())
            ended.release()

        _thread.start_new_thread(tell, ())
        ended.acquire()
        last = told[0]


def start(command: list[str], console: Console, surroundings: dict[str, str]) -> int:
    """Start the command in a session of its own, on the console's pipes, in the working directory. Returns its PID.

    ``surroundings``: its environment.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED)  # one that comes now waits until the child can take it
    child = os.fork()
    if child:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED)
        return child
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(console.writing_ends[0], 1)
        os.dup2(console.writing_ends[1], 2)
        for number in (*_FORWARDED, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED)
        os.closerange(3, 256)
        _be_first_to_go()
        os.execvpe(command[0], command, surroundings)
    except OSError as error:
        os.write(2, ("orchestrator: cannot run %r: %s\n" % (command[0], error.strerror)).encode())
        os._exit(NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE)
    finally:
        os._exit(NOT_EXECUTABLE)


def end_everything() -> None:
    """Kill and reap what the job left running: after the exit record nothing writes any more."""
    if os.getpid() != 1:
        return  # not in a container: "everything" would be everything of this machine
    try:
        os.kill(-1, signal.SIGKILL)
        while True:
            os.waitpid(-1, 0)
    except OSError:
        pass


def _be_first_to_go() -> None:
    """Where memory runs out the kernel ends the job, not the agent: somebody has to tell."""
    try:
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")
    except OSError:
        pass


class Watch:
    """The one loop: console, signals, children, the timeout."""

    def __init__(self, child: int, console: Console, wake: int, timeout: float | None) -> None:
        self.timed_out = False
        self.stopped_by: list[int] = []  # the numbers of the signals that came from outside to end the job
        self._child = child
        self._console = console
        self._wake = wake
        self._deadline = time.monotonic() + timeout if timeout else None
        self._kill_at: float | None = None
        self.services: list[service.Service] = []
        self.sampler: Sampler | None = None

    def until_end(self) -> int:
        """Wait for the job to end; returns its wait status."""
        with selectors.DefaultSelector() as selector:
            for pipe in self._console.pipes():
                selector.register(pipe, selectors.EVENT_READ, self._copy)
            selector.register(self._wake, selectors.EVENT_READ, self._pass_signals_on)
            for one in self.services:
                one.join(selector)
            while True:
                for key, _ in selector.select(self._patience()):
                    key.data(key.fd, selector)
                self._console.refresh()
                status = self._reap()
                if status is not None:
                    return status
                self._enforce_deadlines()
                if self.sampler is not None:
                    self.sampler.refresh()

    def _copy(self, pipe: int, selector: selectors.BaseSelector) -> None:
        self._console.copy(pipe)
        if pipe not in self._console.pipes():
            selector.unregister(pipe)

    def _pass_signals_on(self, wake: int, selector: selectors.BaseSelector) -> None:
        for number in os.read(wake, 4096):
            self._forward(number)

    def _forward(self, number: int) -> None:
        if number == signal.SIGCHLD:
            return
        self._send(number)
        if number in (signal.SIGTERM, signal.SIGINT):
            self.stopped_by.append(int(number))
            self._kill_at = self._kill_at or time.monotonic() + GRACE_SECONDS

    def _reap(self) -> int | None:
        while True:
            try:
                child, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return None
            if child == 0:
                return None
            if child == self._child:
                return status

    def _patience(self) -> float | None:
        sample = self.sampler.due if self.sampler is not None else None
        deadlines = [moment for moment in (self._deadline, self._kill_at, self._console.due, sample) if moment]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _enforce_deadlines(self) -> None:
        now = time.monotonic()
        if self._deadline is not None and now >= self._deadline:
            self.timed_out, self._deadline = True, None
            self._send(signal.SIGTERM)
            self._kill_at = now + GRACE_SECONDS
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        try:
            os.killpg(self._child, number)
        except ProcessLookupError:
            os.kill(self._child, number)  # not reaped yet, so it is there; its group may not be in its first moment


def _sampler(file: Appender) -> Sampler:
    from .system import Sampler  # only now: the job need not wait for it

    return Sampler(file)


def _catch_signals() -> int:
    """A descriptor that yields the number of each signal as a byte."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    for number in (*_FORWARDED, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    return reading


def _identity(job: dict[str, Any]) -> str:
    """What every execution of this plan has in common."""
    return json.dumps([job["command"], job["params"], os.environ.get("ORCHESTRATOR_SEED")], sort_keys=True)


def _code(status: int) -> int:
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _exit_record(status: int, started: int, watch: Watch, console: Console) -> dict[str, object]:
    usage = os.times()
    return {
        "code": _code(status),
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "timed_out": watch.timed_out,
        "stopped_by": watch.stopped_by,
        "oom_kills": environment.oom_kills(),
        "console_bytes_lost": console.lost,
        "console_bytes_folded": console.folded,
        "started": started,
        "ended": time.time_ns(),
        "cpu_seconds": usage.children_user + usage.children_system,
    }


def _open_to_everyone(*folders: str) -> None:
    """Let a host user with another id read and remove what the job made."""
    for top in folders:
        for folder, _, files in os.walk(top):
            _add_mode(folder, 0o777)
            for name in files:
                _add_mode(os.path.join(folder, name), 0o666)


def _add_mode(path: str, bits: int) -> None:
    try:
        state = os.lstat(path)
        if not os.path.islink(path) and state.st_uid == os.getuid():
            os.chmod(path, state.st_mode & 0o777 | bits)
    except OSError:
        pass
