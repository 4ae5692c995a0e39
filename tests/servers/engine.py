"""A Docker Engine of the test's own, which may be killed and started again without anybody else's containers ending."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import docker


class OwnEngine:
    """``dockerd`` on a socket in ``folder``; needs root, as Docker does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = f"unix://{folder / 'docker.sock'}"
        self._log = (folder / "dockerd.log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        for left in ("docker.pid", "exec/containerd/containerd.pid"):
            (self.folder / left).unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [
                "unshare", "--net",  # else it would take the other engine's bridge away
                "dockerd", "--host", self.host, "--data-root", str(self.folder / "data"),
                "--exec-root", str(self.folder / "exec"), "--pidfile", str(self.folder / "docker.pid"),
                "--bridge", "none", "--iptables=false",
            ],
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"},
        )  # fmt: skip
        until = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < until, self.said()
            time.sleep(0.1)

    def kill(self) -> None:
        """End it without a word; its containers go on."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end: it stops its containers first."""
        self._end(signal.SIGTERM)

    def close(self) -> None:
        """End it with all that it has started."""
        if self._process is not None:
            self.stop()
        for pid in self._containerd():
            os.kill(pid, signal.SIGKILL)
        for line in reversed(Path("/proc/mounts").read_text().splitlines()):
            if (mounted := line.split()[1]).startswith(f"{self.folder}/"):
                subprocess.run(["umount", "--lazy", mounted], check=True)
        self._log.close()

    def said(self) -> str:
        return (self.folder / "dockerd.log").read_text()[-2000:]

    def _end(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(60)
        self._process = None

    def _answers(self) -> bool:
        try:
            docker.DockerClient(self.host, timeout=5).ping()
        except Exception:
            return False
        return True

    def _containerd(self) -> list[int]:
        """Its containerd, which outlives it where it is killed."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                argv = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if argv[0].endswith(b"containerd") and str(self.folder).encode() in b" ".join(argv):
                found.append(int(process.name))
        return found
