"""The page of a home, served for real."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from web_records import Records

from orchestrator.web.serve import Page as Served


@contextlib.contextmanager
def serving(records: Records) -> Iterator[Served]:
    """The page of a home, on a port of its own."""
    page = Served(lambda: records.workspace, port=0)
    thread = threading.Thread(target=page.serve)
    thread.start()
    try:
        yield page
    finally:
        page.stop()
        thread.join()
