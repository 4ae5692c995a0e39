"""One HTTP exchange: what is sent is what the caller says, what comes back is not trusted to be small or quick."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from orchestrator.registry.errors import RegistryProblem, Unreachable
from orchestrator.registry.origins import Origin, is_loopback

CERTIFICATES = Path("/etc/docker/certs.d")
"""Where Docker looks for the certificates of registries: ``HOST[:PORT]/*.crt``."""
_TIMEOUTS = (10, 60)
"""Seconds for a connection, and for the next byte."""
_CHUNK = 1 << 16
_DIRECT: Any = {"http": None, "https": None, "all": None}
"""No proxies, whatever the environment says."""


class Transport:
    """A pool of connections. No redirect is followed, no cookie kept, no .netrc read, nothing decompressed."""

    def __init__(
        self,
        host: str,
        *,
        certificates: Path = CERTIFICATES,
        connections: int = 8,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = _Session()
        self._session.auth = _as_it_is
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._host = host
        self._authority = next(iter(sorted((certificates / host).glob("*.crt"))), None)
        self._clock = clock

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | IO[bytes] | None = None) -> Answer:
        """One request, and the head of its answer; the body is still to be read.

        Raises:
            Unreachable: no connection, or it broke off.
            RegistryProblem: the certificate is not one that is trusted here.
        """
        known = self._authority is not None and urlsplit(url).netloc == self._host
        try:
            response = self._session.request(
                method,
                url,
                headers={"Accept-Encoding": "identity", "User-Agent": "orchestrator", **headers},
                data=body,
                allow_redirects=False,
                stream=True,
                timeout=_TIMEOUTS,
                verify=str(self._authority) if known else None,
                proxies=_DIRECT if is_loopback(Origin.of(url).host) else None,
            )
        except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
            raise _problem(error, url) from None  # its text may hold a signed URL
        return Answer(response, url, Pace(self._clock))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class Answer:
    """What a server answered: status, headers, and a body that is read as it came over the wire."""

    def __init__(self, response: requests.Response, url: str, pace: Pace) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.url = url
        self._response = response
        self._pace = pace

    def read(self, size: int) -> bytes:
        """The next bytes, at most ``size``; none at the end.

        Raises:
            Unreachable: the connection broke off or hardly moves, or the body is shorter than its head says.
        """
        try:
            data: bytes = self._response.raw.read1(size, decode_content=False) if size else b""
        except (HTTPError, OSError, ValueError) as error:
            raise _problem(error, self.url) from None
        if self._pace.too_slow(len(data)):
            raise Unreachable(f"{Origin.of(self.url)} sends hardly anything")
        return data

    def whole(self, most: int) -> bytes:
        """All of a small body; the connection is free for the next request.

        Raises:
            RegistryProblem: it has more than ``most`` bytes.
            Unreachable: as in :meth:`read`.
        """
        data = bytearray()
        with self._response:
            while chunk := self.read(min(_CHUNK, most + 1 - len(data))):
                data += chunk
                if len(data) > most:
                    raise RegistryProblem(f"{Origin.of(self.url)} answers with more than {most} bytes")
        return bytes(data)

    def close(self) -> None:
        """Leave the rest unread."""
        self._response.close()


class Pace:
    """Notices a body that drips: in each minute a few bytes, so that no timeout strikes and no end comes."""

    _SECONDS = 60
    _LEAST = 60 * 1024

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since = clock()
        self._bytes = 0

    def too_slow(self, more: int) -> bool:
        """Count bytes that have come; whether the last minute brought too few."""
        self._bytes += more
        if self._clock() - self._since < self._SECONDS:
            return False
        few = self._bytes < self._LEAST
        self._since, self._bytes = self._clock(), 0
        return few


def _problem(error: Exception, url: str) -> RegistryProblem:
    place = Origin.of(url)
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            hint = f"put the certificate of who signed it into {CERTIFICATES}/{urlsplit(url).netloc}/ca.crt"
            return RegistryProblem(f"{place}: its certificate is not trusted here: {cause.verify_message}", hint=hint)
    if any(isinstance(cause, TimeoutError | requests.Timeout) for cause in causes):
        return Unreachable(f"{place} does not answer in time")
    said = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), None)
    return Unreachable(f"{place} cannot be reached: {said}" if said else f"{place} broke the connection off")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it was made of: its reason, its arguments, what was at hand when it was raised."""
    left: list[Any] = [error]
    for _ in range(40):
        if not left:
            return
        one = left.pop(0)
        if isinstance(one, BaseException):
            yield one
            left += [getattr(one, "reason", None), *one.args, one.__cause__, one.__context__]


class _Session(requests.Session):
    """One that leaves redirects alone: even where it does not follow them, it would read all that comes with them."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: there is nothing to follow."""


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stands where a password from .netrc would be looked up."""
    return request
