"""The store's file: made, opened, checked; and what SQLite says put into words a user can act on.

* The file is readable by its owner only, and so are `-wal` and `-shm`, to which SQLite gives the mode of the file.
* A file that cannot be used is refused and left as it is: another program's, a newer version's, a damaged one.
* Nothing here opens an existing file except through SQLite: closing any other descriptor on it would drop the locks
  that SQLite holds for this process.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

from headroom.errors import StoreError

VERSION = 1
"""In `user_version`. Raise it with the tables, and upgrade older files in `_prepare`."""
APPLICATION = 0x48445230
"""`HDR0` in `application_id`: this SQLite file is a Headroom store."""
WAL_LIMIT = 64 * 2**20
"""Bytes that the write-ahead log may keep on disk after one very large original passed through it."""

_WHOSE = """SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
                   (SELECT count(*) FROM sqlite_master)"""
"""One statement, so one moment: another process may be making the tables."""
_SCHEMA = """
CREATE TABLE originals (
    id INTEGER PRIMARY KEY,
    handle TEXT NOT NULL UNIQUE,   -- first 12 hex digits of sha
    sha BLOB NOT NULL,             -- SHA-256 of the text in UTF-8 (surrogatepass)
    bytes INTEGER NOT NULL,        -- what it counts against the size cap
    used INTEGER NOT NULL,         -- hour of its last use, since 1970
    packed BLOB NOT NULL           -- the text in UTF-8 (surrogatepass), zstd
);
CREATE INDEX originals_age ON originals (used, bytes);
CREATE TABLE decisions (
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
);
CREATE INDEX decisions_age ON decisions (used, bytes);
CREATE INDEX decisions_handle ON decisions (handle);
CREATE INDEX decisions_digest ON decisions (digest) WHERE digest IS NOT NULL;
CREATE TABLE deletions (number INTEGER NOT NULL);  -- grows with each, so that other processes empty their caches
INSERT INTO deletions VALUES (0);
CREATE TRIGGER original_gone AFTER DELETE ON originals BEGIN
    DELETE FROM decisions WHERE handle = old.handle;
    UPDATE deletions SET number = number + 1;
END;
CREATE TRIGGER decision_gone AFTER DELETE ON decisions BEGIN
    UPDATE deletions SET number = number + 1;
END;
"""


def connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """Open the store at `path`, making it first where there is none.

    Args:
        path: the file; missing folders are made, for the owner only.
        busy_seconds: how long to wait for another process's lock.

    Raises:
        StoreError: the file belongs to another program or a newer version.
        sqlite3.Error: SQLite cannot open it; see `explain`.
        OSError: the system cannot.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _own(path)
    database = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        _prepare(database, path)
    except BaseException:
        database.close()
        raise
    return database


def identity(path: Path) -> tuple[int, int] | None:
    """Which file is at `path` now: device and inode; `None` where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def explain(error: Exception, path: Path) -> StoreError:
    """What went wrong with the store at `path`, and what to do about it."""
    said = (isinstance(error, OSError) and error.strerror) or str(error)
    for words, advice in _ADVICE:
        if any(word in said for word in words):
            return StoreError(f"{path}: {said}. {advice}")
    return StoreError(f"{path}: {said}. Check that this is a file you may write to, in a folder you may write to.")


_ADVICE = (
    (("locked", "busy"), "Another process holds it: the next call tries again; if it stays so, end that process."),
    (("full", "quota", "No space left"), "Free some space on its disk, or run `purge` on the store."),
    (("File too large",), "Raise the limit on the size of a file, or run `purge` on the store."),
    (
        ("malformed", "not a database", "no such table", "no such column", "corrupt", "decode"),
        "The file is damaged. Move it aside, with its -wal and -shm files; the next call begins a new one.",
    ),
    (("disk I/O error",), "Its disk failed, or is full: check it; the next call tries again."),
    (("Is a directory", "directory"), "Name a file in a folder you may write to."),
)
"""What SQLite and the system say (Python 3.10 gives no error codes) and what the user can do."""


def _own(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(f"Is a directory: {path.name}") from None
        if os.name == "posix" and mode & 0o077:
            path.chmod(0o600)


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    if not _is_ours(database, path):
        _create(database, path)
    database.execute("PRAGMA journal_mode = WAL").fetchone()
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA cell_size_check = ON")
    database.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")


def _is_ours(database: sqlite3.Connection, path: Path) -> bool:
    """Whether the tables are there; `False` for an empty file."""
    application, version, tables = database.execute(_WHOSE).fetchone()
    if application == APPLICATION:
        if version > VERSION:
            raise StoreError(
                f"{path} was written by a newer Headroom (its version {version}, this one knows {VERSION}):"
                " upgrade headroom-ai here, or give this one a store of its own"
            )
        return True
    if application or version or tables:
        raise StoreError(f"{path} is the database of another program: name a file of its own for the store")
    return False


def _create(database: sqlite3.Connection, path: Path) -> None:
    database.execute("PRAGMA auto_vacuum = INCREMENTAL")
    database.execute("BEGIN IMMEDIATE")
    try:
        if not _is_ours(database, path):  # another process may have been first
            for statement in _statements(_SCHEMA):
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {APPLICATION}")
            database.execute(f"PRAGMA user_version = {VERSION}")
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def _statements(script: str) -> list[str]:
    """The statements of a script; `executescript` would commit the open transaction first."""
    statements: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements
