"""Where a request may go: which redirects are followed, and who may be told a password."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import urljoin, urlsplit

from orchestrator.registry.errors import RegistryProblem

_PORTS = {"http": 80, "https": 443}


class Zone(IntEnum):
    """How far inside a network an address lies. Whoever answers from outside may not send us further in."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    LINK_LOCAL = 3
    """Among these are the addresses at which clouds tell a machine's own secrets: nobody may send us there."""


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of a URL: what credentials are bound to."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of a URL.

        Raises:
            RegistryProblem: it is no URL of a web server.
        """
        try:
            parts = urlsplit(url)
            usual = _PORTS[parts.scheme]
            port = parts.port or usual
        except (ValueError, KeyError):
            raise RegistryProblem("the registry names a place that is not on the web") from None
        if not parts.hostname or parts.username is not None or parts.password is not None:
            raise RegistryProblem("the registry names a place that is not on the web")
        return cls(parts.scheme, parts.hostname, port)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def zone(self) -> Zone:
        """Where it lies: of several addresses the furthest in counts."""
        return max((zone_of(address) for address in _addresses(self.host, self.port)), default=Zone.PUBLIC)


def follow(base: str, location: str) -> str:
    """The URL that a ``Location`` leads to.

    Raises:
        RegistryProblem: it leads nowhere on the web.
    """
    try:
        url = urljoin(base, location)
    except ValueError:
        url = ""
    Origin.of(url)
    return url


def zone_of(address: str) -> Zone:
    """The zone of an IP address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.is_link_local:
        return Zone.LINK_LOCAL
    if ip.is_loopback or ip.is_unspecified:
        return Zone.LOOPBACK
    return Zone.PUBLIC if ip.is_global else Zone.PRIVATE


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name: then nobody listens on the way, and plain HTTP will do."""
    try:
        return zone_of(host.strip("[]")) is Zone.LOOPBACK
    except ValueError:
        return host == "localhost"


def check_redirect(registry: Origin, target: Origin) -> None:
    """Whether a registry may send us there for a blob.

    Raises:
        RegistryProblem: from https to http, or further inside the network than the registry itself is.
    """
    if registry == target:
        return
    if registry.scheme == "https" and target.scheme != "https":
        raise RegistryProblem(f"{registry} sends us to {target}, which is not encrypted")
    if (zone := target.zone) > registry.zone or zone is Zone.LINK_LOCAL:
        raise RegistryProblem(f"{registry} sends us to {target}, which lies inside a network that it is not in")


def may_be_told(registry: Origin, realm: Origin) -> bool:
    """Whether the place that gives out a registry's tokens may be told its password: encrypted, and of one domain."""
    if realm.scheme != "https" and not (realm.scheme == registry.scheme and is_loopback(realm.host)):
        return realm == registry  # plain HTTP was asked for by name
    return realm.host == registry.host or _domain(realm.host) == _domain(registry.host)


def _domain(host: str) -> str:
    """The last two labels of a name; an address is a domain of its own."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ".".join(host.split(".")[-2:])


def _addresses(host: str, port: int) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []  # the connection will fail, or a proxy knows the name
