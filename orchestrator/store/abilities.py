"""What only some stores can do. Each function gives a store as one that can, or says in words that it cannot."""

from __future__ import annotations

from orchestrator.errors import EnvironmentProblem
from orchestrator.store.port import BlobStore, Dated, FileBacked, Linkable, Removable, Sized


def file_backed(store: BlobStore) -> FileBacked:
    """Raises EnvironmentProblem where its blobs are no files here."""
    if not isinstance(store, FileBacked):
        raise EnvironmentProblem("this store keeps no files on this machine")
    return store


def sized(store: BlobStore) -> Sized:
    """Raises EnvironmentProblem where it tells no sizes."""
    if not isinstance(store, Sized):
        raise EnvironmentProblem("this store does not tell the size of a blob")
    return store


def dated(store: BlobStore) -> Dated:
    """Raises EnvironmentProblem where it tells no ages."""
    if not isinstance(store, Dated):
        raise EnvironmentProblem("this store does not tell the age of a blob")
    return store


def linkable(store: BlobStore) -> Linkable:
    """Raises EnvironmentProblem where it makes no links."""
    if not isinstance(store, Linkable):
        raise EnvironmentProblem("this store makes no links", hint="a store in S3 does: docs/stores.md")
    return store


def removable(store: BlobStore) -> Removable:
    """Raises EnvironmentProblem where blobs are there for good."""
    if not isinstance(store, Removable):
        raise EnvironmentProblem("nothing can be removed from this store")
    return store
