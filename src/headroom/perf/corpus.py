"""What there is to measure: samples (one output each) and conversations.

A folder with an `index.json` in it is a corpus: a list of `{file, kind, command, question?, facts}`; facts are strings
that must survive. Any other file is one output without known facts, or a transcript.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from headroom.agents import transcripts
from headroom.errors import InputError

BUNDLED = Path(__file__).parent / "samples"
MAX_BYTES = 20_000_000
"""Files above this are skipped, with a word."""
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


def load(paths: Iterable[Path]) -> Iterator[Item]:
    """Everything to measure under these paths.

    Raises:
        InputError: a path does not exist, or an `index.json` cannot be read.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist: name files, folders or transcripts")
        if path.is_dir() and (path / "index.json").is_file():
            yield from _indexed(path)
        elif path.is_dir():
            for file in sorted(path.rglob("*")):
                if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts):
                    yield _file(file)
        else:
            yield _file(path)


def _indexed(folder: Path) -> Iterator[Item]:
    try:
        entries = msgspec.json.decode((folder / "index.json").read_bytes(), type=list[_Entry])
    except (msgspec.DecodeError, OSError) as error:
        raise InputError(f"{folder / 'index.json'} is not a list of samples ({error})") from error
    for entry in entries:
        item = _file(folder / entry.file)
        if isinstance(item, Sample):
            yield Sample(entry.file, entry.kind, item.text, entry.command, entry.question, tuple(entry.facts))
        else:
            yield item


def _file(path: Path) -> Item:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return Skipped(str(path), f"{size / 1e6:.0f} MB, over {MAX_BYTES / 1e6:.0f} MB")
        messages = transcripts.read(path)
        if messages is not None:
            return Conversation(path.name, messages)
        data = path.read_bytes()
    except OSError as error:
        return Skipped(str(path), error.strerror or str(error))
    if b"\0" in data[:BINARY_PROBE]:
        return Skipped(str(path), "binary")
    return Sample(str(path), "", data.decode("utf-8", "replace"))
