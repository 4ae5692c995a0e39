"""``python -m tests.corpus [NAME…] [--level LEVEL]… [--fast] [--again] [--table]``: run the corpus, print the table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import click

from orchestrator.errors import OrchestratorError
from orchestrator.workspace import Workspace
from tests.corpus import home
from tests.corpus.fetch import NotThere
from tests.corpus.manifest import LEVELS, Level, Manifest, Script, load
from tests.corpus.measure import Places, Result, measure, plan_of
from tests.corpus.results import Results, table


def main() -> int:
    asked = _arguments()
    manifest = load()
    scripts = _scripts(manifest, asked)
    levels: Sequence[Level] = asked.level or LEVELS
    results = Results(home.RESULTS)
    if not asked.table:
        home.build(manifest, {one.environment for one in scripts})
        with home.opened() as (workspace, places):
            for script in scripts:
                for level in levels:
                    _one(workspace, manifest, script, level, places, results, again=asked.again)
    click.echo(table(scripts, levels, results))
    return 0


def _one(
    workspace: Workspace,
    manifest: Manifest,
    script: Script,
    level: Level,
    places: Places,
    results: Results,
    *,
    again: bool,
) -> None:
    """Measure, keep, say; whatever goes wrong, the next one's turn comes."""
    try:
        plan = plan_of(workspace, manifest, script, level, places)
        if not again and (kept := results.get(script.name, level, plan)):
            return _say(kept, "kept")
        found = measure(workspace, manifest, script, level, places)
    except (OrchestratorError, NotThere, OSError) as error:
        found = Result(script=script.name, level=level, plan="", answer="invalid", first=f"{error}")
    results.put(found)
    return _say(found, f"{found.seconds} s")


def _say(result: Result, how: str) -> None:
    click.echo(f"{result.level:9}{result.script}: {result.answer} ({how}) {result.first}", err=True)


def _scripts(manifest: Manifest, asked: argparse.Namespace) -> list[Script]:
    """In the order asked for; else the manifest's."""
    if asked.names:
        return [manifest.script(name) for name in asked.names]
    return [one for one in manifest.scripts if one.fast or not asked.fast]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description="Scripts as they come, replayed.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which scripts (default: all)")
    parser.add_argument("--level", action="append", choices=LEVELS, help="at this level (default: each)")
    parser.add_argument("--fast", action="store_true", help="only those that the suite runs")
    parser.add_argument("--again", action="store_true", help="measure anew what was measured with the same plan")
    parser.add_argument("--table", action="store_true", help="run nothing, print what was measured")
    asked = parser.parse_args()
    if unknown := set(asked.names) - {one.name for one in load().scripts}:
        parser.error(f"no such script: {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
