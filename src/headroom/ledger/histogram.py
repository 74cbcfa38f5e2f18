"""How long requests took, by how many of them: what a monitoring system wants to add up over time and machines.

Counts only grow, as far as the ledger keeps single requests; each look reads what came since the one before.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from headroom.sqlite_file import SqliteFile

COLUMNS = ("added_ms", "first_byte_ms")
BOUNDS = (0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 2000, 4000, 8000, 16000, 32000, 64000)
"""Milliseconds, each about twice the one before: from what one request costs us to the slowest first word of a model."""


@dataclass(slots=True)
class Histogram:
    """One kind of time, of all requests that had it."""

    counts: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    """Requests that took at most as long as each of `BOUNDS`."""
    count: int = 0
    total: float = 0.0
    """Milliseconds."""


class Histograms:
    """Both kinds of time; any thread."""

    def __init__(self, file: SqliteFile) -> None:
        """Nothing is read yet."""
        self._file = file
        self._lock = threading.Lock()
        self._last = 0
        self._found = {name: Histogram() for name in COLUMNS}

    def read(self) -> dict[str, Histogram]:
        """The histograms as they stand now, by the name of their column; hidden rounds are within their request.

        Raises:
            StoreError: the ledger cannot be read.
        """
        with self._lock, self._file.session() as connection:
            (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM requests").fetchone()
            if last < self._last:  # another file, or an emptied one
                self._last, self._found = 0, {name: Histogram() for name in COLUMNS}
            for name, histogram in self._found.items():
                below = ", ".join(f"count(CASE WHEN {name} <= {bound} THEN 1 END)" for bound in BOUNDS)
                count, total, *counts = connection.execute(
                    f"SELECT count(*), coalesce(sum({name}), 0), {below} FROM requests"  # noqa: S608 - constants
                    f" WHERE id > ? AND id <= ? AND round = 0 AND {name} > 0",
                    (self._last, last),
                ).fetchone()
                histogram.count += count
                histogram.total += total
                histogram.counts = [a + b for a, b in zip(histogram.counts, counts, strict=True)]
            self._last = last
            return {name: Histogram(list(one.counts), one.count, one.total) for name, one in self._found.items()}
