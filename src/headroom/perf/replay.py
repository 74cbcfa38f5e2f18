"""Replaying outputs and conversations through the compressors, and what came of it.

Every replay starts on an empty store in memory: replayed decisions would hide what the compressors do today. Facts of a
conversation are the literals (identifiers, paths, numbers) that a tool result was the first to show and that the model
used later; one is kept if the request whose answer uses it still shows it.

The bill is priced as a prompt cache does it: what a request has in common with the one before, from the start, is read
at 0.1 of the input price, the rest is written at 1.25 (Anthropic's published multipliers, five-minute cache, 2025).
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from headroom import engine, wire
from headroom.blocks import Block, Edit
from headroom.compression import pipeline, router
from headroom.originals.store import MemoryStore
from headroom.perf.corpus import Conversation, Sample
from headroom.settings import Settings
from headroom.tokens import report

READ, WRITE = 0.1, 1.25
_LITERAL = re.compile(r"[A-Za-z_][\w./-]{5,}|\d{3,}")


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
    failures: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Bill:
    """What conversations cost, in input tokens at full price, system prompt and tools aside."""

    conversations: int = 0
    turns: int = 0
    before: float = 0.0
    after: float = 0.0
    facts: int = 0
    visible: int = 0


def sample(item: Sample, settings: Settings) -> Row:
    """One output: the first sight of it, outside any conversation."""
    store = MemoryStore()
    start = time.perf_counter()
    made = engine.compress_text(item.text, settings, store, item.command or None, item.question or None)
    seconds = time.perf_counter() - start
    kind = item.kind or (made.edit.compressor if made.edit else router.kind_of(item.text, item.command)) or "other"
    visible = [fact for fact in item.facts if fact in made.text]
    found = item.facts if made.edit is None or item.text == store.original(made.edit.handle) else visible
    failures = [f"{item.name}: {failure.where}: {failure.reason}" for failure in made.failures]
    return Row(
        kind, 1, made.tokens_before, made.tokens_after, len(item.facts), len(visible), len(found), [seconds], failures
    )


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
        if block.role != "result":
            continue
        edit = edits.get(block.path)
        row = rows.setdefault(edit.compressor if edit else "unchanged", Row(edit.compressor if edit else "unchanged"))
        row.texts, row.before, row.after = row.texts + 1, row.before + before, row.after + after
    results = sum(row.texts for row in rows.values())
    for row in rows.values():
        row.seconds = [seconds / max(1, results)] * row.texts
        row.failures = []
    reasons = [f"{item.name}: {failure.where}: {failure.reason}" for failure in (*failures, *outcome.failures)]
    if reasons:
        rows.setdefault("unchanged", Row("unchanged")).failures += reasons
    return list(rows.values()), _bill(blocks, sizes, edits)


def _size(block: Block, edits: dict[tuple[str | int, ...], Edit], model: str | None) -> tuple[int, int]:
    before = report(block.text, model)
    edit = edits.get(block.path)
    return before, report(edit.text, model) if edit else before


def _bill(blocks: list[Block], sizes: list[tuple[int, int]], edits: dict[tuple[str | int, ...], Edit]) -> Bill:
    bill = Bill(conversations=1)
    cached = (0, 0)
    total = (0, 0)
    shown: list[str] = []
    known: set[str] = set()
    wanted: dict[str, int] = {}
    for index, block in enumerate(blocks):
        starts_turn = block.role in ("assistant", "call") and (
            index == 0 or blocks[index - 1].role not in ("assistant", "call")
        )
        if starts_turn:
            bill.turns += 1
            bill.before += READ * cached[0] + WRITE * (total[0] - cached[0])
            bill.after += READ * cached[1] + WRITE * (total[1] - cached[1])
            cached = total
        literals = set(_LITERAL.findall(block.text))
        if block.role in ("assistant", "call"):
            used = [literal for literal in literals if literal in wanted]
            if used:
                request = "\n".join(shown)
                bill.facts += len(used)
                bill.visible += sum(literal in request for literal in used)
            for literal in used:
                del wanted[literal]
        elif block.role == "result":
            wanted.update(dict.fromkeys(literals - known, index))
        known |= literals
        shown.append(edits[block.path].text if block.path in edits else block.text)
        total = (total[0] + sizes[index][0], total[1] + sizes[index][1])
    return bill


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
