"""Replaying outputs and conversations through the compressors, and what came of it.

Every replay starts on an empty store in memory: replayed decisions would hide what the compressors do today. Facts of a
conversation are the literals (identifiers, paths, numbers) that a tool result was the first to show and that the model
used later; one is kept if the request whose answer uses it still shows it.

The bill is priced as a prompt cache does it: what a request has in common with the one before, from the start, is read
at 0.1 of the input price, the rest is written at 1.25 (Anthropic's published multipliers, five-minute cache, 2025). A
conversation that was compacted starts again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from headroom import engine, wire
from headroom.blocks import Block, Edit
from headroom.compression import pipeline, router
from headroom.originals.store import MemoryStore
from headroom.perf.corpus import Conversation, Sample
from headroom.settings import Settings
from headroom.tokens import report

READ, WRITE = 0.1, 1.25
_LITERAL = re.compile(r"[A-Za-z_][\w./-]{5,}|\d{3,}")
_NOT_WORDS = frozenset(
    {"type", "role", "id", "call_id", "status", "caller", "cache_control", "model"}
    | {"thinking", "signature", "data", "encrypted_content", "summary", "thoughtSignature"}
)
"""Keys of what a model's message holds beside its words: names of fields, reasoning, which providers drop or price apart."""


@dataclass(slots=True)
class Row:
    """One kind of content, summed up."""

    kind: str
    texts: int = 0
    before: int = 0
    after: int = 0
    facts: int = 0
    visible: int = 0
    retrievable: int = 0
    """Facts that are visible or that a named handle gives back."""
    seconds: list[float] = field(default_factory=list)
    """What each text took; empty for results in conversations, which are compressed together."""
    failures: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Bill:
    """What conversations cost, in input tokens at full price: of what transcripts hold, so mostly without system prompt and tools."""

    conversations: int = 0
    turns: int = 0
    before: float = 0.0
    after: float = 0.0
    facts: int = 0
    visible: int = 0
    seconds: float = 0.0
    """What compressing took."""

    def __add__(self, other: Bill) -> Bill:
        """Both bills in one."""
        return Bill(*(getattr(self, name) + getattr(other, name) for name in Bill.__slots__))


Sizes = tuple[int, int]
"""Tokens before and after."""


def sample(item: Sample, settings: Settings, model: str | None = None) -> Row:
    """One output: the first sight of it, outside any conversation."""
    store = MemoryStore()
    start = time.perf_counter()
    made = engine.compress_text(item.text, settings, store, item.command or None, item.question or None)
    seconds = time.perf_counter() - start
    kind = item.kind or (made.edit.compressor if made.edit else router.kind_of(item.text, item.command)) or "other"
    visible = [fact for fact in item.facts if fact in made.text]
    found = item.facts if made.edit is None or item.text == store.original(made.edit.handle) else visible
    failures = [f"{item.name}: {failure.where}: {failure.reason}" for failure in made.failures]
    before, after = report(item.text, model), report(made.text, model)
    return Row(kind, 1, before, after, len(item.facts), len(visible), len(found), [seconds], failures)


def conversation(item: Conversation, settings: Settings, model: str | None = None) -> tuple[list[Row], Bill]:
    """One session, turn by turn, as an agent would send it."""
    blocks, failures = wire.read(item.messages)
    start = time.perf_counter()
    outcome = pipeline.run(blocks, settings, {})
    seconds = time.perf_counter() - start
    edits = {edit.path: edit for edit in outcome.edits}
    sizes = [_size(block, edits, model) for block in blocks]
    rows: dict[str, Row] = {}
    for block, (before, after) in zip(blocks, sizes, strict=True):
        if block.role == "result":
            edit = edits.get(block.path)
            kind = edit.compressor if edit else "unchanged"
            row = rows.setdefault(kind, Row(kind))
            row.texts, row.before, row.after = row.texts + 1, row.before + before, row.after + after
    reasons = [f"{item.name}: {failure.where}: {failure.reason}" for failure in (*failures, *outcome.failures)]
    if reasons:
        rows.setdefault("unchanged", Row("unchanged")).failures += reasons
    ledger = _Ledger(model)
    by_message = {
        index: list(pairs) for index, pairs in groupby(zip(blocks, sizes, strict=True), lambda one: one[0].path[0])
    }
    for index, message in enumerate(item.messages):
        if _by_model(message):
            ledger.answer(message)
        else:
            ledger.read(by_message.get(index, []), edits)
    ledger.bill.seconds = seconds
    return list(rows.values()), ledger.bill


