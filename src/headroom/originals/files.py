"""Originals as files, for agents that read files on this machine: `<home>/originals/<handle>.txt`.

Only where the user asked for it (`--retrieve=file`). Files are the owner's alone, appear whole or not at all, and go when
they are older than the store's own limit.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from headroom.compression.markers import HANDLE
from headroom.errors import StoreError, UnknownHandleError
from headroom.originals.store import Store

FOLDER = "originals"
_DAY = 86_400


def handles_in(text: str) -> set[str]:
    """Everything in a text that looks like a handle of ours."""
    return set(HANDLE.findall(text))


def write(folder: Path, store: Store, handles: Iterable[str]) -> None:
    """Write the originals of these handles that the store has and the folder has not.

    Raises:
        StoreError: the store cannot be read, or the folder cannot be written.
    """
    for handle in handles:
        path = folder / f"{handle}.txt"
        if path.exists():
            continue
        with suppress(UnknownHandleError):
            _write(path, store.original(handle).encode("utf-8", "surrogatepass"))


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, made with its mode
            file.write(data)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise StoreError(
            f"{path.parent} cannot be written ({error.strerror or error}): originals are not there as files"
        ) from error


def sweep(folder: Path, days: float) -> None:
    """Delete files that nobody wrote again for so long; best effort."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.stat().st_mtime < time.time() - days * _DAY:
                path.unlink()
