"""Where a registry may send us, and who may be told its password."""

from __future__ import annotations

import pytest

from orchestrator.registry.errors import RegistryProblem
from orchestrator.registry.origins import Origin, Zone, check_redirect, is_loopback, may_be_told, zone_of


@pytest.mark.parametrize(
    ("address", "zone"),
    [
        ("8.8.8.8", Zone.PUBLIC),
        ("2606:4700::1", Zone.PUBLIC),
        ("10.0.0.1", Zone.PRIVATE),
        ("172.16.5.5", Zone.PRIVATE),
        ("192.168.1.1", Zone.PRIVATE),
        ("100.64.0.1", Zone.PRIVATE),
        ("fd00::1", Zone.PRIVATE),
        ("127.0.0.1", Zone.LOOPBACK),
        ("127.8.8.8", Zone.LOOPBACK),
        ("0.0.0.0", Zone.LOOPBACK),  # noqa: S104
        ("::1", Zone.LOOPBACK),
        ("::", Zone.LOOPBACK),
        ("::ffff:127.0.0.1", Zone.LOOPBACK),
        ("::ffff:10.0.0.1", Zone.PRIVATE),
        ("169.254.169.254", Zone.LINK_LOCAL),
        ("::ffff:169.254.169.254", Zone.LINK_LOCAL),
        ("fe80::1%eth0", Zone.LINK_LOCAL),
    ],
)
def test_zones(address, zone):
    assert zone_of(address) is zone


@pytest.mark.parametrize(
    ("registry", "target", "may"),
    [
        ("https://8.8.8.8", "https://8.8.4.4", True),
        ("https://8.8.8.8", "https://8.8.8.8:8443", True),
        ("https://8.8.8.8", "http://8.8.4.4", False),
        ("http://8.8.8.8", "http://8.8.4.4", True),
        ("http://8.8.8.8", "https://8.8.4.4", True),
        ("https://8.8.8.8", "https://10.0.0.1", False),
        ("https://8.8.8.8", "https://127.0.0.1", False),
        ("https://8.8.8.8", "https://localhost", False),
        ("https://8.8.8.8", "https://[::1]", False),
        ("https://8.8.8.8", "https://[::ffff:127.0.0.1]", False),
        ("https://8.8.8.8", "https://2130706433", False),
        ("https://8.8.8.8", "https://0x7f.1", False),
        ("https://8.8.8.8", "https://169.254.169.254", False),
        ("https://10.0.0.1", "https://10.0.0.2", True),
        ("https://10.0.0.1", "https://127.0.0.1", False),
        ("https://10.0.0.1", "https://8.8.8.8", True),
        ("http://127.0.0.1:5000", "http://127.0.0.1:6000", True),
        ("http://127.0.0.1:5000", "http://169.254.169.254", False),
        ("http://169.254.1.1", "http://169.254.1.1", True),
        ("http://169.254.1.1", "http://169.254.169.254", False),
    ],
)
def test_redirects(registry, target, may):
    if may:
        check_redirect(Origin.of(registry), Origin.of(target))
        return
    with pytest.raises(RegistryProblem, match="sends us to"):
        check_redirect(Origin.of(registry), Origin.of(target))


@pytest.mark.parametrize(
    ("registry", "realm", "may"),
    [
        ("https://registry.example.org", "https://registry.example.org/token", True),
        ("https://registry.example.org", "https://auth.example.org/token", True),
        ("https://registry.example.org", "https://example.org:8443/token", True),
        ("https://registry.example.org", "http://registry.example.org/token", False),
        ("https://registry.example.org", "https://example.org.evil.example/token", False),
        ("https://registry.example.org", "https://evilexample.org/token", False),
        ("https://8.8.8.8", "https://7.8.8.8/token", False),
        ("https://8.8.8.8", "https://8.8.8.8:444/token", True),
        ("http://127.0.0.1:5000", "http://127.0.0.1:6000/token", True),
        ("http://127.0.0.1:5000", "https://example.org/token", False),
        ("http://10.0.0.1:5000", "http://10.0.0.1:5000/token", True),
        ("http://10.0.0.1:5000", "http://10.0.0.1:6000/token", False),
        ("http://10.0.0.1:5000", "http://127.0.0.1:6000/token", False),
    ],
)
def test_realms(registry, realm, may):
    assert may_be_told(Origin.of(registry), Origin.of(realm)) is may


@pytest.mark.parametrize(
    "url",
    ["", "x", "file:///etc/passwd", "ftp://a/", "http://", "http://a:b@c/", "http://a@c/", "http://a:99999/",
     "http://a:x/", "http://[::1/", "javascript:x", "unix:///var/run/docker.sock", "gopher://127.0.0.1:6379/x"],
)  # fmt: skip
def test_what_is_no_place_on_the_web(url):
    with pytest.raises(RegistryProblem):
        Origin.of(url)


@pytest.mark.parametrize(
    ("host", "is_"),
    [("localhost", True), ("127.0.0.1", True), ("[::1]", True), ("localhost.example", False), ("10.0.0.1", False)],
)
def test_this_machine(host, is_):
    assert is_loopback(host) is is_
