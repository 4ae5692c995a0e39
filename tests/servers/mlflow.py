"""A real MLflow server for the tests: its own interpreter, SQLite and files in a folder of its own, a free port.

MLflow's server is large, and its requirements are not ours: it is installed once, where the tests keep downloads.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import kept
import requests
from servers.loopback import HOST, free_port

from orchestrator.operations.mlflow_export import QUIET

VERSION = "3.17.2"
_WITHIN = 120


def interpreter() -> Path:
    """A Python that has MLflow, server and all."""
    return kept.interpreter("mlflow-server", f"mlflow=={VERSION}")


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Run a server; yields its address."""
    port = free_port()
    stores = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "files")]
    words = [interpreter(), "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1", *stores]
    quiet = {**os.environ, **QUIET, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log.txt").open("wb") as log:
        server = subprocess.Popen(words, cwd=folder, env=quiet, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait(server, f"http://{HOST}:{port}/health", folder / "log.txt")
            yield f"http://{HOST}:{port}"
        finally:
            server.terminate()
            server.wait(30)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + _WITHIN
    while True:
        with contextlib.suppress(requests.RequestException):
            if requests.get(address, timeout=5).ok:
                return
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"no MLflow server came up: {log.read_text()[-3000:]}")
        time.sleep(0.1)
