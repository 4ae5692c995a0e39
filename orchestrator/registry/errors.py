"""What can go wrong between here and a registry."""

from __future__ import annotations

from orchestrator.errors import EnvironmentProblem, ExitCode


class RegistryProblem(EnvironmentProblem):
    """The registry is broken, or does not keep to the protocol."""

    default_hint = "ask who runs the registry; nothing here was changed"


class Transient(RegistryProblem):
    """Another attempt may go better. ``after``: how long the registry asked to be left alone, in its words."""

    default_hint = "try again; what has been transferred whole is not transferred twice"

    def __init__(self, message: str, *, after: str | None = None) -> None:
        super().__init__(message)
        self.after = after


class Unreachable(Transient):
    """The connection could not be made, broke off, or hardly moves."""


class Outdated(Transient):
    """An upload that the registry knows no more: it has to be begun again."""


class Refused(RegistryProblem):
    """The registry knows what we want, and will not do it: wrong password, no rights, read-only."""

    default_hint = "who runs the registry gives the rights; `docker login` changes who you are to it"


class Absent(RegistryProblem):
    """The registry has no such repository, manifest or blob."""

    exit_code = ExitCode.NOT_FOUND
    default_hint = "check the reference"
