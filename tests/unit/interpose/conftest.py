"""The interposer, and a program in C that uses all of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from programs import DRIVER, LIBRARY, Owned, build


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    if not LIBRARY.exists():
        pytest.fail(f"{LIBRARY} is not built: `make setup` does", pytrace=False)


@pytest.fixture
def owned(tmp_path: Path) -> Owned:
    return Owned(tmp_path)


@pytest.fixture(scope="session")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """driver.c with the library's own sources in one program, under the address and undefined-behaviour sanitizers."""
    return build(tmp_path_factory.mktemp("sanitized"), "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """driver.c alone: it gets the library as jobs do."""
    program = tmp_path_factory.mktemp("driver") / "driver"
    subprocess.run(["cc", "-O1", "-o", program, DRIVER, "-pthread"], check=True)
    return program
