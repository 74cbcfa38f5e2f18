"""One request's bytes in, lighter bytes out, and what was done: the engine over a request as it came over the wire.

Rules:
* Only strings that the engine edits change; with none of them the very same bytes go on.
* Whatever cannot be read goes on as it came, with a recorded failure.
* What the provider had before and nobody decided was sent without us: it stays as it was sent (`engine.edit`, `sent`).
* Runs in a thread or in a process of its own; it blocks on nothing but the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from headroom import engine, tokens, wire
from headroom.blocks import Block, Edit, Failure, Path
from headroom.compression import cache
from headroom.errors import InputError, StoreError
from headroom.ledger.entry import Edited, Segment
from headroom.originals import facts
from headroom.originals.recent import Recent
from headroom.originals.store import Store
from headroom.proxy import way
from headroom.proxy.options import Retrieve
from headroom.proxy.way import Way
from headroom.settings import Settings
from headroom.wire.body import KEYS, Body, Change, Format, SetText

_HEAD: Mapping[Format, tuple[str, ...]] = {
    "anthropic": ("tools", "system"),
    "chat": ("tools",),
    "responses": ("tools", "instructions"),
    "gemini": ("tools", "systemInstruction", "system_instruction"),
}
"""What the model reads before the messages, in the order the provider's cache has it."""
_SESSION_HEADERS = ("x-claude-code-session-id", "session-id", "session_id", "x-session-id", "x-session-affinity")
_AGENT_HEADERS = ("x-claude-code-agent-id", "x-codex-window-id")
_GUARD = "cch="
"""In an Anthropic client's first system block: a hash over the body. Not ours to break."""
_CLEARS = b"clear_tool_uses"
"""The provider drops earlier tool results by itself: a reference to one would point nowhere."""


@dataclass(frozen=True, slots=True)
class Job:
    """A request as it came, decoded from its content encoding."""

    body: bytes
    format: Format
    headers: Mapping[str, str]
    """Lower-case names; only what tells a conversation apart is read."""
    settings: Settings
    retrieve: Retrieve = "auto"
    model: str = ""
    """From the path, where it stands there."""
    bypass: bool = False
    """Nothing new is compressed; what went out compressed before stays so."""
    guarded: bool = True
    """Leave a body alone that its client has signed with `cch=`."""


@dataclass(slots=True)
class Lightened:
    """What goes upstream, and what the ledger wants to know."""

    body: bytes
    model: str = ""
    streamed: bool = False
    conversation: str = ""
    changed: bool = False
    """Whether `body` is another than the one that came."""
    way: Way = "none"
    """How its model can ask for an original."""
    marked: bool = False
    cache_break: str = ""
    edits: tuple[Edited, ...] = ()
    """Those that were sent for the first time."""
    failures: tuple[Failure, ...] = ()
    tokens_before: int = 0
    """Of the texts edited for the first time."""
    tokens_after: int = 0
    segments: tuple[Segment, ...] | None = None
    """Counted here where `rest` could not travel; else by `segments`."""
    rest: Rest | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """What counting a prompt needs: kept out of the way until the answer has gone."""

    blocks: list[Block]
    keys: list[str]
    edits: Mapping[Path, Edit]
    head: tuple[str, ...]


def lighten(job: Job, store: Store, memory: Recent | None = None, most: int | None = None) -> Lightened | None:
    """Make a request lighter; it never raises for what a request holds.

    Args:
        job: the request.
        store: keeps originals and decisions.
        memory: what this process sent lately.
        most: characters of new text that are to be worked on here.

    Returns:
        `None`: there is more than `most`; nothing was done.
    """
    try:
        body = Body(job.body, job.format)
    except InputError as error:
        return Lightened(job.body, failures=(Failure("wire", str(error)),))
    made = Lightened(job.body, _text(body.value.get("model")), body.value.get("stream") is True)
    messages = body.messages
    blocks, unread = wire.read(messages)
    keys = cache.keys(blocks)
    made.conversation = conversation(body, job.headers, blocks, keys)
    if job.guarded and _is_guarded(body):
        made.failures = (Failure("wire", "the client guards this body with a hash: it went as it came"),)
        return made
    if not blocks or _is_compaction(messages):
        made.failures = tuple(unread)
        return made
    sent = wire.answered(messages)
    request = way.Request(body, job.format, job.headers, job.model)
    made.way = _way(request, blocks, job.retrieve, store, sent)
    settings = replace(
        job.settings, retrieval=made.way != "none", repeats=job.settings.repeats and _CLEARS not in job.body
    )
    if most is not None and _new_text(blocks, keys, sent, store) > most:
        return None
    edits, failures = engine.edit(blocks, settings, store, len(messages) if job.bypass else sent, memory)
    made.failures = (*unread, *failures)
    made.body = body.edited(_changes(job.format, edits))
    made.changed = made.body is not job.body
    known = dict(zip((block.path for block in blocks), zip(keys, blocks, strict=True), strict=True))
    made.edits = tuple(_new(edit, *known[edit.path]) for edit in edits if int(edit.path[0]) >= sent)
    made.tokens_before = sum(edit.tokens_before for edit in made.edits)
    made.tokens_after = sum(edit.tokens_after for edit in made.edits)
    made.rest = Rest(blocks, keys, {edit.path: edit for edit in edits}, _head(body, job.format))
    return made


