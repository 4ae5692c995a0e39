"""Addresses as they are shown: a password in one is never printed."""

from __future__ import annotations

import re

HIDDEN = "***"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_IN_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"`<>]+")
_USER = re.compile(r"^([^:@/?#]*):(.*)@", re.DOTALL)
_ESCAPED = re.compile("%([0-9A-Fa-f]{2})")
_PARAMETER = re.compile(r"([?&])([^=&]*)=([^&]*)")


def shown(address: str) -> str:
    """An address without its password: ``***`` stands in its place.

    Where it is unclear what belongs to the password (it holds an ``@`` or a ``/`` as it is), too much is hidden rather
    than too little.
    """
    scheme = _ADDRESS.match(address)
    if scheme is None:
        return address
    rest = address[scheme.end() :]
    if user := _USER.match(rest):
        begun = _PARAMETER.sub(_parameter, user[2]) != user[2]  # the last @ may stand in a parameter's password
        rest = f"{user[1]}:{HIDDEN}@{HIDDEN if begun else rest[user.end() :]}"
    return scheme[0] + _PARAMETER.sub(_parameter, rest)


def shown_in(text: str) -> str:
    """A text in which every address is shown so."""
    return _IN_TEXT.sub(lambda found: shown(found[0]), text) if "://" in text else text


def has_password(address: str) -> bool:
    """Whether an address holds a password."""
    return shown(address) != address


def _parameter(found: re.Match[str]) -> str:
    name = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), found[2]).lower()
    secret = "pass" in name and name != "passfile"
    return f"{found[1]}{found[2]}={HIDDEN}" if secret else found[0]
