"""A directory as an object: a flat, sorted list of what is in it, and the way there and back.

Only what a checkout can restore is recorded: regular files with their executable bit, symbolic links as text,
empty folders. Times, owners and other modes are not content.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from orchestrator.digest import Digest
from orchestrator.model import Document, Frozen
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import put_bytes, read_document


def _inside(path: str) -> str:
    parts = path.split("/")
    if "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"a path that leads out of its tree: {path!r}")
    return path


def _target(text: str) -> str:
    if not text or "\0" in text:
        raise ValueError(f"a symbolic link cannot read {text!r}")
    return text


InsidePath = Annotated[str, AfterValidator(_inside)]


class FileEntry(Frozen):
    """A regular file."""

    kind: Literal["file"] = "file"
    path: InsidePath
    digest: Digest
    size: int = Field(ge=0)
    executable: bool = False


class LinkEntry(Frozen):
    """A symbolic link, never followed."""

    kind: Literal["link"] = "link"
    path: InsidePath
    target: Annotated[str, AfterValidator(_target)]


class FolderEntry(Frozen):
    """An empty folder."""

    kind: Literal["folder"] = "folder"
    path: InsidePath


Entry = Annotated[FileEntry | LinkEntry | FolderEntry, Field(discriminator="kind")]


class Tree(Document):
    """A directory's content, by path in byte order. The document's digest is the tree digest."""

    format: Literal["orchestrator.tree/1"] = "orchestrator.tree/1"
    entries: tuple[Entry, ...]

    @model_validator(mode="after")
    def _is_a_tree(self) -> Self:
        paths = [entry.path.encode() for entry in self.entries]
        taken = set(paths)
        if paths != sorted(taken):
            raise ValueError("the entries are not in order, or two of them have one path")
        for path in paths:
            cut = path.rfind(b"/")
            while cut > 0:
                if path[:cut] in taken:  # a file, a link or an empty folder: laid down, it could lead elsewhere
                    raise ValueError(f"{path.decode()!r} lies in what holds nothing")
                cut = path.rfind(b"/", 0, cut)
        return self

    @classmethod
    def of(cls, entries: list[FileEntry | LinkEntry | FolderEntry]) -> Tree:
        """A tree of these entries, put in order."""
        return cls(entries=tuple(sorted(entries, key=lambda entry: entry.path.encode())))

    @property
    def files(self) -> dict[str, FileEntry]:
        """The regular files by path."""
        return {entry.path: entry for entry in self.entries if isinstance(entry, FileEntry)}

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files.values())


def load(blobs: BlobStore, digest: Digest) -> Tree:
    """The tree object with this digest.

    Raises:
        NotFound: the store has no such object.
        Corruption: it is damaged.
    """
    return read_document(blobs, Tree, digest)


def save(blobs: BlobStore, tree: Tree) -> Digest:
    """Store a tree object whose files are stored already."""
    return put_bytes(blobs, tree.to_bytes())
