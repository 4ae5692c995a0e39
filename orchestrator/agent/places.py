"""Where things are inside the container. Names alone: every Python process of a job imports this as it starts."""

from __future__ import annotations

LIBRARY = "/opt/orchestrator/lib"
PACKAGE = LIBRARY + "/orchestrator"
SITE = PACKAGE + "/site"
PROGRAMS = PACKAGE + "/bin"
RECORD = "/run/orchestrator"
SECRETS = "/run/secrets"
WORKSPACE = "/workspace"
OUTPUTS = "/outputs"
HOME = "/home/job"

ACCESSES = "accesses.jsonl"
"""In the record folder: what the job's processes reached for."""
