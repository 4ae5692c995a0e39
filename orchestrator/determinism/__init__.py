"""What is kept from chance: which controls there are, which a level turns on, and what each means to the job.

``levels`` is the table; ``controls`` resolves a spec's section to what is in force; ``environment`` says it in
variables of the job. Pure: a plan carries the result, replays do not ask again. docs/determinism.md has every source.
"""

from __future__ import annotations

EPOCH = 315_532_800
"""1980-01-01 UTC, the oldest time that zip can carry: the time of every file and image we make."""

USER = "job"
UID = 1000
HOSTNAME = "orchestrator"
