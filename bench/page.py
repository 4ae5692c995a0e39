"""The web page, served within this process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import httpx

from orchestrator.web.serve import Page
from orchestrator.workspace import Workspace


@contextlib.contextmanager
def served(workspace: Callable[[], Workspace]) -> Iterator[Callable[[str], str]]:
    """Yields what asks the page for a path, and returns the answer's text."""
    page = Page(workspace, port=0)
    thread = threading.Thread(target=page.serve)
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{page.port}", timeout=60) as client:
            client.get(page.address)

            def get(path: str) -> str:
                answer = client.get(path)
                answer.raise_for_status()
                return answer.text

            yield get
    finally:
        page.stop()
        thread.join()
