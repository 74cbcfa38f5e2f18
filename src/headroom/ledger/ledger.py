"""The ledger as the proxy sees it: one call after each answer."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from headroom.ledger import tables
from headroom.ledger.accounting import account
from headroom.ledger.entry import Entry
from headroom.ledger.prices import Prices
from headroom.sqlite_file import SqliteFile

MAX_AGE_DAYS = 365
MAX_ROWS = 1_000_000
"""About 300 MB; of what is older only sums stay."""


class Ledger:
    """Writes rows; `Report` reads them. Any thread, any number of processes."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        prices: Prices | None = None,
        max_age_days: float = MAX_AGE_DAYS,
        max_rows: int = MAX_ROWS,
    ) -> None:
        """Name the file; nothing is opened yet.

        Args:
            path: the file.
            prices: what tokens cost; the package's own unless given.
            max_age_days: of older requests only sums stay; looked at once a process.
            max_rows: above it the oldest are treated so, until a tenth of it is free.
        """
        self._file = SqliteFile(path, tables.LEDGER)
        self._prices = prices or Prices()
        self._max_age_days = max_age_days
        self._max_rows = max_rows
        self._tidy = False

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    def add(self, *entries: Entry) -> None:
        """Write requests in one transaction; a tenth of a millisecond or two each, so never on an event loop.

        Raises:
            StoreError: they cannot be written; nothing of them was.
        """
        accounted = [(entry, account(entry, self._prices)) for entry in entries]
        with self._file.writing() as connection:
            if not self._tidy and entries:
                self._fold_old(connection, entries[0].at)
            for each in accounted:
                tables.add(connection, *each)
        self._tidy = True

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        self._file.close()

    def _fold_old(self, connection: sqlite3.Connection, now: float) -> None:
        tables.trim(connection)
        until = int(now // tables.HOUR) - int(self._max_age_days * 24)
        (rows,) = connection.execute("SELECT count(*) FROM requests").fetchone()
        if rows > self._max_rows:
            surplus = rows - self._max_rows * 9 // 10
            (hour,) = connection.execute(
                "SELECT hour FROM requests ORDER BY hour LIMIT 1 OFFSET ?", (surplus,)
            ).fetchone()
            until = max(until, hour + 1)
        tables.fold(connection, until)
