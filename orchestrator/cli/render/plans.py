"""Images and plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.cli.render.basics import size, table

if TYPE_CHECKING:
    from orchestrator.image.oci import Image
    from orchestrator.operations.outlook import Outlook
    from orchestrator.plan import Plan


def image(built: Image) -> str:
    """A built image."""
    return table(
        [
            ("manifest", built.manifest),
            ("image id", built.config),
            ("layers", f"{len(built.layers)}, {size(sum(layer.size for layer in built.layers))}"),
        ]
    )


def outlook(seen: Outlook) -> str:
    """A plan and what is cached."""
    plan = seen.pinned.plan
    engine = {
        True: "in the engine",
        False: "in the store, not in the engine",
        None: "in the store; no engine answers",
    }
    git = seen.pinned.git
    revision = (
        f", git {git.get('commit', 'no commit')[:12]}{' with changes' if git.get('dirty') else ''}" if git else ""
    )
    rows: list[tuple[str, object]] = [
        ("plan", plan.digest),
        ("lock", plan.image.lock),
        ("image", f"{plan.image.manifest} ({engine[seen.in_engine]})"),
        ("code", f"{plan.code} ({len(seen.code.files)} files, {size(seen.code.size)}{revision})"),
        *((f"data {name}", f"{pin.digest} at {pin.mount}") for name, pin in plan.data.items()),
        ("agent", plan.agent),
        ("interposer", plan.interposer or "not built"),
        ("command", " ".join(plan.command)),
        ("seed", plan.seed),
        ("determinism", controls_line(plan)),
        ("ran before", ", ".join(seen.ran_before[:5]) or "no"),
        *(("note", note) for note in seen.pinned.notes),
    ]
    return table(rows)


def controls_line(plan: Plan) -> str:
    """The level, the controls in force, and those of the level that are not."""
    if plan.controls is None:
        return plan.determinism
    names = " ".join(plan.controls.names)
    missing = plan.controls.missing(plan.determinism)
    return (f"{plan.determinism}: {names}" if names else plan.determinism) + (
        f"; without {' '.join(missing)}" if missing else ""
    )
