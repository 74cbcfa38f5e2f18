"""What we changed in other programs' files, kept so that it can be undone: `<home>/journal/`, a record each file.

Rules:
* A record with the bytes before is durable before the file is changed. So whatever happens in between, killed with no
  warning included, undoing knows what to do: the file's bytes alone tell how far it had come.
* Undoing gives back the exact bytes where the file is as we left it. Where someone has changed it since, only what is
  still as we put it goes, and everything else stays as it is now.
* A file that cannot be read any more is reported and left alone, and so is its record.
* A record holds a whole configuration, keys and all: it is the owner's alone, and goes when it was undone.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal
from uuid import uuid4

import msgspec

from headroom.agents import edits
from headroom.agents.edits import Change, EditError
from headroom.agents.undo import is_same, undone

Purpose = Literal["wrap", "mcp"]
"""What the changes are for; each is undone without the other."""
State = Literal["as we left it", "changed since", "undone by someone", "gone", "unreadable"]
FOLDER: Final = "journal"


@dataclass(frozen=True, slots=True)
class Record:
    """What was changed in one file for one agent."""

    agent: str
    purpose: Purpose
    file: Path
    before: bytes | None
    """`None`: there was no file."""
    after: bytes
    changes: tuple[Change, ...]
    made: str = ""
    """The outermost folder that was made for it; empty: none."""
    path: Path = Path()
    """Of the record itself."""

    def without(self, now: bytes | None) -> tuple[bytes | None, bool]:
        """See `undo.undone`."""
        return undone(self.file, self.before, self.after, self.changes, now)


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of one file."""

    file: Path
    exact: bool
    """The very bytes that were there before; else what others changed since was kept."""


