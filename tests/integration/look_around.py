"""The job of test_run_inside.py: says what it sees, as JSON."""

import contextlib
import errno
import getpass
import grp
import json
import locale
import os
import pwd
import resource
import socket
import sys
import time
from pathlib import Path

import orchestrator


def attempt(act):
    try:
        act()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "done"


def connect(address):
    with socket.socket() as one:
        one.settimeout(5)
        one.connect(address)


def status(name):
    text = Path("/proc/self/status").read_text()
    return next(line.split()[1:] for line in text.splitlines() if line.startswith(name + ":"))


def write(path):
    with open(path, "a") as file:
        file.write("x")


cgroup = {}
for name in ("memory.max", "pids.max", "memory/memory.limit_in_bytes", "pids/pids.max", "cpu/cpu.cfs_quota_us"):
    with contextlib.suppress(OSError):
        cgroup[name.split("/")[-1]] = Path("/sys/fs/cgroup/" + name).read_text().strip()

sys.stdout.write(
    json.dumps(
        {
            "uid": os.getuid(),
            "gid": os.getgid(),
            "groups": os.getgroups(),
            "pid": os.getpid(),
            "session": os.getsid(0),
            "caps": {
                name: status(name)
                for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
            },
            "user": [pwd.getpwuid(os.getuid()).pw_name, getpass.getuser(), grp.getgrgid(os.getgid()).gr_name],
            "home": [
                os.path.expanduser("~"),
                pwd.getpwuid(os.getuid()).pw_dir,
                attempt(lambda: write(os.path.expanduser("~/x"))),
            ],
            "host": socket.gethostname(),
            "interfaces": [name for _, name in socket.if_nameindex()],
            "connect": attempt(lambda: connect(("192.0.2.1", 80))),
            "env": dict(os.environ),
            "zone": time.strftime("%Z", time.localtime(0)),
            "encoding": locale.getpreferredencoding().lower(),
            "stdin": sys.stdin.read(),
            "cwd": os.getcwd(),
            "files": sorted(os.listdir(".")),
            "umask": os.umask(0o22),
            "root": attempt(lambda: write("/x")),
            "etc": attempt(lambda: write("/etc/passwd")),
            "tmp": attempt(lambda: write("/tmp/x")),
            "code": attempt(lambda: write("job.py")),
            "mtime": os.stat("runspec.yaml").st_mtime,
            "outputs": attempt(lambda: write("/outputs/x")),
            "data": Path("/data/words/a/b.txt").read_text(),
            "data_file": Path("/data/one/one.txt").read_text(),
            "data_write": attempt(lambda: write("/data/words/a/b.txt")),
            "data_new": attempt(lambda: write("/data/words/new")),
            "data_mode": attempt(lambda: os.chmod("/data/words/a/b.txt", 0o700)),
            "agent": attempt(lambda: write(orchestrator.__file__)),
            "agent_new": attempt(lambda: write(os.path.dirname(orchestrator.__file__) + "/new.py")),
            "read_only": [
                path
                for path in (
                    "/",
                    "/etc/passwd",
                    "/etc/group",
                    "/data/words",
                    "/data/one/one.txt",
                    os.path.dirname(orchestrator.__file__),
                    "/workspace",
                    "/outputs",
                    "/tmp",
                )
                if os.statvfs(path).f_flag & os.ST_RDONLY
            ],
            "secrets": os.path.exists("/run/secrets"),
            "socket": os.path.exists("/var/run/docker.sock"),
            "chown": attempt(lambda: os.chown("/tmp/x", 0, 0)),
            "setuid": attempt(lambda: os.setuid(0)),
            "mknod": attempt(lambda: os.mknod("/tmp/device", 0o60600, os.makedev(8, 0))),
            "kill": attempt(lambda: os.kill(1, 9)),
            "core": resource.getrlimit(resource.RLIMIT_CORE),
            "cgroup": cgroup,
            "terminal": [os.isatty(n) for n in (0, 1, 2)],
            "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd"))[:4],
        }
    )
)
