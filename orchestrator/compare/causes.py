"""Why a replay may not be the same bit for bit: what could not be owned, as far as it was seen. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.determinism.controls import Controls
from orchestrator.determinism.levels import CONTROLS
from orchestrator.execution import cpu
from orchestrator.plan import Plan
from orchestrator.run import Facts

_COUNTED = {
    "static_programs": "static programs: {} were run, and the interposer cannot reach them",
    "shared_models": "shared memory: {} models are written to by several processes, in no order (Hogwild)",
    "dropped": "clock: {} readings that the full ledger did not take",
    "thread_draws": "threads: {} draws of entropy by threads; which one has which task of a pool is left to chance",
    "waits": "clock: {} waits that real time ended",
    "skipped": "clock: {} recorded readings were passed over; the replay read the clock less often",
    "beyond": "clock: {} readings beyond the record; real time went on from there",
}
"""The last is the least: a thread that waits a little longer reads the clock once more, mostly to no effect."""
_UNSEEN = (
    "nothing that is known: what is left are the processor's own clock and randomness (rdtsc, rdrand), direct system"
    " calls, and threads or processes that share memory without an order"
)


def causes(plan: Plan, left: Facts, right: Facts) -> tuple[str, ...]:
    """What may have set two executions of a plan apart, the likeliest first; never empty.

    Args:
        plan: of both.
        left: of the original run.
        right: of the replay.
    """
    found = (*_interposer(plan, left, right), *_counted(left, right), *_machine(plan, left, right), *_off(plan))
    return found or (_UNSEEN,)


def _interposer(plan: Plan, left: Facts, right: Facts) -> Iterator[str]:
    """What the interposer was to own, and did not."""
    if plan.controls is None or plan.interposer is None:
        return
    loaded = [facts.determinism.get("processes") for facts in (left, right)]
    if 0 in loaded:
        other_libc = any(facts.environment.get("libc") == "" for facts in (left, right))
        why = "the image's C library is not glibc" if other_libc else "no process of the job has loaded it"
        yield f"interposer: {why}, so entropy, clock and listings were not owned"
    if plan.controls.clock and left.clock is None:
        yield "clock: it was not recorded"


def _counted(left: Facts, right: Facts) -> Iterator[str]:
    for name, text in _COUNTED.items():
        if most := max(facts.determinism.get(name, 0) for facts in (left, right)):
            yield text.format(most)


def _machine(plan: Plan, left: Facts, right: Facts) -> Iterator[str]:
    """Another processor or GPU rounds otherwise, where it is not told which instructions to use."""
    pin = plan.controls.cpu if plan.controls else "off"
    before, after = _cpu(left), _cpu(right)
    if before != after and pin == "off":
        yield f"CPU: {before} → {after}, and the instruction set is not pinned (`determinism: {{cpu: on}}`)"
    host = right.host.get("cpu")
    if host and (lacks := cpu.missing(pin, host)):
        yield f"CPU: {after} lacks {', '.join(lacks)}, which {pin} has"
    used, found = _gpus(left), _gpus(right)
    if used != found:
        yield f"GPU: {used} → {found}"


def _off(plan: Plan) -> Iterator[str]:
    """Controls that were not in force."""
    controls = plan.controls or Controls()
    off = [name for name in CONTROLS if not controls.has(name)]
    names = "none" if len(off) == len(CONTROLS) else f"all but {', '.join(off)}"
    if plan.controls is None:
        yield "controls: the run was recorded before entropy and clock were owned; submit it again"
    elif off:
        yield f"controls: {names} in force{_hint(plan, off)}"


def _hint(plan: Plan, off: list[str]) -> str:
    """The level that would have had them."""
    if plan.determinism == "strict":
        return ""
    needed = "standard" if plan.determinism == "off" else "strict"
    return "" if not set(off) & _added(needed) else f" (`determinism: {needed}`)"


def _added(level: Any) -> set[str]:
    return {name for name in CONTROLS if Controls.of(level).has(name)}


def _cpu(facts: Facts) -> str:
    """What the agent said of the CPU; a job could have said it in its stead."""
    said = facts.environment.get("cpu")
    return str(said.get("model") or "unknown") if isinstance(said, dict) else "unknown"


def _gpus(facts: Facts) -> str:
    """Those that the job saw, and their driver, as the agent said."""
    said = facts.environment.get("gpus")
    if not isinstance(said, dict):
        return "none"
    devices = said.get("devices")
    told = [one for one in devices if isinstance(one, dict)] if isinstance(devices, list) else []
    names = [str(one.get("name", "unknown")) for one in told]
    return f"{', '.join(names) or 'none'}, driver {said.get('driver', 'unknown')}"
