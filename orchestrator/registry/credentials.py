"""Who we are at a registry: what ``docker login`` left in Docker's config, or its credential helper knows."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator import process
from orchestrator.errors import EnvironmentProblem

_IDENTITY = "<token>"
_MAX_CONFIG = 1 << 20


@dataclass(frozen=True)
class Credentials:
    """A user and a password, or an identity token to trade in for others. None of it is ever printed."""

    user: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of an ``Authorization`` header."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in any message."""
        encoded = self.basic.removeprefix("Basic ") if self.password else ""
        return tuple(filter(None, (self.password, self.identity_token, encoded)))


def config_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Docker's config: in $DOCKER_CONFIG, by default ~/.docker."""
    folder = environment.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"


def find(host: str, file: Path) -> Credentials | None:
    """The credentials for a registry: from its own helper, the common helper, or the config itself, as Docker does.

    Raises:
        EnvironmentProblem: the config cannot be read.
    """
    config = _read(file)
    helper = _table(config, "credHelpers").get(host) or config.get("credsStore")
    if helper and (found := _ask(str(helper), host)):
        return found
    for name, entry in _table(config, "auths").items():
        if _host(name) == host and isinstance(entry, dict):
            return _entry(entry, host, file)
    return None


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            config = json.loads(stream.read(_MAX_CONFIG))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise EnvironmentProblem(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError):
        raise EnvironmentProblem(f"{file} is no JSON", hint="`docker login` writes it anew") from None
    return config if isinstance(config, dict) else {}


def _table(config: dict[str, Any], name: str) -> dict[str, Any]:
    table = config.get(name)
    return table if isinstance(table, dict) else {}


def _host(name: str) -> str:
    """The host of an entry, which older versions of Docker wrote as a URL."""
    return re.sub(r"^https?://", "", name).partition("/")[0].lower()


def _entry(entry: dict[str, Any], host: str, file: Path) -> Credentials | None:
    if token := entry.get("identitytoken"):
        return Credentials(identity_token=str(token))
    if not entry.get("auth"):
        return None
    try:
        user, _, password = base64.b64decode(str(entry["auth"]), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError):
        raise EnvironmentProblem(
            f"{file}: the entry for {host} cannot be decoded", hint=f"`docker login {host}`"
        ) from None
    return Credentials(user, password.rstrip("\0"))


def _ask(helper: str, host: str) -> Credentials | None:
    """What ``docker-credential-HELPER get`` answers. It is told the host on stdin; nothing secret is in an argument."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+", helper):
        raise EnvironmentProblem(f"Docker's config names a credential helper that cannot be one: {helper!r}")
    try:
        said = json.loads(process.run([f"docker-credential-{helper}", "get"], stdin=host.encode()))
        user, secret = str(said["Username"]), str(said["Secret"])
    except process.ProgramFailed:
        return None  # its way of saying that it knows none
    except (ValueError, KeyError, TypeError):
        raise EnvironmentProblem(f"docker-credential-{helper} answered with something else than credentials") from None
    return Credentials(identity_token=secret) if user == _IDENTITY else Credentials(user, secret)
