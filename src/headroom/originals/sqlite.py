"""The default store: one SQLite file (WAL, zstd), shared by all processes and threads of a user.

* Importing and constructing touch nothing; `sqlite_file` says when the file is opened, and what a commit survives.
* Age counts from the last use, in hours: what a live conversation uses stays. Oldest last use goes first, and a
  decision goes with its original (a trigger sees to it).
* A cache of decisions answers a repeated conversation without searching the file. It is emptied when any process
  deleted something, and when a new hour begins, so that a use is noted again.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from re import fullmatch
from typing import NamedTuple

from headroom.blocks import Decision
from headroom.compression.markers import HANDLE_DIGITS
from headroom.errors import SettingsError, StoreError
from headroom.originals import tables
from headroom.originals.audit import find_problems
from headroom.originals.recent import Recent
from headroom.originals.schema import STORE
from headroom.originals.store import collision, mismatched, orphan, unknown
from headroom.sqlite_file import BUSY_SECONDS, SqliteFile

MAX_BYTES = 2**30
"""1 GiB packed: 3.5 GB of source or 4.5 GB of logs, months of heavy use."""
MAX_AGE_DAYS = 30.0
CACHE_BYTES = 32 * 2**20
"""Memory for decisions; a conversation of 200,000 tokens has under 1 MB of them."""
_SWEEP_EVERY = 256
"""Puts between two looks at the age limit, and at what other processes have added to the size."""
_ROOM = 0.05
"""The share of the size cap that a sweep frees at once, so that not every put has to."""
_HOUR = 3600


class Purged(NamedTuple):
    """What a purge removed."""

    originals: int
    decisions: int
    bytes: int
    """Of packed text and rows."""


class Stats(NamedTuple):
    """What the store holds."""

    originals: int
    decisions: int
    bytes: int
    """Of packed text and rows: what `max_bytes` limits."""
    oldest: datetime | None
    """Last use of what was used longest ago, to the hour, in UTC; `None` in an empty store."""


class Report(NamedTuple):
    """What `verify` found."""

    stats: Stats
    problems: list[str]
    """One sentence each; empty when all is well."""


class SqliteStore:
    """A store in one file; see `Store` for what `put`, `original`, `decisions` and `ours` promise."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        max_bytes: int = MAX_BYTES,
        max_age_days: float = MAX_AGE_DAYS,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        """Name the file and its limits; nothing is opened yet.

        Args:
            path: the file; `~` is expanded, and links are followed when it is opened.
            max_bytes: of packed text and rows; the file is a little larger.
            max_age_days: since the last use.
            cache_bytes: memory for decisions.

        Raises:
            SettingsError: a limit that is not above 0.
        """
        if not max_bytes > 0 or not max_age_days > 0:
            raise SettingsError(f"max_bytes={max_bytes!r} and max_age_days={max_age_days!r} must both be above 0")
        self.max_bytes = max_bytes
        self.max_age_days = max_age_days
        self._recent = Recent(cache_bytes)
        self._unswept = 0
        self._bytes = 0
        self._swept: sqlite3.Connection | None = None
        """Where sizes were last looked at; nothing is known of a file that was opened since."""
        self._file = SqliteFile(path, STORE)

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    def put(self, originals: Mapping[str, str], decisions: Sequence[Decision]) -> dict[str, Decision]:
        """See `Store.put`; one transaction."""
        shas = {handle: sha256(tables.encode(text)).digest() for handle, text in originals.items()}
        for handle, sha in shas.items():
            if sha.hex()[:HANDLE_DIGITS] != handle:
                raise mismatched(handle)
        with self._file.session() as database:
            known = tables.read_shas(database, shas)
        packed = {handle: tables.pack(text) for handle, text in originals.items() if handle not in known}
        rows = [tables.decision_row(decision) for decision in decisions]
        keys = {decision.key for decision in decisions}
        needed = {decision.handle for decision in decisions if decision.handle}.union(originals)
        size = sum(len(data) + tables.ROW_BYTES for data in packed.values()) + sum(row.bytes for row in rows)
        with self._file.lock:
            with self._file.writing() as database:
                hour = _hour()
                tables.touch(database, keys, needed, hour)
                self._sweep(database, size, needed | keys)
                stored = tables.read_shas(database, needed)
                for handle, sha in shas.items():
                    if handle not in stored:  # one that was known a moment ago may have been purged since
                        stored[handle] = sha
                        tables.add_original(
                            database, handle, sha, packed.get(handle) or tables.pack(originals[handle]), hour
                        )
                    elif stored[handle] != sha:
                        raise collision(handle)
                for decision in decisions:
                    if decision.handle and decision.handle not in stored:
                        raise orphan(decision)
                if tables.add_decisions(database, rows, hour):
                    found = {decision.key: decision for decision in decisions}
                else:
                    found, _ = tables.read_decisions(database, keys)
            self._recent.add(found)  # only what is committed, and before another thread can delete it
        return found

    def original(self, handle: str) -> str:
        """See `Store.original`."""
        if not fullmatch(f"[0-9a-f]{{{HANDLE_DIGITS}}}", handle):
            raise unknown(handle)
        with self._file.session() as database:
            row = tables.read_original(database, handle)
            if row is not None and row.used < _hour():
                self._note_use(database, (), (handle,))
        if row is None:
            raise unknown(handle)
        return tables.unpack(row.packed, row.sha)

    def decisions(self, keys: Sequence[str]) -> dict[str, Decision]:
        """See `Store.decisions`."""
        with self._file.session() as database:
            self._recent.refresh(database, _hour())
            found = self._recent.get(keys)
            missing = set(keys).difference(found)
            if missing:
                read, oldest = tables.read_decisions(database, missing)
                if read and oldest < _hour():
                    self._note_use(database, read, {decision.handle for decision in read.values()})
                self._recent.add(read)
                found.update(read)
        return found

    def ours(self, digests: Sequence[str]) -> set[str]:
        """See `Store.ours`."""
        with self._file.session() as database:
            return tables.read_digests(database, set(digests))

    def purge(self, older_than_days: float | None = None, everything: bool = False) -> Purged:
        """Delete what was not used lately, overwrite it on the disk and give its space back.

        Args:
            older_than_days: since the last use, rounded up to hours; `max_age_days` unless given.
            everything: delete all there is, whenever it was used.

        Raises:
            SettingsError: `older_than_days` is negative.
            StoreError: the store cannot be read or written; nothing was deleted.
        """
        days = self.max_age_days if older_than_days is None else older_than_days
        if not days >= 0:
            raise SettingsError(f"older_than_days={days!r} must be 0 or more")
        with self._file.lock:
            with self._file.session() as database:
                database.execute("PRAGMA secure_delete = ON")
            with self._file.writing() as database:
                before = tables.totals(database)
                tables.delete_until(database, sys.maxsize if everything else _hours_ago(days))
                after = tables.totals(database)
            # Where another process is reading now, the space comes back at a later purge: no waiting for that.
            with suppress(StoreError), self._file.session() as database:
                database.execute("PRAGMA busy_timeout = 0")
                database.executescript("PRAGMA incremental_vacuum")  # `execute` would stop after one page
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self.close()
        return Purged(
            before.originals - after.originals, before.decisions - after.decisions, before.bytes - after.bytes
        )

    def stats(self) -> Stats:
        """What the store holds.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._file.session() as database:
            held = tables.totals(database)
        oldest = None if held.oldest is None else datetime.fromtimestamp(held.oldest * _HOUR, tz=timezone.utc)
        return Stats(held.originals, held.decisions, held.bytes, oldest)

    def verify(self, *, whole: bool = True) -> Report:
        """Check the file's structure, every original's hash and every decision; raises nothing.

        Args:
            whole: read and unpack all of it; else look at the structure alone.
        """
        problems = find_problems(self._file.session, whole=whole)
        try:
            return Report(self.stats(), problems)
        except StoreError as error:
            return Report(Stats(0, 0, 0, None), list(dict.fromkeys([*problems, str(error)])))

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        self._file.close()

    def _sweep(self, database: sqlite3.Connection, size: int, protected: Collection[str]) -> None:
        """Now and then, make room for `size` more bytes and delete what is past its age."""
        if size > self.max_bytes:
            raise StoreError(
                f"{self.path}: {size} bytes are more than the whole store may hold ({self.max_bytes}): raise max_bytes"
            )
        self._unswept = _SWEEP_EVERY if self._swept is not database else self._unswept + 1
        self._swept = database
        self._bytes += size
        if self._unswept < _SWEEP_EVERY and self._bytes <= self.max_bytes:
            return
        tables.delete_until(database, _hours_ago(self.max_age_days))
        over = tables.totals(database).bytes + size - self.max_bytes
        if over > 0:
            tables.delete_oldest(database, over + int(self.max_bytes * _ROOM), protected)
        self._unswept = 0
        self._bytes = tables.totals(database).bytes + size
        self._recent.clear()

    def _note_use(self, database: sqlite3.Connection, keys: Collection[str], handles: Collection[str]) -> None:
        """Best effort: an hour of age is not worth a failure, or a wait for another process."""
        database.execute("PRAGMA busy_timeout = 0")
        try:
            with suppress(sqlite3.OperationalError):
                database.execute("BEGIN IMMEDIATE")
                tables.touch(database, keys, handles, _hour())
                database.execute("COMMIT")
        finally:
            if database.in_transaction:
                database.execute("ROLLBACK")
            database.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")


def _hour() -> int:
    return int(time.time()) // _HOUR


def _hours_ago(days: float) -> int:
    return int(max(0, _hour() - days * 24))
