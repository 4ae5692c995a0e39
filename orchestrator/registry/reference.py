"""Names in a registry: ``host[:port]/repository[:tag][@digest]``. The host is always written out."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from orchestrator.digest import Digest
from orchestrator.errors import UsageError

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_PART = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_MAX_REPOSITORY = 255
_MAX_HOST = 253
_HINT = "a reference reads HOST[:PORT]/REPOSITORY[:TAG][@sha256:DIGEST]"


@dataclass(frozen=True)
class Reference:
    """A manifest in a registry, or (with neither tag nor digest) a repository."""

    host: str
    """With the port, where it is not the scheme's own."""
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.host}/{self.repository}{tag}{digest}"


def parse(text: str) -> Reference:
    """A reference from its text.

    Raises:
        UsageError: it is none; the message says which part, and where it begins.
    """
    if not text.isascii() or not text.isprintable():
        raise _refuse(text, "has characters that no reference has", _first_odd(text))
    host, slash, rest = text.partition("/")
    if not slash:
        raise _refuse(text, "names no repository", len(text))
    check_host(host, text)
    name, at, digest = rest.partition("@")
    repository, colon, tag = name.partition(":")
    _check_repository(repository, len(host) + 1, text)
    if colon and not _TAG.fullmatch(tag):
        raise _refuse(text, f"{tag!r} is no tag", len(host) + 1 + len(repository) + 1)
    return Reference(host.lower(), repository, tag or None, _digest(digest, text) if at else None)


def looks_like_one(text: str) -> bool:
    """Whether a word on the command line means a place in a registry, and not a run: it begins with a host."""
    host, slash, _ = text.partition("/")
    return bool(slash) and _is_host(host)


def check_host(host: str, text: str) -> None:
    """Raise UsageError where ``host``, the beginning of ``text``, is no host with an optional port."""
    if not _is_host(host):
        raise _refuse(text, f"{host!r} is no host (write it out, as in registry.example.org:5000)", 0)


def _is_host(host: str) -> bool:
    name, port = split_port(host)
    if port is not None and not (port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536):
        return False
    if name.startswith("["):
        return name.endswith("]") and _is_address(name[1:-1], 6)
    labels = name.split(".")
    if labels[-1].isdecimal():
        return _is_address(name, 4)
    known = len(labels) > 1 or port is not None or name.lower() == "localhost"
    return known and len(name) <= _MAX_HOST and all(map(_LABEL.fullmatch, labels))


def split_port(host: str) -> tuple[str, str | None]:
    """A host without its port, and the port's digits."""
    if match := re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*):([^:]*)", host):
        return match[1], match[2]
    return host, None


def _is_address(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version and "%" not in text
    except ValueError:
        return False


def _check_repository(repository: str, at: int, text: str) -> None:
    if not repository:
        raise _refuse(text, "names no repository", at)
    if len(repository) > _MAX_REPOSITORY:
        raise _refuse(text, f"the repository's name is longer than {_MAX_REPOSITORY} characters", at)
    for part in repository.split("/"):
        if not _PART.fullmatch(part):
            raise _refuse(text, f"{part!r} is no part of a repository's name (lower case, digits, single . _ -)", at)
        at += len(part) + 1


def _digest(digits: str, text: str) -> Digest:
    try:
        return Digest(digits)
    except UsageError:
        raise _refuse(text, f"{digits!r} is no sha256 digest", text.index("@") + 1) from None


def _first_odd(text: str) -> int:
    return next(at for at, letter in enumerate(text) if not (letter.isascii() and letter.isprintable()))


def _refuse(text: str, why: str, at: int) -> UsageError:
    return UsageError(f"not a reference: {text!r}, column {at + 1}: {why}", hint=_HINT)
