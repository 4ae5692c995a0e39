"""Documents for tests that care about a part of one: the rest is as little as there can be."""

from __future__ import annotations

from typing import Any

from orchestrator.digest import Digest
from orchestrator.lock.model import BasePin
from orchestrator.plan import ImagePin, Plan
from orchestrator.runspec.model import Resources, VerifySpec

NOWHERE = Digest.of(b"nothing")


def make_plan(**said: Any) -> Plan:
    """A plan of a job without inputs, whose image and code are nowhere."""
    whole: dict[str, Any] = {
        "image": ImagePin(manifest=NOWHERE, config=NOWHERE, lock=NOWHERE),
        "code": NOWHERE,
        "data": {},
        "agent": NOWHERE,
        "interpreter": "/usr/bin/python3",
        "command": ("python", "job.py"),
        "params": {},
        "env": {},
        "secrets": {},
        "seed": 0,
        "determinism": "standard",
        "resources": Resources(),
        "network": "none",
        "exclude": (),
        "verify": VerifySpec(),
        **said,
    }
    return Plan.model_validate(whole)


def make_base(**said: Any) -> BasePin:
    """A base image of no layers."""
    whole: dict[str, Any] = {
        "kind": "debian",
        "name": "b",
        "origin": None,
        "layers": (),
        "interpreter": "/usr/bin/python3.11",
        "python": "3.11.2",
        "glibc": "2.36",
        **said,
    }
    return BasePin.model_validate(whole)
