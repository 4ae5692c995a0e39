"""Versions of packages, compared as a person means it. Databases cannot: they ask here which of those they know fit.

``= 2.13`` holds for 2.13.0, 2.13.1 and 2.13.0+cpu: what is not said may be anything. Orders go by PEP 440, without what
a build adds behind ``+``. What is no version is compared as text.
"""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from orchestrator.index.patterns import like
from orchestrator.index.query import Operator
from orchestrator.index.values import ORDERS


def fits(version: str, operator: Operator, wanted: str) -> bool:
    """Whether ``version operator wanted`` holds."""
    if operator in ("LIKE", "ILIKE"):
        return like(version, wanted, any_case=operator == "ILIKE")
    try:
        one, other = Version(version), Version(wanted)
    except InvalidVersion:
        return bool(ORDERS[operator](version, wanted))
    same = _is_one(one, other)
    if operator in ("=", "!="):
        return same == (operator == "=")
    return bool(ORDERS[operator](Version(one.public), Version(other.public)))


def _is_one(version: Version, wanted: Version) -> bool:
    """Whether a version is the one that is wanted, as far as that says."""
    if version == wanted:
        return True
    plain = Version(wanted.base_version) == wanted
    release = wanted.release
    begins = version.epoch == wanted.epoch and version.release[: len(release)] == release
    return plain and begins and not version.is_prerelease
