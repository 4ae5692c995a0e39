"""Answering a registry that asks who we are: Basic, or a bearer token from the realm it names."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from orchestrator.registry.challenge import Challenge
from orchestrator.registry.credentials import Credentials
from orchestrator.registry.errors import Refused, RegistryProblem
from orchestrator.registry.origins import Origin, check_redirect, may_be_told
from orchestrator.registry.transport import Transport

_MAX_TOKEN = 1 << 18


class Authority:
    """Knows what to put into ``Authorization`` for one registry. Threads share it.

    Args:
        registry: the only origin that credentials belong to.
        scope: what is asked of a realm: ``repository:NAME:pull,push``, several apart by blanks.
        credentials: looked up when they are first asked for.
    """

    def __init__(
        self, registry: Origin, scope: str, credentials: Callable[[], Credentials | None], transport: Transport
    ) -> None:
        self._registry = registry
        self._scope = scope
        self._find = credentials
        self._found: tuple[Credentials | None] | None = None
        self._transport = transport
        self._header: str | None = None
        self._secrets: set[str] = set()
        self._lock = threading.Lock()

    def header(self) -> str | None:
        """What the registry accepted, or is to be tried, so far."""
        return self._header

    def answer(self, challenge: Challenge, refused: str | None) -> bool:
        """Take up a challenge that came upon the header ``refused``; False where there is nothing new to say.

        Raises:
            Refused: the realm does not know us.
            RegistryProblem: the realm is no place that we may talk to.
        """
        with self._lock:
            if self._header != refused:
                return True  # another thread has taken it up meanwhile
            known = self._credentials()
            answered = self._bearer(challenge, known) if challenge.scheme == "bearer" else known and known.basic
            if not answered or (answered == refused and challenge.scheme == "basic"):
                return False
            self._header = answered
            return True

    @property
    def knows_us(self) -> bool:
        """Whether there are credentials for this registry."""
        return self._credentials() is not None

    def mask(self, text: str) -> str:
        """A text of the registry's without what we have told it in confidence."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def _credentials(self) -> Credentials | None:
        if self._found is None:
            self._found = (self._find(),)
            self._secrets.update(self._found[0].secrets if self._found[0] else ())
        return self._found[0]

    def _bearer(self, challenge: Challenge, known: Credentials | None) -> str:
        realm = challenge.parameters.get("realm", "")
        place = Origin.of(realm)
        check_redirect(self._registry, place)
        if known and not may_be_told(self._registry, place):
            raise RegistryProblem(
                f"{self._registry} wants its password told to {place}, which is another domain, or not encrypted",
                hint="nothing was sent there; ask who runs the registry",
            )
        asked = [("service", challenge.parameters.get("service", ""))]
        asked += [("scope", scope) for scope in self._scope.split()]
        token = self._token(realm, [pair for pair in asked if pair[1]], known)
        self._secrets.add(token)
        return f"Bearer {token}"

    def _token(self, realm: str, asked: list[tuple[str, str]], known: Credentials | None) -> str:
        if known and known.identity_token:
            trade = [("grant_type", "refresh_token"), ("client_id", "orchestrator")]
            form = urlencode([*trade, ("refresh_token", known.identity_token), *_one_scope(asked)]).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._transport.send("POST", realm, headers, form)
        else:
            joint = "&" if urlsplit(realm).query else "?"
            headers = {"Authorization": known.basic} if known else {}
            answer = self._transport.send("GET", realm + joint + urlencode(asked), headers)
        status, body = answer.status, answer.whole(_MAX_TOKEN)
        if status in (400, 401, 403):
            raise Refused(f"{Origin.of(realm)} gives {self._registry} no token for us (status {status})")
        if status != 200:
            raise RegistryProblem(f"{Origin.of(realm)} answers with status {status} when asked for a token")
        return _parse(body, realm)


def _one_scope(asked: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """OAuth 2 has the scopes in one parameter."""
    scopes = " ".join(value for name, value in asked if name == "scope")
    return [*(pair for pair in asked if pair[0] != "scope"), ("scope", scopes)]


def _parse(body: bytes, realm: str) -> str:
    try:
        said = json.loads(body)
        token = said.get("token") or said["access_token"]
    except (ValueError, KeyError, AttributeError, RecursionError):
        token = None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token:
        raise RegistryProblem(f"{Origin.of(realm)} answers with something else than a token")
    return token
