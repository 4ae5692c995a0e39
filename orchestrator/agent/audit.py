"""Notes which files a Python process reads and writes, and which connections it tries: an audit hook.

Each is a line of :data:`places.ACCESSES`, a JSON array: ``["r", path, size]``, ``["w", path]``, ``["c", host, port]``,
and at the end ``["more", count]`` where it was too much to note. What interpreter and environment are made of is passed
over. The hook sees what goes through Python: a native library that opens files by itself passes it by.

It must not be felt: it raises nothing, imports nothing later on, and costs an event that does not matter a look-up.
Processes that are forked go on with what is known here; those that are started begin anew.
"""

from __future__ import annotations

import atexit
import os
import stat
import sys

from .trail import Trail, quote

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

MOST = {"r": 10_000, "w": 10_000, "c": 1_000}
"""Lines of each kind that a process writes."""

_MOST_FOLDERS = 10_000  # whose real place is remembered
_ACCESS = os.O_WRONLY | os.O_RDWR
_INTERNET = (2, 10)  # AF_INET, AF_INET6: socket is not imported for two numbers
_STREAM = 1  # a datagram socket that is connected sends nothing yet
_HERE = ("", "localhost", "ip6-localhost", "ip6-loopback", "0.0.0.0", "::", "::1", os.uname().nodename)  # noqa: S104


def install(record: str, name: str) -> None:
    """Note accesses from now on in the file ``name`` of the record folder, where there is such a folder."""
    if not os.path.isdir(record):
        return
    recorder = Recorder(Trail(os.path.join(record, name)), _passed_over(record))
    handlers = {
        "open": recorder.opened,
        "os.rename": recorder.renamed,
        "socket.connect": recorder.connected,
        "socket.getaddrinfo": recorder.looked_up,
        "socket.gethostbyname": recorder.looked_up,
    }

    def hook(event: str, args: tuple[Any, ...], find: Any = handlers.get) -> None:
        handler = find(event)
        if handler is not None:
            try:
                handler(*args)
            except (OSError, ValueError, TypeError, AttributeError, RecursionError, MemoryError):
                pass  # not all exceptions: what a signal handler of the job raises may come up here

    sys.addaudithook(hook)


def _passed_over(record: str) -> tuple[str, ...]:
    """How paths begin that need no note."""
    folders = {sys.prefix, sys.exec_prefix, os.path.dirname(os.__file__), "/opt/env", "/opt/orchestrator", record}
    devices = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/std", "/dev/fd/")
    return (*devices, *(folder.rstrip("/") + "/" for folder in sorted(folders)))


def _absolute(path: Any) -> str:
    named = path if isinstance(path, str) else os.fsdecode(path)
    return named if named.startswith("/") else os.path.join(os.getcwd(), named)


class Recorder:
    """What one process reached for so far. Its methods take an event's arguments."""

    def __init__(self, trail: Trail, passed_over: tuple[str, ...]) -> None:
        self._trail = trail
        self._passed_over = passed_over
        self._known: set[tuple[Any, int]] = set()  # absolute path and kind of access
        self._folders: dict[str, str] = {}  # as named -> as it is, links followed
        self._left = dict(MOST)
        self._missed = 0

    def opened(self, path: Any, mode: object, flags: int) -> None:
        """A file is about to be opened, by whatever means."""
        access = flags & _ACCESS
        if (path, access) in self._known or isinstance(path, int):
            return
        named = _absolute(path)
        place = self._place(named, "w" if access else "r")
        if not place or (place, access) in self._known:
            return
        read = access != os.O_WRONLY and not flags & os.O_TRUNC and self._read(place, must_exist=not access)
        written = access != os.O_RDONLY and self._note("w", quote(place))
        if read or written:
            self._known.update([(named, access), (place, access)])

    def renamed(self, source: Any, target: Any, *_: object) -> None:
        """A file is about to get another name: written aside, it is there now."""
        place = self._place(_absolute(target), "w")
        if place:
            self._note("w", quote(place))

    def connected(self, socket: Any, address: Any) -> None:
        """A socket is about to be connected."""
        if socket.family in _INTERNET and socket.type == _STREAM:
            self._reached_for(os.fsdecode(address[0]), address[1])

    def looked_up(self, host: Any, port: Any = None, *_: object) -> None:
        """A name is about to be looked up. An address stands for itself: it is noted when it is connected to."""
        host = os.fsdecode(host)
        if not (":" in host or host.replace(".", "").isdigit()):
            self._reached_for(host, port)

    def _place(self, named: str, kind: str) -> str:
        """Where a file really lies; nothing where it need not be noted, or cannot be any more."""
        if named.startswith(self._passed_over) or named.endswith(".pyc") or "/dist-packages/" in named:
            return ""
        if not self._left[kind]:
            self._miss()
            return ""
        place = os.path.realpath(named) if os.path.islink(named) else self._in_real_folder(*os.path.split(named))
        return "" if place.startswith(self._passed_over) else place

    def _in_real_folder(self, folder: str, name: str) -> str:
        if folder not in self._folders:
            if len(self._folders) > _MOST_FOLDERS:
                self._folders.clear()
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)

    def _read(self, place: str, must_exist: bool) -> bool:
        try:
            state = os.stat(place)
        except OSError:
            if must_exist:
                raise
            return False
        return stat.S_ISREG(state.st_mode) and self._note("r", "%s,%d" % (quote(place), state.st_size))

    def _reached_for(self, host: str, port: Any) -> None:
        if not (host in _HERE or host.startswith(("127.", "::ffff:127.")) or host.endswith(".localhost")):
            self._note("c", "%s,%d" % (quote(host), port if isinstance(port, int) else 0))

    def _note(self, kind: str, rest: str) -> bool:
        if self._left[kind]:
            if self._trail.append('["%s",%s]\n' % (kind, rest)):
                self._left[kind] -= 1
                return True
            self._left = dict.fromkeys(MOST, 0)
        self._miss()
        return False

    def _miss(self) -> None:
        if not self._missed:
            atexit.register(self._tell_missed, os.getpid())
        self._missed += 1

    def _tell_missed(self, process: int) -> None:
        if os.getpid() == process:  # a child has it from here
            self._trail.append('["more",%d]\n' % self._missed)
