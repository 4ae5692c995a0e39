"""What a run used and reached for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.cli.render.basics import counted, size, table

if TYPE_CHECKING:
    from orchestrator.execution.accesses import Accesses, Kind
    from orchestrator.execution.system import GpuUsage, Usage
    from orchestrator.operations.observed import Observed
    from orchestrator.plan import Plan

_MANY = 10
_KINDS: tuple[Kind, ...] = ("code", "image", "host")


def used(usage: Usage | None, plan: Plan) -> list[tuple[str, object]]:
    """Rows for a run's table: CPUs, memory, disk; then a row for each GPU."""
    if usage is None:
        return []
    parts = [
        _of("{:.1f} of " + str(plan.resources.cpus) + " CPUs", usage.cpu_mean),
        f"{size(int(usage.memory_peak))} at most" if usage.memory_peak is not None else "",
        f"{size(int(usage.disk_written))} written" if usage.disk_written else "",
    ]
    rows: list[tuple[str, object]] = [("used", ", ".join(filter(None, parts)) or "not told")]
    return rows + [(f"gpu {gpu.index}", _gpu(gpu)) for gpu in usage.gpus]


def sections(seen: Observed, plan: Plan) -> list[str]:
    """Inputs, then hints: where there are any."""
    found = []
    if seen.accesses is not None and (rows := _inputs(seen.accesses, plan)):
        found.append("\ninputs\n" + table(rows, "  "))
    if seen.hints:
        found.append("\nhints\n" + "\n".join(f"  {hint}" for hint in seen.hints))
    return found


def data(seen: Observed) -> dict[str, Any]:
    """The same, for a program."""
    return {
        "usage": seen.usage.model_dump(mode="json") if seen.usage else None,
        "accesses": seen.accesses.model_dump(mode="json") if seen.accesses else None,
        "hints": list(seen.hints),
    }


def _inputs(accesses: Accesses, plan: Plan) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, pin in sorted(plan.data.items()):
        if name not in accesses.unread:
            rows.append((f"data {name}", _total(accesses.total("data", pin.mount))))
    for kind in _KINDS:
        if (total := accesses.total(kind))[0]:
            rows.append((kind, _total(total) + _names(accesses, kind)))
    if places := [f"{one.host}:{one.port}" if one.port else one.host for one in accesses.connections]:
        rows.append(("reached for", _listed(places)))
    if accesses.missed:
        rows.append(("…", f"{accesses.missed} more accesses are not listed"))
    return rows


def _total(files_and_bytes: tuple[int, int]) -> str:
    number, whole = files_and_bytes
    return f"{counted(number, 'file')}, {size(whole)}"


def _names(accesses: Accesses, kind: Kind) -> str:
    """Of code, which the plan pins, only how much there was is told."""
    if kind == "code":
        return ""
    listed = [one.path for one in accesses.files if one.kind == kind]
    folders = [f"{one.path}/" for one in accesses.folders if one.kind == kind]
    return f": {_listed(listed + folders)}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return ", ".join(names[:_MANY]) + more


def _gpu(gpu: GpuUsage) -> str:
    memory = f"{size(int(gpu.memory_peak))}" if gpu.memory_peak is not None else ""
    whole = f" of {size(int(gpu.memory_total))}" if gpu.memory_total else ""
    parts = [
        _of("{:.0f} % busy", gpu.utilisation_mean),
        f"{memory}{whole} at most" if memory else "",
        _of("{:.0f} W at most", gpu.power_peak),
    ]
    return ": ".join(filter(None, [gpu.name, ", ".join(filter(None, parts))]))


def _of(form: str, number: float | None) -> str:
    return form.format(number) if number is not None else ""
