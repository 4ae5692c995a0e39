"""As ``search``, with the index in a PostgreSQL server on this machine."""

from __future__ import annotations

from servers.postgres import serve

from bench.figures.search import searched
from bench.measure import Figure
from bench.setting import Setting
from orchestrator.index.postgres import PostgresIndex

ROUNDS = 10


def measure(setting: Setting, rounds: int) -> Figure:
    home = setting.work / "search-postgres"
    home.mkdir()
    server = setting.cleanup.enter_context(serve())
    url = server.url()
    return searched("search-postgres", setting, home, PostgresIndex(url), rounds, {"ORCHESTRATOR_INDEX": url})
