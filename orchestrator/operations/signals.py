"""A wish to stop, from a signal handler to whoever can act on it."""

from __future__ import annotations

import signal

from orchestrator.errors import Interrupted


class Stop:
    """Before a job runs, a signal ends the command; while it runs, the job is asked to end and recorded first."""

    def __init__(self) -> None:
        self.requested: int | None = None
        self._untold: int | None = None
        self._shielded = False

    def request(self, number: int) -> None:
        """To be called by a signal handler. The second request of a running job kills it.

        Raises:
            Interrupted: nothing runs that has to be recorded.
        """
        if not self._shielded:
            raise Interrupted("interrupted", number)
        self._untold = signal.SIGKILL if self.requested else number
        self.requested = number

    def shield(self) -> None:
        """From now on a job runs."""
        self._shielded = True

    def take(self) -> int | None:
        """The signal to pass to the job, once."""
        untold, self._untold = self._untold, None
        return untold

    def raise_if_requested(self, run_id: str) -> None:
        """End the command, now that the run is recorded."""
        if self.requested:
            raise Interrupted(f"run {run_id} was stopped and recorded", self.requested)
