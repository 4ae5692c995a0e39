"""Facts side by side: where and with what two runs were executed. It explains, and need not come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.compare.difference import Difference, group, keyed, leaf
from orchestrator.run import Facts, Origin


def compare_facts(left: Facts, right: Facts, origins: tuple[Origin, Origin] | None = None) -> Difference:
    """Host, engine and environment; with the runs' origins, their git state too."""
    parts = [
        compare_values("host", left.host, right.host),
        compare_values("engine", left.engine, right.engine),
        compare_values("environment", _lasting(left.environment), _lasting(right.environment)),
    ]
    if origins:
        parts.append(compare_values("git", origins[0].git, origins[1].git))
    return group("facts", parts)


def _lasting(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Without what no two executions have in common."""
    return {name: value for name, value in environment.items() if name != "cpu_seconds"}


def compare_values(name: str, left: Any, right: Any) -> Difference:
    """Two JSON values: mappings key by key, anything else whole."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return group(name, keyed(left, right, compare_values))
    return leaf(name, left, right)