class Journal:
    """The records below one data folder."""

    def __init__(self, home: Path) -> None:
        """Name our data folder; nothing is made yet."""
        self._folder = home / FOLDER

    def records(self, agent: str | None = None, purpose: Purpose | None = None) -> list[Record]:
        """What is changed now, the oldest first; what cannot be read is left out (see `broken`)."""
        return [
            record
            for record in self._all()
            if isinstance(record, Record) and agent in (None, record.agent) and purpose in (None, record.purpose)
        ]

    def broken(self) -> list[Path]:
        """Records that cannot be read."""
        return [record for record in self._all() if isinstance(record, Path)]

    def _all(self) -> Iterator[Record | Path]:
        try:
            paths = sorted(self._folder.glob("*.json"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        except OSError:
            return
        for path in paths:
            try:
                yield _read(path)
            except (OSError, ValueError, TypeError, KeyError):
                yield path

    def plan(self, agent: str, purpose: Purpose, changes: Sequence[Change]) -> list[Record]:
        """The records that `apply` would make; nothing is written.

        Raises:
            EditError: a file is broken or foreign.
        """
        old = {record.file: record for record in self.records(agent, purpose)}
        files = list(dict.fromkeys(change.file for change in changes))
        planned = []
        for file in files:
            mine = tuple(change for change in changes if change.file == file)
            now = edits.read_bytes(file)
            before = old[file].without(now)[0] if file in old and now is not None else now
            text = "" if before is None else edits.text_of(file, before)
            for change in mine:
                text = edits.put(change, text)
            made = old[file].made if file in old else self._made_for(file)
            planned.append(Record(agent, purpose, file, before, text.encode(), mine, made))
        return planned

    def _made_for(self, file: Path) -> str:
        """The outermost folder that is made for a file, or was for another one beside it: the last of them removes it."""
        shared = (record.made for record in self.records() if record.made and Path(record.made) in file.parents)
        return _to_make(file) or next(shared, "")

    def apply(self, agent: str, purpose: Purpose, changes: Sequence[Change]) -> list[Record]:
        """Make changes; where older ones of this agent and purpose stand, they are undone in the same step.

        Raises:
            EditError: a file is broken or foreign, or cannot be written. Files before it are changed, and have records.
        """
        planned = self.plan(agent, purpose, changes)
        for record in planned:
            now = edits.read_bytes(record.file)
            old = [each for each in self.records(agent, purpose) if each.file == record.file]
            self._write(record)
            if now != record.after:
                edits.replace(record.file, record.after, now)
            for each in old:
                each.path.unlink(missing_ok=True)
        for stale in self.records(agent, purpose):
            if all(stale.file != record.file for record in planned):
                self._undo(stale)
        return planned

    def undo(self, agent: str, purpose: Purpose) -> tuple[list[Undone], list[str]]:
        """Take back what was changed.

        Returns:
            What became of each file; and what could not be undone, a sentence each.
        """
        done, failed = [], []
        for record in reversed(self.records(agent, purpose)):
            try:
                done.append(self._undo(record))
            except EditError as error:
                failed.append(str(error))
        return done, failed

    def _undo(self, record: Record) -> Undone:
        now = edits.read_bytes(record.file)
        wanted, exact = record.without(now)
        self._rebase(record)
        if wanted is None and now is not None:
            record.file.unlink()
        elif wanted != now:
            assert wanted is not None
            edits.replace(record.file, wanted, now)
        if record.made:
            _unmake(record.file, Path(record.made))
        record.path.unlink(missing_ok=True)
        return Undone(record.file, exact)

    def _rebase(self, record: Record) -> None:
        """Take a record's changes out of what later records of the same file remember, so that they end where it began."""
        every = [each for each in self.records() if each.file == record.file]
        for later in every[[each.path for each in every].index(record.path) + 1 :]:
            before, after = record.without(later.before)[0], record.without(later.after)[0]
            if after is not None:
                self._write(replace(later, before=before, after=after, made=record.made or later.made))
                later.path.unlink(missing_ok=True)

    def _write(self, record: Record) -> None:
        path = self._folder / f"{record.purpose}-{record.agent}-{uuid4().hex[:12]}.json"
        part = path.with_suffix(".part")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, made with its mode
                file.write(_written(record))
                file.flush()
                os.fsync(descriptor)
            part.replace(path)
            _sync(self._folder)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise EditError(
                f"{self._folder} cannot be written ({error.strerror or error}): without a way back nothing was changed"
            ) from error


def state(record: Record) -> State:
    """How a changed file is now."""
    try:
        now = edits.read_bytes(record.file)
        if now is None:
            return "gone"
        if now == record.after:
            return "as we left it"
        there = [edits.get(change, edits.text_of(record.file, now)) for change in record.changes]
    except EditError:
        return "unreadable"
    values = [change.value for change in record.changes]
    return "changed since" if any(map(is_same, there, values)) else "undone by someone"


def _to_make(file: Path) -> str:
    """The outermost folder that must be made for a file."""
    missing = ""
    for folder in file.parents:
        if folder.exists():
            break
        missing = str(folder)
    return missing


def _unmake(file: Path, outermost: Path) -> None:
    """Remove the folders that were made for a file, if nothing else came into them."""
    if file.exists():
        return
    for folder in file.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        if folder == outermost:
            return


def _sync(folder: Path) -> None:
    """Make a rename durable, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _written(record: Record) -> bytes:
    before = None if record.before is None else base64.b64encode(record.before).decode()
    return msgspec.json.encode(
        {
            "agent": record.agent,
            "purpose": record.purpose,
            "file": str(record.file),
            "before": before,
            "after": base64.b64encode(record.after).decode(),
            "sum": hashlib.sha256((record.before or b"") + record.after).hexdigest(),
            "changes": [
                {"kind": change.kind, "path": list(change.path), "value": change.value} for change in record.changes
            ],
            "made": record.made,
        }
    )


def _read(path: Path) -> Record:
    data = msgspec.json.decode(path.read_bytes())
    file = Path(data["file"])
    changes = tuple(
        Change(
            file,
            each["kind"],
            tuple(step if isinstance(step, str) else tuple(step) for step in each["path"]),
            each["value"],
        )
        for each in data["changes"]
    )
    before = None if data["before"] is None else base64.b64decode(data["before"])
    after = base64.b64decode(data["after"])
    if hashlib.sha256((before or b"") + after).hexdigest() != data["sum"]:
        raise ValueError("damaged")
    return Record(data["agent"], data["purpose"], file, before, after, changes, data["made"], path)
