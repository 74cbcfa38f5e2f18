"""What there is to measure: samples (one output each) and conversations.

A folder with an `index.json` in it is a corpus: a list of `{file, kind, command, question?, facts}`; facts are strings
that must survive. A folder in which an agent's transcripts lie is measured by these alone: what an agent keeps beside
them was never read by a model. Any other file is one output without known facts, or a transcript.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from headroom.agents import transcripts
from headroom.errors import InputError

BUNDLED = Path(__file__).parent / "samples"
MAX_BYTES = 64_000_000
"""Files above this are skipped, with a word: reading one takes ten times its size in memory."""
BINARY_PROBE = 8192
"""Bytes looked at: a NUL among them means that nobody reads the file as text."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One output of one command."""

    name: str
    kind: str
    text: str
    command: str = ""
    question: str = ""
    facts: tuple[str, ...] = ()
    """Strings that must survive; empty: nobody knows them."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A whole session of an agent."""

    name: str
    messages: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not measured, and why."""

    name: str
    reason: str


Item = Sample | Conversation | Skipped


class _Entry(msgspec.Struct):
    file: str
    kind: str
    command: str = ""
    question: str = ""
    facts: list[str] = []


class Source(NamedTuple):
    """A file to measure, not read yet."""

    path: Path
    entry: _Entry | None = None
    """What an `index.json` says about it."""
    transcripts_only: bool = False


def find(paths: Iterable[Path]) -> list[Source]:
    """The files under these paths; hidden ones inside a folder are left out.

    Raises:
        InputError: a path does not exist, or an `index.json` cannot be read.
    """
    found: list[Source] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist: name files, folders or transcripts")
        if not path.is_dir():
            found.append(Source(path))
        elif (path / "index.json").is_file():
            found += _indexed(path)
        else:
            files = sorted(_files(path))
            only = any(file.suffix == ".jsonl" and transcripts.is_transcript(file) for file in files)
            found += [Source(file, transcripts_only=only) for file in files]
    return found


def read(source: Source) -> Item:
    """What a file holds."""
    path, entry, only = source
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return Skipped(_name(path), f"{size / 1e6:.0f} MB, over {MAX_BYTES / 1e6:.0f} MB")
        messages = transcripts.read(path)
        if messages is not None:
            return Conversation(_name(path), messages)
        data = b"" if only else path.read_bytes()
    except OSError as error:
        return Skipped(_name(path), error.strerror or str(error))
    if only:
        return Skipped(_name(path), "no transcript, beside transcripts")
    if not data.strip():
        return Skipped(_name(path), "empty")
    if b"\0" in data[:BINARY_PROBE]:
        return Skipped(_name(path), "binary")
    text = data.decode("utf-8", "replace")
    if entry is None:
        return Sample(_name(path), "", text)
    return Sample(entry.file, entry.kind, text, entry.command, entry.question, tuple(entry.facts))


def _files(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(where, name) for name in names if not name.startswith(".") and Path(where, name).is_file())


def _indexed(folder: Path) -> list[Source]:
    try:
        entries = msgspec.json.decode((folder / "index.json").read_bytes(), type=list[_Entry])
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise InputError(
            f"{folder / 'index.json'} is not a list of samples ({error}): mend it, or name the files themselves"
        ) from error
    return [Source(folder / entry.file, entry) for entry in entries]


def _name(path: Path) -> str:
    """A path as it can be printed, whatever bytes are in it."""
    return os.fsencode(path).decode("utf-8", "replace")