def _new_text(blocks: list[Block], keys: list[str], sent: int, store: Store) -> int:
    """Characters that nobody has decided about yet."""
    new = [
        (key, block) for key, block in zip(keys, blocks, strict=True) if block.editable and int(block.path[0]) >= sent
    ]
    try:
        decided = store.decisions([key for key, _ in new])
    except StoreError:
        return 0
    return sum(len(block.text) for key, block in new if key not in decided)


def _way(request: way.Request, blocks: list[Block], retrieve: Retrieve, store: Store, sent: int) -> Way:
    """The way of this conversation, chosen at its first request with tools and kept; `none` where it does not hold."""
    agent = next((request.headers[name] for name in _AGENT_HEADERS if request.headers.get(name)), "")
    key = f"way:{way.conversation_key(request.body, blocks, agent)}"
    try:
        chosen = facts.recall(store, [key]).get(key)
        if chosen is None and way.settles(request):
            chosen = facts.remember(store, {key: way.choose(request, retrieve, seen_from_start=not sent)})[key]
    except StoreError:
        return "none"
    found: Way = next((each for each in get_args(Way) if each == chosen), "none")
    return found if way.holds(found, request) else "none"


def _changes(format_: Format, edits: list[Edit]) -> list[Change]:
    return [SetText((KEYS[format_], *edit.path), edit.text) for edit in edits]


def _new(edit: Edit, key: str, block: Block) -> Edited:
    tool = block.call.name if block.call else ""
    return Edited(key, edit.handle, edit.compressor, tool, edit.lossless, edit.tokens_before, edit.tokens_after)


def conversation(body: Body, headers: Mapping[str, str], blocks: list[Block], keys: list[str]) -> str:
    """What names a conversation: the client's own session and agent, else its first messages."""
    session = next((headers[name] for name in _SESSION_HEADERS if headers.get(name)), "")
    session = session or _text(body.value.get("prompt_cache_key"))
    agent = next((headers[name] for name in _AGENT_HEADERS if headers.get(name)), "")
    if session:
        return cache.digest(f"{session}\n{agent}")[:16]
    first = next((at for at, block in enumerate(blocks) if block.role in ("assistant", "call", "result")), len(blocks))
    return cache.digest(f"{keys[first - 1] if first else ''}\n{agent}")[:16]


def _is_guarded(body: Body) -> bool:
    system = body.value.get("system")
    first = system[0] if isinstance(system, list) and system else system
    text = first.get("text") if isinstance(first, dict) else first
    return isinstance(text, str) and _GUARD in text[:1000]


def _is_compaction(messages: list[Any]) -> bool:
    """Whether the provider is asked to compact what it is sent: it must read what was said, not our version."""
    return any(isinstance(each, dict) and each.get("type") == "compaction_trigger" for each in messages[-3:])


def _head(body: Body, format_: Format) -> tuple[str, ...]:
    spans = [body.span((key,)) for key in _HEAD[format_] if body.value.get(key)]
    return tuple(body.data[start:end].decode("utf-8", "replace") for start, end in spans)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def segments(rest: Rest) -> tuple[Segment, ...]:
    """The prompt as stretches of tokens, in the provider's order, estimated with cl100k."""
    found = [Segment(_tokens(cache.digest(raw), raw), 0, "") for raw in rest.head]
    for block, key in zip(rest.blocks, rest.keys, strict=True):
        edit = rest.edits.get(block.path)
        if edit is None:
            found.append(Segment(_tokens(key, block.text), 0, ""))
        else:
            found.append(Segment(edit.tokens_after, edit.tokens_before - edit.tokens_after, edit.compressor))
    return tuple(found)


_counted: dict[str, int] = {}
_COUNTED = 100_000
"""Texts whose tokens are remembered: each turn of a conversation sends all the earlier ones again. 10 MB."""


def _tokens(key: str, text: str) -> int:
    known = _counted.get(key)
    if known is None:
        if len(_counted) >= _COUNTED:
            _counted.clear()
        known = _counted[key] = tokens.count(text)
    return known
