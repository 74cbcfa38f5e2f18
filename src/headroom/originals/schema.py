"""The tables of the store's file."""

from __future__ import annotations

from headroom.sqlite_file import Kind

_TABLES = (
    """CREATE TABLE originals (
    id INTEGER PRIMARY KEY,
    handle TEXT NOT NULL UNIQUE,   -- first 12 hex digits of sha
    sha BLOB NOT NULL,             -- SHA-256 of the text in UTF-8 (surrogatepass)
    bytes INTEGER NOT NULL,        -- what it counts against the size cap
    used INTEGER NOT NULL,         -- hour of its last use, since 1970
    packed BLOB NOT NULL           -- the text in UTF-8 (surrogatepass), zstd
)""",
    "CREATE INDEX originals_age ON originals (used, bytes)",
    """CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    digest TEXT,                   -- of the text; NULL where the block stays as it came
    compressor TEXT NOT NULL,
    lossless INTEGER NOT NULL,
    handle TEXT NOT NULL,          -- '' where nothing can be fetched
    tokens_before INTEGER NOT NULL,
    tokens_after INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    used INTEGER NOT NULL,
    packed BLOB                    -- NULL where the block stays as it came
)""",
    "CREATE INDEX decisions_age ON decisions (used, bytes)",
    "CREATE INDEX decisions_handle ON decisions (handle)",
    "CREATE INDEX decisions_digest ON decisions (digest) WHERE digest IS NOT NULL",
    # Grows with each deletion, so that other processes empty their caches.
    "CREATE TABLE deletions (number INTEGER NOT NULL)",
    "INSERT INTO deletions VALUES (0)",
    """CREATE TRIGGER original_gone AFTER DELETE ON originals BEGIN
    DELETE FROM decisions WHERE handle = old.handle;
    UPDATE deletions SET number = number + 1;
END""",
    """CREATE TRIGGER decision_gone AFTER DELETE ON decisions BEGIN
    UPDATE deletions SET number = number + 1;
END""",
)

STORE = Kind(
    name="store",
    application=0x48445230,  # `HDR0`
    version=1,
    schema=_TABLES,
    wal_limit=64 * 2**20,  # after one very large original passed through it
    room=", or run `purge` on the store",
)
