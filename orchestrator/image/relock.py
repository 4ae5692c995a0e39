"""Lock a base image anew: ``python -m orchestrator.image.relock images/python3.11``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.image.debian import relock
from orchestrator.store.local import LocalBlobs


def main(arguments: list[str]) -> None:
    """Relock one folder; the store is at ``$ORCHESTRATOR_HOME`` or temporary.

    Raises:
        OrchestratorError: as :func:`relock` does, with its hint as a note, which a traceback shows.
    """
    try:
        if len(arguments) != 1:
            raise UsageError("which base?", hint="python -m orchestrator.image.relock images/NAME")
        with tempfile.TemporaryDirectory() as scratch:
            home = Path(os.environ.get("ORCHESTRATOR_HOME") or scratch)
            base = relock(Path(arguments[0]), LocalBlobs(home), Path(scratch), _say)
        _say(f"{base.rootfs.diff_id}, {base.rootfs.size / 1e6:.1f} MB, {len(base.debs)} packages")
    except OrchestratorError as error:
        error.add_note(f"hint: {error.hint}")
        raise


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
