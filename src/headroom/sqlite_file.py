"""One SQLite file of ours (WAL), shared by all processes and threads of a user: opened, checked, and opened again.

* Nothing is opened before the first use. After a failure, after a fork, and when the file was moved away or replaced, the
  next use opens it anew: nothing that went wrong once stays wrong.
* `synchronous=NORMAL`: what was committed survives `kill -9`; a power cut may lose the last seconds, never half a commit.
* The file is readable by its owner only, and so are `-wal` and `-shm`, to which SQLite gives the mode of the file.
* A file that cannot be used is refused and left as it is: another program's, a newer version's, a damaged one.
* Nothing here opens an existing file except through SQLite: closing any other descriptor on it would drop the locks
  that SQLite holds for this process.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from headroom.errors import StoreError

BUSY_SECONDS = 2.0
"""How long a use waits for another process's lock; a write itself takes under a millisecond."""
_WHOSE = """SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
                   (SELECT count(*) FROM sqlite_master)"""
"""One statement, so one moment: another process may be making the tables."""


class Kind(NamedTuple):
    """What a file holds, and what it is called."""

    name: str
    """In words to the user: `store`, `ledger`."""
    application: int
    """In `application_id`: whose the file is."""
    version: int
    """In `user_version`. Raise it with the tables, and upgrade older files in `_prepare`."""
    schema: Sequence[str]
    """Statements that make the tables in an empty file."""
    wal_limit: int
    """Bytes that the write-ahead log may keep on disk."""
    room: str
    """What to do where its disk is full."""


class SqliteFile:
    """One file, and at most one open connection to it."""

    def __init__(self, path: str | os.PathLike[str], kind: Kind) -> None:
        """Name the file; nothing is opened yet.

        Args:
            path: the file; `~` is expanded, and links are followed when it is opened. Missing folders are made.
            kind: what it holds.
        """
        self.path = Path(path).expanduser().absolute()
        self.kind = kind
        self.lock = threading.RLock()
        """Held by whoever uses the connection."""
        self._open: _Open | None = None
        _files.add(self)

    @contextmanager
    def session(self) -> Iterator[sqlite3.Connection]:
        """The open connection, for this thread alone.

        Raises:
            StoreError: whatever goes wrong in it, in words; the file is opened anew afterwards.
        """
        with self.lock:
            try:
                yield self._connection()
            except (sqlite3.Error, OSError, OverflowError) as error:  # OverflowError: a number of more than 64 bits
                self.close()
                raise self.explain(error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all or nothing."""
        with self.session() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self.lock:
            opened, self._open = self._open, None
            if opened is None:
                return
            if opened.pid != os.getpid():  # closing what a parent process opened would drop that process's locks
                _abandoned.append(opened.connection)
                return
            with suppress(sqlite3.Error):
                opened.connection.close()

    def __del__(self, ends: Callable[[], bool] = sys.is_finalizing) -> None:
        """Close the file; when the process ends the modules that it takes may be gone, and SQLite closes it by itself."""
        if hasattr(self, "_open") and not ends():
            self.close()

    def hold(self) -> None:
        """Before a fork: keep other threads out, with no connection open; `let_go` afterwards."""
        self.lock.acquire()
        self.close()

    def let_go(self) -> None:
        """After a fork, in parent and child."""
        self.lock.release()

    def explain(self, error: Exception) -> StoreError:
        """What went wrong with the file, and what to do about it."""
        said = (isinstance(error, OSError) and error.strerror) or str(error)
        advice = next((advice for words, advice in _ADVICE if any(word in said for word in words)), _LAST_ADVICE)
        return StoreError(f"{self.path}: {said}. {advice.format(room=self.kind.room)}")

    def _connection(self) -> sqlite3.Connection:
        if self._open is not None:
            if self._open.pid == os.getpid() and self._open.identity == _identity(self.path):
                return self._open.connection
            self.close()
        path = self.path.resolve()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _own(path)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._open = _Open(connection, os.getpid(), _identity(path))
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if not self._is_ours(connection):
            self._create(connection)
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute(f"PRAGMA journal_size_limit = {self.kind.wal_limit}")

    def _is_ours(self, connection: sqlite3.Connection) -> bool:
        """Whether the tables are there; `False` for an empty file."""
        application, version, tables = connection.execute(_WHOSE).fetchone()
        if application == self.kind.application:
            if version > self.kind.version:
                raise StoreError(
                    f"{self.path} was written by a newer Headroom (its version {version}, this one knows"
                    f" {self.kind.version}): upgrade headroom-ai here, or give this one a {self.kind.name} of its own"
                )
            return True
        if application or version or tables:
            raise StoreError(
                f"{self.path} is the database of another program: name a file of its own for the {self.kind.name}"
            )
        return False

    def _create(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            if not self._is_ours(connection):  # another process may have been first
                for statement in self.kind.schema:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {self.kind.application}")
                connection.execute(f"PRAGMA user_version = {self.kind.version}")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


class _Open(NamedTuple):
    connection: sqlite3.Connection
    pid: int
    identity: tuple[int, int] | None


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is at `path` now: device and inode; `None` where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - at every use, and `Path.stat` takes twice as long
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _own(path: Path) -> None:
    """Make the file for its owner only, or take it away from the others."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(f"Is a directory: {path.name}") from None
        if os.name == "posix" and mode & 0o077:
            path.chmod(0o600)


_ADVICE = (
    (("locked", "busy"), "Another process holds it: the next call tries again; if it stays so, end that process."),
    (("full", "quota", "No space left"), "Free some space on its disk{room}."),
    (("File too large",), "Raise the limit on the size of a file{room}."),
    (
        ("malformed", "not a database", "no such table", "no such column", "corrupt", "decode"),
        "The file is damaged. Move it aside, with its -wal and -shm files; the next call begins a new one.",
    ),
    (("disk I/O error",), "Its disk failed, or is full: check it; the next call tries again."),
    (("Is a directory", "directory"), "Name a file in a folder you may write to."),
)
"""What SQLite and the system say (Python 3.10 gives no error codes) and what the user can do."""
_LAST_ADVICE = "Check that this is a file you may write to, in a folder you may write to."

_files: weakref.WeakSet[SqliteFile] = weakref.WeakSet()
_abandoned: list[sqlite3.Connection] = []
_forking = threading.Lock()
_held: list[SqliteFile] = []


def _before_fork() -> None:
    """No connection may cross a fork, and no thread may hold a lock that its copy in the child would never release."""
    _forking.acquire()
    for file in list(_files):
        file.hold()
        _held.append(file)


def _after_fork() -> None:
    while _held:
        _held.pop().let_go()
    if _forking.locked():
        _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
