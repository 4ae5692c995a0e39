"""Settings for a process that goes on without us: as environment variables, which others cannot read."""

from __future__ import annotations

from orchestrator.settings.kinds import NOTHING
from orchestrator.settings.model import KEYS, PROFILE, Settings, name_of, variable_of
from orchestrator.settings.resolve import NO_CONFIG


def environment(settings: Settings) -> dict[str, str]:
    """What makes another process of ours decide as we did, wherever it runs and whatever files say by then."""
    values = {key: getattr(settings, name_of(key)) for key in KEYS}
    given = {variable_of(key): NOTHING if value is None else str(value) for key, value in values.items()}
    return {**given, variable_of(PROFILE): "", NO_CONFIG: "1"}
