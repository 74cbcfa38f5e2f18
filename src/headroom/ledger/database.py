"""The ledger's file: SQLite in WAL mode, shared by all processes and threads of a user.

* Nothing is opened before the first use. After a failure, after a fork, and when the file was moved away or replaced, the
  next use opens it anew: nothing that went wrong once stays wrong.
* `synchronous=NORMAL`: what was committed survives `kill -9`; a power cut may lose the last seconds, never half a row.
* The file is made readable by its owner only. One that cannot be used, another program's, a newer version's, a damaged one, is
  refused and left as it is.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from headroom.errors import StoreError
from headroom.ledger import tables

_BUSY_SECONDS = 2.0
"""How long a write waits for another process's; it takes under a millisecond itself."""
_WAL_LIMIT = 16 * 2**20
"""Bytes that the write-ahead log may keep on disk."""


class Database:
    """One file, and at most one open connection to it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Name the file; `~` is expanded."""
        self.path = Path(path).expanduser().absolute()
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        _all.add(self)

    @contextmanager
    def session(self) -> Iterator[sqlite3.Connection]:
        """The open connection, for this thread alone.

        Raises:
            StoreError: whatever goes wrong in it, in words; the file is opened anew afterwards.
        """
        with self._lock:
            try:
                yield self._opened()
            except (sqlite3.Error, OSError, OverflowError) as error:  # OverflowError: a number of more than 64 bits
                self.close()
                raise explain(error, self.path) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all or nothing."""
        with self.session() as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self.close()  # which rolls back
                raise

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(sqlite3.Error):
                    connection.close()

    def __del__(self, ends: Callable[[], bool] = sys.is_finalizing) -> None:
        """Close the file; when the process ends the modules that it takes may be gone, and SQLite closes it by itself."""
        if hasattr(self, "_connection") and not ends():
            self.close()

    def hold(self) -> None:
        """Before a fork: keep other threads out, with no connection open; `let_go` afterwards."""
        self._lock.acquire()
        self.close()

    def let_go(self) -> None:
        """After a fork, in parent and child."""
        self._lock.release()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None:
            if self._identity == _identity(self.path):
                return self._connection
            self.close()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.path.exists():
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self.path, _BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, self.path)
        except BaseException:
            connection.close()
            raise
        self._connection, self._identity = connection, _identity(self.path)
        return connection


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is at `path` now: device and inode."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    if not _is_ours(connection, path):
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("BEGIN IMMEDIATE")
        if not _is_ours(connection, path):  # another process may have been first
            for statement in tables.SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {tables.APPLICATION}")
            connection.execute(f"PRAGMA user_version = {tables.VERSION}")
        connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")


def _is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the tables are there; `False` for an empty file."""
    application, version, found = connection.execute(tables.WHOSE).fetchone()
    if application == tables.APPLICATION:
        if version > tables.VERSION:
            raise StoreError(
                f"{path} was written by a newer Headroom (its version {version}, this one knows {tables.VERSION}):"
                " upgrade headroom-ai here, or give this one a ledger of its own"
            )
        return True
    if application or version or found:
        raise StoreError(f"{path} is the database of another program: name a file of its own for the ledger")
    return False


def explain(error: Exception, path: Path) -> StoreError:
    """What went wrong with the file, and what to do about it."""
    said = (isinstance(error, OSError) and error.strerror) or str(error)
    for words, advice in _ADVICE:
        if any(word in said for word in words):
            return StoreError(f"{path}: {said}. {advice}")
    return StoreError(f"{path}: {said}. Check that this is a file you may write to, in a folder you may write to.")


_ADVICE = (
    (("locked", "busy"), "Another process holds it: the next call tries again; if it stays so, end that process."),
    (("full", "quota", "No space left"), "Free some space on its disk."),
    (
        ("malformed", "not a database", "no such table", "no such column", "corrupt"),
        "The file is damaged. Move it aside, with its -wal and -shm files; the next call begins a new one.",
    ),
    (("disk I/O error",), "Its disk failed, or is full: check it; the next call tries again."),
)
"""What SQLite and the system say (Python 3.10 gives no error codes) and what the user can do."""

_all: weakref.WeakSet[Database] = weakref.WeakSet()
_forking = threading.Lock()
_held: list[Database] = []


def _before_fork() -> None:
    """SQLite's connections do not survive a fork, and locks that another thread holds would stay locked in the child."""
    _forking.acquire()
    for database in list(_all):
        database.hold()
        _held.append(database)


def _after_fork() -> None:
    while _held:
        _held.pop().let_go()
    if _forking.locked():
        _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
