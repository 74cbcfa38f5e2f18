"""The rows of a store: how texts are packed into them, and the few statements that read and write them.

Functions take an open connection and leave transactions to their caller. Lists of names are sent in chunks.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Collection, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple

from headroom.blocks import Decision
from headroom.compression.cache import digest
from headroom.errors import StoreError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ROW_BYTES = 200
"""What a row costs beside its text, with its part of the indexes; makes the size cap hold for the file."""
_ZSTD: dict[int, int] = {zstd.CompressionParameter.compression_level: 1, zstd.CompressionParameter.checksum_flag: 1}
"""Level 1: 400 KB of source or log in 0.7-1.5 ms to 22-28 %; level 3 gains 2 points at most, level 5 takes twice the
time. The checksum finds a flipped bit, which SQLite does not."""
_CHUNK = 500
"""Values in one `IN (...)`; older SQLite takes 999."""

INTACT = "(handle = '' OR EXISTS (SELECT 1 FROM originals WHERE originals.handle = decisions.handle))"
"""Holds for a decision that needs no original, or has it."""
BEREFT = f"SELECT key, handle FROM decisions WHERE NOT {INTACT}"  # noqa: S608 - both are constants
"""Decisions whose originals are gone; only damage, or a hand in the file, makes them."""
_INSERT_ORIGINAL = "INSERT INTO originals (handle, sha, packed, bytes, used) VALUES (?, ?, ?, ?, ?)"
_INSERT_DECISION = """
INSERT INTO decisions (key, digest, packed, compressor, lossless, handle, tokens_before, tokens_after, bytes, used)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"""
_DECISION = "key, packed, compressor, lossless, handle, tokens_before, tokens_after, used"
_SELECT_DECISIONS = f"SELECT {_DECISION} FROM decisions WHERE {INTACT} AND key IN"  # noqa: S608 - both are constants
_DELETE_BEREFT = f"DELETE FROM decisions WHERE NOT {INTACT} AND key IN"  # noqa: S608 - a constant


class Row(NamedTuple):
    """A decision as `add_decisions` writes it."""

    key: str
    digest: str | None
    packed: bytes | None
    compressor: str
    lossless: bool
    handle: str
    tokens_before: int
    tokens_after: int
    bytes: int


class Original(NamedTuple):
    """An original as it is kept."""

    sha: bytes
    packed: bytes
    used: int
    """The hour of its last use."""


class Totals(NamedTuple):
    """What the tables hold."""

    originals: int
    decisions: int
    bytes: int
    oldest: int | None
    """The hour of the oldest last use."""


def encode(text: str) -> bytes:
    """UTF-8, lone surrogates as they are: what is hashed and packed."""
    return text.encode("utf-8", "surrogatepass")


def pack(text: str) -> bytes:
    """`text` as a zstd frame."""
    return zstd.compress(encode(text), options=_ZSTD)


def unpack(packed: bytes, sha: bytes | None = None) -> str:
    """The text in a zstd frame.

    Raises:
        StoreError: it is damaged, or is not the text that has this SHA-256.
    """
    try:
        data = zstd.decompress(packed)
        if sha is not None and sha256(data).digest() != sha:
            raise StoreError("the stored text is not what was stored (its hash differs): run `verify` on the store")
        return data.decode("utf-8", "surrogatepass")
    except (zstd.ZstdError, UnicodeDecodeError, MemoryError) as error:
        raise StoreError(f"the stored text is damaged ({error}): run `verify` on the store") from error


def decision_row(decision: Decision) -> Row:
    """A decision as its row, all but the hour."""
    packed = None if decision.text is None else pack(decision.text)
    return Row(
        decision.key,
        None if decision.text is None else digest(decision.text),
        packed,
        decision.compressor,
        decision.lossless,
        decision.handle,
        decision.tokens_before,
        decision.tokens_after,
        len(packed or b"") + ROW_BYTES,
    )


def add_original(database: sqlite3.Connection, handle: str, sha: bytes, packed: bytes, hour: int) -> None:
    """Insert an original that is not there."""
    database.execute(_INSERT_ORIGINAL, (handle, sha, packed, len(packed) + ROW_BYTES, hour))


def add_decisions(database: sqlite3.Connection, rows: Sequence[Row], hour: int) -> bool:
    """Insert decisions; a key that is there keeps its own, unless that one's original is gone.

    Returns:
        Whether every one of them was inserted.
    """
    _in(database, _DELETE_BEREFT, [row.key for row in rows])
    return database.executemany(_INSERT_DECISION, ((*row, hour) for row in rows)).rowcount == len(rows)


def read_decisions(database: sqlite3.Connection, keys: Collection[str]) -> tuple[dict[str, Decision], int]:
    """The decisions under `keys` whose originals are there, and the hour of the oldest last use among them."""
    found: dict[str, Decision] = {}
    oldest = sys.maxsize
    for row in _in(database, _SELECT_DECISIONS, keys):
        key, packed, compressor, lossless, handle, before, after, used = row
        text = None if packed is None else unpack(packed)
        found[key] = Decision(key, text, compressor, bool(lossless), handle, before, after)
        oldest = min(oldest, used)
    return found, oldest


def read_original(database: sqlite3.Connection, handle: str) -> Original | None:
    """The original that has this handle, packed."""
    row = database.execute("SELECT sha, packed, used FROM originals WHERE handle = ?", (handle,)).fetchone()
    return None if row is None else Original(*row)


def read_shas(database: sqlite3.Connection, handles: Collection[str]) -> dict[str, bytes]:
    """The SHA-256 of each original that is there, by its handle."""
    return dict(_in(database, "SELECT handle, sha FROM originals WHERE handle IN", handles))


def read_digests(database: sqlite3.Connection, digests: Collection[str]) -> set[str]:
    """Which of these are digests of the text of a decision."""
    return {row[0] for row in _in(database, "SELECT digest FROM decisions WHERE digest IN", digests)}


def touch(database: sqlite3.Connection, keys: Collection[str], handles: Collection[str], hour: int) -> None:
    """Note that these decisions and originals are used at `hour`."""
    _in(database, f"UPDATE decisions SET used = {hour:d} WHERE used < {hour:d} AND key IN", keys)  # noqa: S608 - a number
    _in(database, f"UPDATE originals SET used = {hour:d} WHERE used < {hour:d} AND handle IN", handles)  # noqa: S608 - a number


def delete_until(database: sqlite3.Connection, hour: int) -> None:
    """Delete what was last used at `hour` or before."""
    database.execute("DELETE FROM originals WHERE used <= ?", (hour,))
    database.execute("DELETE FROM decisions WHERE used <= ?", (hour,))


def delete_oldest(database: sqlite3.Connection, size: int, protected: Collection[str]) -> None:
    """Delete `size` bytes or a little more, oldest last use first, sparing the handles and keys in `protected`.

    A decision that has an original goes when that goes.
    """
    by_age = database.execute(
        "SELECT used, 1 AS original, id, bytes, handle FROM originals"
        " UNION ALL SELECT used, 0, id, bytes, key FROM decisions WHERE handle = '' ORDER BY used, id"
    )
    doomed: dict[int, list[tuple[int]]] = {0: [], 1: []}
    for _, original, row, held, name in by_age:
        if size <= 0:
            break
        if name not in protected:
            doomed[original].append((row,))
            size -= held
    by_age.close()
    database.executemany("DELETE FROM decisions WHERE id = ?", doomed[0])
    database.executemany("DELETE FROM originals WHERE id = ?", doomed[1])


def deletions(database: sqlite3.Connection) -> int:
    """A number that grows whenever any process deletes something."""
    return int(database.execute("SELECT number FROM deletions").fetchone()[0])


def totals(database: sqlite3.Connection) -> Totals:
    """Counts, bytes and the oldest hour; read from the indexes alone."""
    parts = "SELECT count(*), coalesce(sum(bytes), 0), min(used) FROM "
    originals, packed, first = database.execute(parts + "originals").fetchone()
    decisions, more, second = database.execute(parts + "decisions").fetchone()
    return Totals(
        originals, decisions, packed + more, min((hour for hour in (first, second) if hour is not None), default=None)
    )


def _in(database: sqlite3.Connection, statement: str, names: Collection[str]) -> list[Any]:
    """Run `statement` over all `names`, a chunk at a time; all rows it gives."""
    rows: list[Any] = []
    rest = iter(names)
    while chunk := list(islice(rest, _CHUNK)):
        marks = ",".join("?" * len(chunk))
        rows += database.execute(f"{statement} ({marks})", chunk).fetchall()
    return rows
