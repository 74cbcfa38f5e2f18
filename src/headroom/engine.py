"""The four I/O steps, once, in order: look up decisions, decide, keep, apply. Every shell calls this.

An edit leaves only after its original and its decision are durable. What cannot be kept goes out as it came, and the
failure is recorded: nothing is ever lost, nothing fails silently.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from headroom import wire
from headroom.blocks import Block, Call, Decision, Edit, Failure, Message, Outcome
from headroom.compression import cache, pipeline
from headroom.compression.compressors import TABLE
from headroom.errors import InputError, StoreError
from headroom.originals.recent import Recent
from headroom.originals.store import Store
from headroom.result import Compressed, CompressedText
from headroom.settings import Settings


class Asked(NamedTuple):
    """What was asked of a store about some blocks."""

    keys: Sequence[str]
    """Of the blocks (`cache.keys`)."""
    found: Mapping[str, Decision] | None
    """The decisions that stand under them; `None` where nobody asked yet."""


def compress(messages: Sequence[Message], settings: Settings, store: Store, model: str | None = None) -> Compressed:
    """The messages with long tool output made shorter; see `headroom.compress`."""
    if isinstance(messages, (str, bytes)) or not isinstance(messages, Sequence):
        raise InputError(
            f"messages must be a list of messages, not {type(messages).__name__}: for one text use compress_text(text)"
        )
    blocks, failures = wire.read(messages, model or "")
    edits, went_wrong = edit(blocks, settings, store)
    failures += went_wrong
    texts = {item.path: item.text for item in edits}
    try:
        shorter = wire.put(messages, texts)
    except InputError as error:  # an object of the caller's that lets nobody copy it
        edits, texts, shorter = [], {}, list(messages)
        failures.append(Failure("wire", str(error)))
    told = [block for block in blocks if block.picture is None]
    after = [texts.get(block.path, block.text) for block in told]
    return Compressed(shorter, [block.text for block in told], after, edits, failures, model)


def edit(
    blocks: Sequence[Block],
    settings: Settings,
    store: Store,
    sent: int = 0,
    memory: Recent | None = None,
    asked: Asked | None = None,
) -> tuple[list[Edit], list[Failure]]:
    """What to put in the place of which text; everything it needs to be undone is durable when this returns.

    Args:
        blocks: everything the model reads, from `wire.read`.
        settings: what may be done.
        store: keeps originals and decisions.
        sent: messages, from the first, that the provider has had already: what is undecided there stays (`pipeline.run`).
        memory: what this process sent lately. A store that fails, or was deleted, does not change what a provider has cached.
        asked: what the caller knows of the blocks already.
    """
    keys = cache.keys(blocks) if asked is None else asked.keys
    decided: dict[str, Decision] = {} if memory is None else memory.get(keys)
    failures: list[Failure] = []
    try:
        found = store.decisions(keys) if asked is None or asked.found is None else asked.found
        failures = _restored(blocks, keys, {key: decided[key] for key in decided if key not in found}, store)
        decided |= found
        new = {
            cache.digest(block.text)
            for block, key in zip(blocks, keys, strict=True)
            if block.editable and key not in decided
        }
        own = store.ours(sorted(new)) if new else set()
    except StoreError as error:
        replayed = pipeline.run(blocks, settings, decided, sent=int(blocks[-1].path[0]) + 1 if blocks else 0, keys=keys)
        return replayed.edits, [Failure("store", str(error))]
    outcome = pipeline.run(blocks, settings, decided, own, sent, keys)
    kept, went_wrong = keep(outcome, store)
    failures += went_wrong
    if memory is not None:
        memory.add({key: each for key, each in {**decided, **(kept or {})}.items() if each.text is not None})
    if kept is not None and all(kept.get(item.key, item) == item for item in outcome.decisions):
        return outcome.edits, [*outcome.failures, *failures]
    # Not kept: what is new goes out as it came, what earlier turns became stands. Kept, but another process decided first:
    # its word is what the provider has cached.
    stays = {item.key: Decision(item.key, None) for item in outcome.decisions} if kept is None else kept
    again = pipeline.run(blocks, settings, {**decided, **stays}, own, sent, keys)
    return again.edits, [*outcome.failures, *failures]


def _restored(
    blocks: Sequence[Block], keys: Sequence[str], lost: Mapping[str, Decision], store: Store
) -> list[Failure]:
    """Store again what a store has lost: the client sends the originals with every request."""
    texts = {key: block.text for block, key in zip(blocks, keys, strict=True) if key in lost}
    try:
        if lost:
            store.put({lost[key].handle: text for key, text in texts.items()}, list(lost.values()))
    except StoreError as error:
        return [Failure("store", str(error))]
    return []


def keep(outcome: Outcome, store: Store) -> tuple[dict[str, Decision] | None, list[Failure]]:
    """Make new originals and decisions durable; `None` where they could not be."""
    if not outcome.decisions:
        return {}, []
    try:
        return store.put(outcome.originals, outcome.decisions), []
    except StoreError as error:
        return None, [Failure("store", str(error))]


def compress_text(
    text: str, settings: Settings, store: Store, hint: str | None = None, query: str | None = None
) -> CompressedText:
    """One text, outside any conversation; see `headroom.compress_text`."""
    if not isinstance(text, str):
        raise InputError(
            f"text must be a string, not {type(text).__name__}: for a list of messages use compress(messages)"
        )
    named = hint is not None and any(entry.name == hint for entry in TABLE)
    if named:
        settings = replace(
            settings, kinds={**{entry.name: "off" for entry in TABLE if entry.name != hint}, **settings.kinds}
        )
    call = Call("", "shell", "" if named or not hint else json.dumps({"command": hint}))
    blocks = [Block((0,), query or "", "user"), Block((1,), text, "result", call, editable=True)]
    try:
        own = store.ours([cache.digest(text)])
    except StoreError as error:
        return CompressedText(text, text, None, [Failure("store", str(error))])
    outcome = pipeline.run(blocks, settings, {}, own)
    if not outcome.edits:
        return CompressedText(text, text, None, outcome.failures)
    kept, failures = keep(outcome, store)
    if kept is None:
        return CompressedText(text, text, None, [*outcome.failures, *failures])
    return CompressedText(outcome.edits[0].text, text, outcome.edits[0], outcome.failures)
