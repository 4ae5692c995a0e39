"""Requests to one registry: with who we are, along the redirects that are allowed, its refusals as errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import IO
from urllib.parse import urljoin, urlsplit

from orchestrator.registry import challenge
from orchestrator.registry.errors import Absent, Refused, RegistryProblem, Transient, Unreachable
from orchestrator.registry.origins import Origin, check_redirect, follow, is_loopback
from orchestrator.registry.reference import split_port
from orchestrator.registry.retry import Patience
from orchestrator.registry.tokens import Authority
from orchestrator.registry.transport import Answer, Transport

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_HOPS = 5
_MAX_QUESTIONS = 4
_MAX_ERROR = 1 << 16


@dataclass(frozen=True)
class Request:
    """What a registry is asked for."""

    method: str
    path: str
    """Or a URL of its own."""
    expect: Collection[int]
    """The statuses that are no refusal."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[], bytes | IO[bytes]] | None = None
    """Makes the body, anew for each attempt."""

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method in ("GET", "HEAD")


class Connection:
    """What the verbs of the API speak through."""

    def __init__(self, registry: Origin, authority: Authority, transport: Transport, patience: Patience) -> None:
        self.registry = registry
        self.patience = patience
        self._authority = authority
        self._transport = transport

    def ask(self, request: Request) -> Answer:
        """:meth:`once`, tried again where that may help."""
        return self.patience.keep_trying(lambda: self.once(request))

    def once(self, request: Request) -> Answer:
        """The answer to a request, which has one of the expected statuses; its body is still to be read.

        Raises:
            Transient: no answer, or one that another attempt may better.
            Refused, Absent, RegistryProblem: what else the registry answered.
        """
        url = urljoin(f"{self.registry}/", request.path)
        for _ in range(_MAX_HOPS):
            answer = self._identified(request, url)
            if answer.status in request.expect:
                return answer
            if answer.status not in _REDIRECTS or not request.only_reads:
                raise self._refusal(answer, request)
            answer.close()
            url = follow(url, answer.headers.get("Location", ""))
            check_redirect(self.registry, Origin.of(url))
        raise RegistryProblem(f"{self.registry} sends us round in circles")

    def own(self, location: str | None, base: str) -> str:
        """The URL that an answer gave for the next step of an upload: on this registry, or nowhere.

        Raises:
            RegistryProblem: it leads elsewhere.
        """
        if not location:
            raise RegistryProblem(f"{self.registry} does not say where an upload goes on")
        url = follow(urljoin(f"{self.registry}/", base), location)
        if Origin.of(url) != self.registry:
            raise RegistryProblem(f"{self.registry} wants an upload to go on at {Origin.of(url)}")
        return url

    def _identified(self, request: Request, url: str) -> Answer:
        """Credentials go to the registry itself, and only its own questions for them are answered."""
        at_home = Origin.of(url) == self.registry
        for _ in range(_MAX_QUESTIONS):
            who = self._authority.header() if at_home else None
            identity = {"Authorization": who} if who else {}
            body = request.body() if request.body else None
            answer = self._transport.send(request.method, url, {**request.headers, **identity}, body)
            if answer.status != 401 or not at_home:
                return answer
            asked = challenge.parse(answer.headers.get("WWW-Authenticate", ""))
            if asked is None or not self._authority.answer(asked, who):
                return answer
            answer.close()
        raise Refused(f"{self.registry} asks who we are again and again")

    def _refusal(self, answer: Answer, request: Request) -> RegistryProblem:
        status, place = answer.status, Origin.of(answer.url)
        said = self._authority.mask(_said(answer)) if request.method != "HEAD" else ""
        because = f" ({said})" if said else ""
        if status in _TRANSIENT:
            return Transient(f"{place} answers with status {status}{because}", after=answer.headers.get("Retry-After"))
        if status == 401:
            known = "does not accept our credentials" if self._authority.knows_us else "asks for credentials"
            return Refused(f"{place} {known}{because}", hint=f"`docker login {urlsplit(answer.url).netloc}`")
        if status in (403, 405):
            return Refused(f"{place} does not let us {'read' if request.only_reads else 'write'}{because}")
        if status == 404:
            return Absent(f"{place} does not have {urlsplit(answer.url).path}{because}")
        return RegistryProblem(f"{place} answers with status {status} to {request.method}{because}")


def registry_at(host: str, transport: Transport, *, insecure: bool) -> Origin:
    """How a registry is spoken to: encrypted; on this machine, or where that was asked for, unencrypted if need be."""
    encrypted = Origin.of(f"https://{host}")
    if not (insecure or is_loopback(split_port(host)[0])):
        return encrypted
    try:
        transport.send("GET", f"https://{host}/v2/", {}).close()
    except Unreachable:
        return Origin.of(f"http://{host}")
    return encrypted


def _said(answer: Answer) -> str:
    """The registry's own words, as far as they are few."""
    try:
        errors = json.loads(answer.whole(_MAX_ERROR))["errors"][:3]
        words = [f"{error['code']}: {error.get('message', '')}" for error in errors]
    except (RegistryProblem, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    return re.sub(r"[^ -~]+", " ", "; ".join(words))[:300]
