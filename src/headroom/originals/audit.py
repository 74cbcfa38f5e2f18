"""What is wrong with a store, said in sentences: the file's structure, every original's hash, every decision."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from headroom.compression.markers import HANDLE_DIGITS
from headroom.errors import StoreError
from headroom.originals import tables

_PAGE = 50
"""Rows read at a time: other threads get their turn in between."""
_MOST = 100
"""Problems listed for each check; a damaged file may have thousands."""

Session = Callable[[], AbstractContextManager[sqlite3.Connection]]


def find_problems(session: Session, *, whole: bool = True) -> list[str]:
    """Check everything there is; reads the whole file.

    Args:
        session: lends the open connection for one page of rows at a time; raises `StoreError` where it cannot.
        whole: unpack every text too, which takes ten times as long as looking at the file's structure.
    """
    problems: list[str] = []
    for check in (_structure, _originals, _decisions) if whole else (_structure,):
        try:
            problems += check(session)[:_MOST]
        except StoreError as error:
            problems.append(str(error))
    return list(dict.fromkeys(problems))


def _structure(session: Session) -> list[str]:
    with session() as database:
        rows = database.execute(f"PRAGMA integrity_check({_MOST})").fetchall()
    return [f"the file's structure is damaged: {said}" for (said,) in rows if said != "ok"]


def _originals(session: Session) -> list[str]:
    problems: list[str] = []
    for handle, sha, packed in _rows(
        session, "SELECT id, handle, sha, packed FROM originals WHERE id > ? ORDER BY id LIMIT ?"
    ):
        problems += _read_back(f"original {handle}", packed, sha)
        if sha.hex()[:HANDLE_DIGITS] != handle:
            problems.append(f"original {handle}: its handle is not the start of its hash {sha.hex()}")
    return problems


def _decisions(session: Session) -> list[str]:
    with session() as database:
        lost = database.execute(tables.BEREFT).fetchmany(_MOST)
    problems = [f"decision {key}: its original {handle} is missing, so it is not used" for key, handle in lost]
    for key, packed in _rows(
        session, "SELECT id, key, packed FROM decisions WHERE packed NOT NULL AND id > ? ORDER BY id LIMIT ?"
    ):
        problems += _read_back(f"decision {key}", packed)
    return problems


def _read_back(what: str, packed: bytes, sha: bytes | None = None) -> list[str]:
    try:
        tables.unpack(packed, sha)
    except StoreError as error:
        return [f"{what}: {error}"]
    return []


def _rows(session: Session, query: str) -> Iterator[list[Any]]:
    """All rows that `query` gives, a page at a time: its parameters are the last id seen and the number of rows."""
    last = 0
    while True:
        with session() as database:
            page = database.execute(query, (last, _PAGE)).fetchall()
        if not page:
            return
        for row in page:
            yield row[1:]
        last = page[-1][0]
