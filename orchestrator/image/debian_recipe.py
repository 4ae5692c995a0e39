"""What a base is made from: ``recipe.yaml``, which a person writes, and ``base.lock``, which pins it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError

from orchestrator.digest import Digest
from orchestrator.errors import LockError, UsageError
from orchestrator.lock.model import DebianBase
from orchestrator.model import Frozen
from orchestrator.store import durable

RECIPE = "recipe.yaml"
LOCK = "base.lock"

Word = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+.-]*$")]
"""A suite, component, architecture or package: nothing that apt could take for an option or a pattern."""

AbsolutePath = Annotated[str, Field(pattern=r"^/\S+$")]


class Recipe(Frozen):
    """A base image in words: ``images/NAME/recipe.yaml``."""

    suite: Word
    components: tuple[Word, ...] = ("main",)
    architecture: Word
    variant: Literal["essential", "apt", "required", "minbase"] = "essential"
    """What mmdebstrap installs beside ``packages``."""
    packages: tuple[Word, ...]
    exclude: tuple[AbsolutePath, ...] = ()
    """Shell patterns of paths that dpkg does not unpack."""
    include: tuple[AbsolutePath, ...] = ()
    """Exceptions to ``exclude``."""
    interpreter: AbsolutePath
    """The Python of the image; the package that brings it has the same name."""
    links: dict[AbsolutePath, str] = Field(default_factory=dict)
    """Symbolic links to add: path -> target."""


def read_recipe(folder: Path) -> Recipe:
    """The recipe in ``images/NAME``.

    Raises:
        UsageError: there is none, or it cannot be right; names every finding.
    """
    return parse_recipe(_read(folder / RECIPE), str(folder / RECIPE))


def parse_recipe(text: bytes, file: str) -> Recipe:
    """The recipe in these bytes; ``file`` is what findings call them. Raises as :func:`read_recipe` does."""
    try:
        return Recipe.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise UsageError(f"{file}: not YAML: {error}", hint="images/README.md explains recipes") from error
    except ValidationError as error:
        found = "\n".join(
            f"{file}: {'.'.join(map(str, finding['loc'])) or 'recipe'}: {finding['msg']}" for finding in error.errors()
        )
        raise UsageError(found, hint="images/README.md explains recipes") from error


def recipe_digest(folder: Path) -> Digest:
    """The digest of the recipe's bytes, comments and all: what ``base.lock`` was made for."""
    return Digest.of(_read(folder / RECIPE))


def read_lock(folder: Path) -> DebianBase:
    """The lock in ``images/NAME``.

    Raises:
        LockError: there is none, it is no such document, or it was made for another recipe.
    """
    file = folder / LOCK
    hint = relock_hint(folder)
    try:
        base = DebianBase.model_validate_json(file.read_bytes())
    except FileNotFoundError as error:
        raise LockError(f"{file} is missing", hint=hint) from error
    except ValidationError as error:
        raise LockError(f"{file} is not a base lock: {error}", hint=hint) from error
    if base.recipe != recipe_digest(folder):
        raise LockError(f"{file} is stale: {RECIPE} has changed since it was written", hint=hint)
    return base


def write_lock(folder: Path, base: DebianBase) -> None:
    """Write ``base.lock``: sorted, indented JSON, so that a changed pin is a changed line."""
    text = json.dumps(base.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False)
    durable.write(folder / LOCK, f"{text}\n".encode(), mode=0o644)


def relock_hint(folder: Path | str) -> str:
    """How to lock a base image anew."""
    return f"lock it anew: python -m orchestrator.image.relock {folder}"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"no base image here: {file}: {error.strerror}", hint="see images/README.md") from error
