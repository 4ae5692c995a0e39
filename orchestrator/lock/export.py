"""The lock in the words of other tools."""

from __future__ import annotations

import yaml

from orchestrator.lock.model import Lock


def requirements_txt(lock: Lock) -> str:
    """As ``pip freeze`` would print it."""
    return "".join(f"{pin.name}=={pin.version}\n" for pin in lock.wheels)


def conda_environment(lock: Lock, name: str) -> str:
    """An ``environment.yml``: the interpreter from Conda, the packages through pip."""
    dependencies: list[object] = [f"python={lock.base.python}", "pip"]
    if lock.wheels:
        dependencies.append({"pip": [f"{pin.name}=={pin.version}" for pin in lock.wheels]})
    return str(
        yaml.safe_dump({"name": name, "channels": ["conda-forge"], "dependencies": dependencies}, sort_keys=False)
    )
