"""The web page, served for real within this process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from orchestrator.web.serve import Page
from orchestrator.workspace import Workspace


@contextlib.contextmanager
def serving(workspace: Callable[[], Workspace]) -> Iterator[Page]:
    """The page, on a port of its own; each request has a workspace of its own."""
    page = Page(workspace, port=0)
    thread = threading.Thread(target=page.serve)
    thread.start()
    try:
        yield page
    finally:
        page.stop()
        thread.join()
