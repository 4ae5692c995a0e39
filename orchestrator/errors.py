"""One error hierarchy. Each class owns its exit code and says what to do next; only the CLI's main exits."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a shell or a CI job sees. The table stands in the README and is tested."""

    OK = 0
    FAILED = 1
    """The job failed, or a replay diverged."""
    USAGE = 2
    """A bad spec, flag or argument."""
    ENGINE = 3
    """The engine or this machine's environment."""
    NOT_FOUND = 5
    CORRUPT = 6
    BUG = 70
    """An error that nobody foresaw: the traceback is printed; nothing recorded is lost."""
    INTERRUPTED = 130
    TERMINATED = 143


class OrchestratorError(Exception):
    """Anything we can explain. ``hint`` says what to do next."""

    exit_code: ExitCode = ExitCode.FAILED
    default_hint: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint


class UsageError(OrchestratorError):
    """An argument that cannot be right."""

    exit_code = ExitCode.USAGE


class BadDocument(UsageError):
    """Something that a person wrote cannot be right: carries every finding, each ``place: text``."""

    def __init__(self, findings: list[str], *, hint: str = "") -> None:
        super().__init__("\n".join(findings), hint=hint)
        self.findings = findings


class SpecError(BadDocument):
    """A runspec that cannot be right; a place is ``file:line:col``."""

    default_hint = "`orchestrator schema` prints the fields; docs/runspec.md explains them"


class SettingsError(BadDocument):
    """Settings that cannot be right."""

    default_hint = "`orchestrator config --show-origin` shows what is set where; docs/configuration.md explains it"


class LockError(UsageError):
    """The lock is missing, stale or cannot be resolved."""

    default_hint = "run `orchestrator lock SPEC`"


class EnvironmentProblem(OrchestratorError):
    """This machine lacks something."""

    exit_code = ExitCode.ENGINE
    default_hint = "`orchestrator doctor` names what is missing"


class StoreBusy(EnvironmentProblem):
    """Others are at work on a store of which something is to be removed."""

    default_hint = "nothing is lost: try again later; an export into a pipe that nobody reads counts as work"


class EngineError(EnvironmentProblem):
    """The container engine refused, failed or went away."""


class NotReplayable(EnvironmentProblem):
    """Something the plan names is gone and cannot be rebuilt: this would not be a replay."""

    default_hint = "restore the missing object into the store, or submit a new run"


class NotFound(OrchestratorError):
    """No such run, blob or file."""

    exit_code = ExitCode.NOT_FOUND
    default_hint = "`orchestrator ls` lists the runs"


class Corruption(OrchestratorError):
    """Stored bytes are not what their name says."""

    exit_code = ExitCode.CORRUPT
    default_hint = "do not use this object; restore it from another store or record the run again"


class Interrupted(OrchestratorError):
    """A signal ended the command; ``signum`` becomes exit code 128 + signum."""

    def __init__(self, message: str, signum: int, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.exit_code = ExitCode(128 + signum)