def _size(block: Block, edits: dict[tuple[str | int, ...], Edit], model: str | None) -> Sizes:
    edit = edits.get(block.path)
    if block.picture is not None:  # what an image costs is only known where it became something else
        return (edit.tokens_before, edit.tokens_after) if edit else (0, 0)
    before = report(block.text, model)
    return before, report(edit.text, model) if edit else before


class _Ledger:
    """Goes through one conversation: what each request cost, and which literals it still showed."""

    def __init__(self, model: str | None) -> None:
        self.bill = Bill(conversations=1)
        self._model = model
        self._start_again()

    def _start_again(self) -> None:
        self._cached: Sizes = (0, 0)
        self._total: Sizes = (0, 0)
        self._shown: list[str] = []
        self._known: set[str] = set()
        self._wanted: dict[str, int] = {}
        """Literal to where in `_shown` it was read first."""
        self._answering = False

    def answer(self, message: dict[str, Any]) -> None:
        """A message of the model: several in a row are one answer to one request."""
        said = "\n".join(_words(message))
        if not self._answering:
            self.bill.turns += 1
            self.bill.before += READ * self._cached[0] + WRITE * (self._total[0] - self._cached[0])
            self.bill.after += READ * self._cached[1] + WRITE * (self._total[1] - self._cached[1])
            self._cached = self._total
            self._answering = True
        literals = set(_LITERAL.findall(said))
        request = ""
        for literal in literals & self._wanted.keys():
            first = self._shown[self._wanted.pop(literal)]
            if literal not in first and not request:
                request = "\n".join(self._shown)
            self.bill.facts += 1
            self.bill.visible += literal in first or literal in request
        self._known |= literals
        size = report(said, self._model)
        self._take(said, (size, size))

    def read(self, blocks: list[tuple[Block, Sizes]], edits: dict[tuple[str | int, ...], Edit]) -> None:
        """A message that the model reads."""
        for block, sizes in blocks:
            if block.role == "boundary":
                self._start_again()
                continue
            literals = set() if block.picture else set(_LITERAL.findall(block.text))
            if block.role == "result":
                self._wanted.update(dict.fromkeys(literals - self._known, len(self._shown)))
            self._known |= literals
            shown = edits[block.path].text if block.path in edits else block.text
            self._take("" if block.picture else shown, sizes)
            self._answering = False

    def _take(self, shown: str, sizes: Sizes) -> None:
        self._shown.append(shown)
        self._total = (self._total[0] + sizes[0], self._total[1] + sizes[1])


def _by_model(message: dict[str, Any]) -> bool:
    kind = message.get("type")
    return message.get("role") in ("assistant", "model") or kind == "reasoning" or str(kind).endswith("_call")


def _words(value: object) -> Iterator[str]:
    """What the model wrote in a message: its text, and the names and arguments of its calls."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in _NOT_WORDS:
                yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)


def merge(rows: list[Row]) -> list[Row]:
    """One row a kind, the largest first."""
    merged: dict[str, Row] = {}
    for row in rows:
        into = merged.setdefault(row.kind, Row(row.kind))
        for name in ("texts", "before", "after", "facts", "visible", "retrievable"):
            setattr(into, name, getattr(into, name) + getattr(row, name))
        into.seconds += row.seconds
        into.failures += row.failures
    return sorted(merged.values(), key=lambda row: (-row.before, row.kind))
