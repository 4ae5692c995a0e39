"""What asks the web page, as a browser that is let in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import httpx
from servers.page import serving

from orchestrator.workspace import Workspace


@contextlib.contextmanager
def served(workspace: Callable[[], Workspace]) -> Iterator[Callable[[str], str]]:
    """Yields what asks the page for a path, and returns the answer's text."""
    with serving(workspace) as page, httpx.Client(base_url=f"http://127.0.0.1:{page.port}", timeout=60) as client:
        client.get(page.address)

        def get(path: str) -> str:
            answer = client.get(path)
            answer.raise_for_status()
            return answer.text

        yield get
