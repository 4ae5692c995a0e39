"""The house rules of CONTRIBUTING.md, held by reading the source: floors, cycles, who prints and exits."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "orchestrator"
MAX_LINES = 400
NEWER_THAN_38 = {"graphlib", "tomllib", "zoneinfo", "annotationlib", "compression"}
SLOW_TO_IMPORT = {"boto3", "docker", "pydantic", "rich", "sqlalchemy", "yaml"}

FILES = sorted(PACKAGE.rglob("*.py"))
INSIDE = [path for path in FILES if path.is_relative_to(PACKAGE / "agent") or path.name == "compile_sources.py"]
"""Programs of their own, run inside a container by its interpreter."""
CLI = [path for path in FILES if path.is_relative_to(PACKAGE / "cli")]
TREES = {path: ast.parse(path.read_bytes(), filename=str(path)) for path in FILES}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node, function bodies included; what is under ``if TYPE_CHECKING:`` never runs: left out."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for orelse in child.orelse:
                yield from nodes(orelse)
        else:
            yield from nodes(child)


def imports(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(module, names) of each import statement; relative ones are made absolute."""
    package = module_name(path).split(".")
    if path.name != "__init__.py":
        package.pop()
    for node in nodes(TREES[path]):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            yield ".".join([*base, *filter(None, [node.module])]), tuple(alias.name for alias in node.names)


def graph() -> dict[str, set[str]]:
    """Which of our modules imports which, lazily or not. ``from room import module`` names the module."""
    edges: dict[str, set[str]] = {name: set() for name in MODULES}
    for name, path in MODULES.items():
        for module, names in imports(path):
            targets = {f"{module}.{member}" for member in names} & MODULES.keys()
            if len(targets) < len(names) or not names:
                targets |= {module} & MODULES.keys()
            edges[name] |= targets - {name}
    return edges


def cycle(edges: dict[str, set[str]]) -> list[str]:
    """One cycle, or none: modules that import nothing are taken away until nothing is left to take."""
    left = {name: set(targets) for name, targets in edges.items()}
    while free := {name for name, targets in left.items() if not targets}:
        left = {name: targets - free for name, targets in left.items() if name not in free}
    walk: list[str] = []
    here = next(iter(left), None)
    while here is not None and here not in walk:
        walk.append(here)
        here = min(left[here])
    return walk[walk.index(here) :] if here else []


def calls(path: Path) -> Iterator[tuple[str, int]]:
    for node in nodes(TREES[path]):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def places(found: Iterator[tuple[Path, int]]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{line}" for path, line in found]


def test_imports_go_down_only():
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint_imports, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_cycle_not_even_one_hidden_in_a_function():
    assert cycle(graph()) == []


def test_the_cycle_finder_finds_one():
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["b", "c"]


@pytest.mark.parametrize("path", INSIDE, ids=module_name)
def test_what_runs_inside_needs_only_python_38(path):
    ast.parse(path.read_bytes(), filename=str(path), feature_version=(3, 8))
    absolute = {
        name
        for node in nodes(TREES[path])
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module])
    }
    assert {name.split(".")[0] for name in absolute} <= sys.stdlib_module_names - NEWER_THAN_38
    ours = {module for module, _ in imports(path) if module.split(".")[0] == "orchestrator"}
    assert all(f"{module}.".startswith("orchestrator.agent.") for module in ours)


def test_only_process_starts_programs():
    allowed = {PACKAGE / "process.py", *INSIDE}
    importers = {path for path in FILES if "subprocess" in {module for module, _ in imports(path)}}
    starters = {path for path in FILES for name, _ in calls(path) if name in {"os.system", "os.popen"}}
    assert importers | starters <= allowed


def test_only_the_cli_exits():
    exits = {"sys.exit", "exit", "quit", "os._exit", "SystemExit"}
    forks = PACKAGE / "engine" / "apart.py"  # a forked process ends by os._exit
    others = [path for path in FILES if path not in {*CLI, *INSIDE, forks}]
    assert places((path, line) for path in others for name, line in calls(path) if name in exits) == []


def test_only_the_cli_prints():
    others = [path for path in FILES if path not in CLI]
    assert places((path, line) for path in others for name, line in calls(path) if name == "print") == []


def test_no_file_is_too_long(capsys):
    lengths = {path: len(path.read_text().splitlines()) for path in FILES}
    real = [length for length in lengths.values() if length]
    longest = max(lengths, key=lengths.__getitem__).relative_to(ROOT)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(real)} files, median {statistics.median(real):.0f} lines, most {max(real)}: {longest}\n"
        )
    assert [str(path.relative_to(ROOT)) for path, length in lengths.items() if length > MAX_LINES] == []


def test_no_file_names_a_package_registry():
    """pip's and apt's own configuration says where packages come from. (In pieces: this file passes.)"""
    ends = {
        ".org": [
            "py" + "pi",
            "python" + "hosted",
            "deb" + ".debian",
            "security" + ".debian",
            "snapshot" + ".debian",
        ],
        ".com": ["npm" + "js", "ubu" + "ntu", "hub.dock" + "er", "download.dock" + "er", "yarn" + "pkg"],
        ".io": [
            "registry-1.dock" + "er",
            "index.dock" + "er",
            "quay",
            "gh" + "cr",
            "g" + "cr",
            "cra" + "tes",
        ],
    }
    needles = [(name + end).encode() for end, names in ends.items() for name in names]
    needles.append(b"download.pyt" + b"orch.org")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    texts = {path: path.read_bytes() for path in files if path.is_file() and not path.is_symlink()}
    assert [
        f"{path.relative_to(ROOT)}: {needle}" for path, text in texts.items() for needle in needles if needle in text
    ] == []


def test_help_imports_nothing_slow():
    script = (
        "import sys\n"
        "from orchestrator.cli.main import main\n"
        "sys.argv = ['orchestrator', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
    assert set(done.stderr.split()) & SLOW_TO_IMPORT == set()
