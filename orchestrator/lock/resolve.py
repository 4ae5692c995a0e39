"""Requirements -> wheels by hash. uv resolves; we choose the one wheel of each release that the image can run."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from orchestrator import process
from orchestrator.digest import Digest
from orchestrator.errors import LockError
from orchestrator.lock import sources
from orchestrator.lock.model import WheelPin
from orchestrator.lock.target import Target

NO_WHEEL_HINT = "only wheels are installed: pin a version that publishes one, or build it and add it to find-links"


def resolve(requirements: tuple[str, ...], target: Target) -> tuple[WheelPin, ...]:
    """Every wheel that the requirements come to, by name.

    Raises:
        LockError: they contradict each other, or a package has no wheel for this target.
    """
    if not requirements:
        return ()
    packages = tomllib.loads(_compile(requirements, target)).get("packages", [])
    wanted = [package for package in packages if _applies(package, target)]
    without = [package["name"] for package in wanted if _best(package, target) is None]
    if without:
        raise LockError(f"no wheel for {target.abi}, glibc {target.glibc}: {', '.join(without)}", hint=NO_WHEEL_HINT)
    return tuple(sorted((_pin(package, target) for package in wanted), key=lambda pin: pin.name))


def _compile(requirements: tuple[str, ...], target: Target) -> str:
    argv = [
        sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate",
        "--only-binary", ":all:", "--format", "pylock.toml",
        "--python", sys.executable,
        "--python-version", target.python,
        "--python-platform", f"x86_64-manylinux_{target.glibc.replace('.', '_')}",
        *sources.uv_options(), "-",
    ]  # fmt: skip
    try:
        return process.run(argv, stdin="\n".join(requirements).encode()).decode()
    except process.ProgramFailed as error:
        said, _, _ = error.stderr.replace("error: ", "", 1).strip().partition("\n\n")  # uv's own advice comes after
        hint = NO_WHEEL_HINT if "no usable wheels" in error.stderr else "see that the names and versions are right"
        raise LockError(f"these requirements cannot be resolved:\n{said}", hint=hint) from error


def _applies(package: Mapping[str, Any], target: Target) -> bool:
    return "marker" not in package or Marker(package["marker"]).evaluate(_marker_environment(target))


def _marker_environment(target: Target) -> dict[str, str]:
    return {
        "python_version": f"{target.release[0]}.{target.release[1]}",
        "python_full_version": target.python,
        "implementation_name": "cpython",
        "implementation_version": target.python,
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "platform_release": "",
        "platform_version": "",
    }


def _file_name(wheel: Mapping[str, Any]) -> str:
    return str(wheel.get("name") or unquote(urlsplit(wheel.get("url") or wheel["path"]).path.rsplit("/", 1)[-1]))


def _best(package: Mapping[str, Any], target: Target) -> Mapping[str, Any] | None:
    by_file = {_file_name(wheel): wheel for wheel in package.get("wheels", ())}
    chosen = target.choose(by_file)
    return by_file[chosen] if chosen else None


def _pin(package: Mapping[str, Any], target: Target) -> WheelPin:
    wheel = _best(package, target)
    assert wheel is not None  # noqa: S101  (resolve() has looked)
    return WheelPin(
        name=canonicalize_name(package["name"]),
        version=package["version"],
        file=_file_name(wheel),
        sha256=Digest.from_hex(wheel["hashes"]["sha256"]),
    )
