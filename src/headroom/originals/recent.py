"""Decisions used lately, in memory, so that a long conversation seen again needs no search in the store's file.

Its owner locks. It trusts nothing for longer than an hour, nor past a deletion by any process: `refresh` comes before
`get`.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from headroom.blocks import Decision
from headroom.originals import tables

_ENTRY_BYTES = 400
"""A decision without its text, with its key and its place in the table (measured with `sys.getsizeof`)."""


class Recent:
    """The most recently used decisions, up to a number of bytes."""

    def __init__(self, limit: int) -> None:
        """Start empty, for `limit` bytes."""
        self._limit = limit
        self._size = 0
        self._decisions: OrderedDict[str, Decision] = OrderedDict()
        self._seen: tuple[sqlite3.Connection, int, int] | None = None
        self._deletions: int | None = None

    def refresh(self, database: sqlite3.Connection, hour: int) -> None:
        """Forget everything if something was deleted since the last call, or a new hour has begun, or the file was opened anew."""
        (version,) = database.execute(
            "PRAGMA data_version"
        ).fetchone()  # changes with every commit of another connection
        if self._seen == (database, version, hour):
            return
        deletions = tables.deletions(database)
        if self._deletions != deletions or self._seen is None or self._seen[::2] != (database, hour):
            self.clear()
        self._seen, self._deletions = (database, version, hour), deletions

    def get(self, keys: Iterable[str]) -> dict[str, Decision]:
        """Those of `keys` that are held."""
        found = {key: self._decisions[key] for key in keys if key in self._decisions}
        for key in found:
            self._decisions.move_to_end(key)
        return found

    def add(self, decisions: Mapping[str, Decision]) -> None:
        """Hold these too; what was used longest ago makes room."""
        for key, decision in decisions.items():
            if key in self._decisions:
                self._size -= _size(self._decisions.pop(key))
            self._decisions[key] = decision
            self._size += _size(decision)
        while self._size > self._limit:
            self._size -= _size(self._decisions.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget everything."""
        self._decisions.clear()
        self._size = 0
        self._seen = None


def _size(decision: Decision) -> int:
    return len(decision.text or "") + _ENTRY_BYTES
