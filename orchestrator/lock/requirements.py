"""What a spec may ask for: plain requirements, one a line."""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement

from orchestrator.errors import LockError

_COMMENT = re.compile(r"(^|\s)#.*")


def parse(lines: list[str], name: str) -> tuple[str, ...]:
    """Requirements in normal form, comments and blank lines dropped, in the order given.

    Raises:
        LockError: every line that is no plain requirement, by ``name:line``.
    """
    kept: list[str] = []
    wrong: list[str] = []
    for number, line in enumerate(lines, 1):
        text = _COMMENT.sub("", line).strip()
        if not text:
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            wrong.append(f"{name}:{number}: {text!r} is no requirement: {str(error).splitlines()[0]}")
            continue
        if requirement.url:
            wrong.append(f"{name}:{number}: {text!r} names a place; a lock names versions, places are configuration")
        else:
            kept.append(str(requirement))
    if wrong:
        raise LockError(
            "\n".join(wrong),
            hint="write NAME, NAME==VERSION or NAME>=VERSION; options belong into pip's configuration",
        )
    return tuple(kept)
