"""The values of a run's secrets: read where the spec says, looked for in what the run leaves behind."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from orchestrator.agent import wire
from orchestrator.agent.redact import NO_SECRETS, Secrets, read_values
from orchestrator.errors import UsageError
from orchestrator.execution.live import LiveRun, secrets_folder
from orchestrator.execution.untrusted import open_regular
from orchestrator.plan import Plan

MAX_SIZE = 1 << 20


def read(references: Mapping[str, str]) -> dict[str, bytes]:
    """What ``env:NAME`` and ``file:PATH`` stand for on this machine, by the secrets' names.

    Raises:
        UsageError: one of them cannot be read. The message holds no value.
    """
    return {name: _value(name, reference) for name, reference in references.items()}


def readable(references: Mapping[str, str]) -> dict[str, bytes]:
    """Those of them that can be read here: a plan can be made on a machine that does not have them."""
    found = {}
    for name, reference in references.items():
        with contextlib.suppress(UsageError):
            found[name] = _value(name, reference)
    return found


def refuse(secrets: Secrets, text: bytes) -> None:
    """A spec and a plan are recorded: they name secrets, and hold none.

    Raises:
        UsageError: this one does.
    """
    if (name := secrets.first_in(text)) is not None:
        raise UsageError(
            f"the value of the secret {name} stands in the spec: it would be recorded",
            hint=f"let the job read it from {wire.SECRETS}/{name}",
        )


def of(plan: Plan, run: LiveRun) -> Secrets | None:
    """The values that a run was given; None where they are gone.

    They lie on a tmpfs as long as the run does. After a restart of the machine nobody knows them any more: where the
    plan's references lead by then may be other values.
    """
    if not plan.secrets:
        return NO_SECRETS
    values = read_values(str(secrets_folder(run.request.id)))
    return Secrets(values) if plan.secrets.keys() <= values.keys() else None


def _value(name: str, reference: str) -> bytes:
    kind, _, where = reference.partition(":")
    try:
        value = os.environb[where.encode()] if kind == "env" else _file(name, Path(where).expanduser())
    except KeyError:
        raise UsageError(f"secret {name}: {where} is not set here", hint=f"export {where}, then try again") from None
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "there is no such home"
        raise UsageError(f"secret {name}: {where}: {why}", hint="put the value there, then try again") from None
    if len(value) > MAX_SIZE:
        raise UsageError(f"secret {name}: {reference} has more than {MAX_SIZE} bytes", hint="mount it as data")
    return value


def _file(name: str, path: Path) -> bytes:
    if not path.is_absolute():
        raise UsageError(
            f"secret {name}: file:{path} is relative, and would be another file wherever a replay is started",
            hint="name it from the root, or from ~",
        )
    with open_regular(path.resolve(strict=True)) as stream:
        return stream.read(MAX_SIZE + 1)
