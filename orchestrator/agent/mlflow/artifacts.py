"""The artifact proxy: files under the record folder, at the paths that clients give them."""

from __future__ import annotations

import os
import stat

from .. import wire
from ..http import Refused, Response
from .context import missing

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from .context import Answer

_MAX_NAME = 255
_MAX_PATH = 2048
_MAX_DEPTH = 100


class Artifacts:
    """A folder. What is uploaded is written aside and renamed, so that a file is there whole or not at all."""

    def __init__(self, record: str) -> None:
        self._root = os.path.join(record, wire.MLFLOW_ARTIFACTS)
        self._aside = os.path.join(record, wire.MLFLOW, "uploads")
        self._uploads = 0
        for folder in (self._root, self._aside):
            os.makedirs(folder, exist_ok=True)

    def upload(self, path: str) -> Upload:
        """Begin to receive a file."""
        self._uploads += 1
        return Upload(self._place(path), os.path.join(self._aside, str(self._uploads)))

    def download(self, path: str) -> Response:
        """A file's bytes."""
        try:
            file = os.open(self._place(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            raise missing("Artifact", path) from None
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise missing("Artifact", path)
        return Response(200, kind="application/octet-stream", file=file)

    def list(self, path: str) -> Answer:
        """What lies directly below a path; nothing where it is a file, or is not there."""
        folder = self._place(path) if path.strip("/") else self._root
        try:
            with os.scandir(folder) as found:
                items = sorted(found, key=lambda item: item.name)
        except OSError:
            return {}
        return {
            "files": [
                {"path": item.name, "is_dir": True}
                if item.is_dir(follow_symlinks=False)
                else {"path": item.name, "is_dir": False, "file_size": item.stat(follow_symlinks=False).st_size}
                for item in items
            ]
        }

    def delete(self, path: str) -> Answer:
        """Remove a file or folder."""
        import shutil  # only here: it is slow to import

        place = self._place(path)
        if not os.path.lexists(place):
            raise missing("Artifact", path)
        if os.path.isdir(place) and not os.path.islink(place):
            shutil.rmtree(place, ignore_errors=True)
        else:
            os.unlink(place)
        return {}

    def _place(self, path: str) -> str:
        parts = path.strip("/").split("/")
        fine = all(part not in ("", ".", "..") and len(os.fsencode(part)) <= _MAX_NAME for part in parts)
        if not fine or "\0" in path or len(path) > _MAX_PATH or len(parts) > _MAX_DEPTH:
            raise Refused(400, "Invalid path")
        return os.path.join(self._root, *parts)


class Upload:
    """A file that is being received: an :class:`~orchestrator.agent.http.Exchange`.

    Raises:
        Refused: it cannot be kept.
    """

    def __init__(self, place: str, aside: str) -> None:
        self._place = place
        self._aside = aside
        try:
            self._file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NONBLOCK, 0o644)
        except OSError as error:
            raise self._failed(error) from error

    def write(self, piece: bytes) -> None:
        """See :class:`~orchestrator.agent.http.Exchange`."""
        waiting = memoryview(piece)
        try:
            while waiting:
                waiting = waiting[os.write(self._file, waiting) :]
        except OSError as error:
            raise self._failed(error) from error

    def finish(self) -> Response:
        """See :class:`~orchestrator.agent.http.Exchange`."""
        try:
            os.makedirs(os.path.dirname(self._place), exist_ok=True)
            os.rename(self._aside, self._place)
        except OSError as error:
            self.abort()
            raise self._failed(error) from error
        os.close(self._file)
        return Response(200, b"{}")

    def abort(self) -> None:
        """See :class:`~orchestrator.agent.http.Exchange`."""
        try:
            os.close(self._file)
            os.unlink(self._aside)
        except OSError:
            pass

    @staticmethod
    def _failed(error: OSError) -> Refused:
        return Refused(400, "the artifact was not kept: %s" % error.strerror, "INTERNAL_ERROR")
