"""One request's bytes in, lighter bytes out, and what was done: the engine over a request as it came over the wire.

Rules:
* Only strings that the engine edits change; with none of them the very same bytes go on.
* Whatever cannot be read goes on as it came, with a recorded failure.
* What the provider had before and nobody decided was sent without us: it stays as it was sent (`engine.edit`, `sent`).
* Runs in a thread or in a process of its own; it blocks on nothing but the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path as FilePath
from typing import Any, get_args

from headroom import engine, tokens, wire
from headroom.blocks import Block, Decision, Edit, Failure
from headroom.compression import cache
from headroom.errors import InputError, StoreError
from headroom.ledger.entry import Edited, Segment
from headroom.ledger.prices import Prices
from headroom.originals import facts, files, retrieval
from headroom.originals.recent import Recent
from headroom.originals.store import Store
from headroom.proxy import chains, counting, hidden, way
from headroom.proxy.chains import Chain, Link
from headroom.proxy.counting import Prompt
from headroom.proxy.hidden.anthropic import AnthropicShape
from headroom.proxy.hidden.chat import ChatShape
from headroom.proxy.hidden.gemini import GeminiShape
from headroom.proxy.options import Retrieve
from headroom.proxy.way import Way
from headroom.settings import Settings
from headroom.wire import pictures
from headroom.wire.body import KEYS, Body, Change, Format, Insert, SetRaw
from headroom.wire.content_encoding import MAX_BYTES, TooLargeError, decoded
from headroom.wire.marks import marks

_SHAPES: Mapping[Format, hidden.Shape] = {"anthropic": AnthropicShape(), "chat": ChatShape(), "gemini": GeminiShape()}
_SESSION_HEADERS = ("x-claude-code-session-id", "session-id", "session_id", "x-session-id", "x-session-affinity")
_AGENT_HEADERS = ("x-claude-code-agent-id", "x-codex-window-id")
_GUARD = "cch="
"""In an Anthropic client's first system block: a hash over the body. Not ours to break."""
_CLEARS = b"clear_tool_uses"
"""The provider drops earlier tool results by itself: a reference to one would point nowhere."""
MOST_CHARS = 4_000_000
"""Characters of one text, and of all that is new in one request, above which they go as they came: no model reads a million
tokens at once, and whoever waits does not wait for more. Sizes decide, never a clock, so a resend fares alike."""
INLINE = 4_000_000
"""Bytes of a body above which `most` is not asked: decoding so much holds the interpreter for about 10 ms."""
_LEAST_MARKED = 4096
"""Tokens under which no model known caches nothing; for models that no price list has."""


@dataclass(frozen=True, slots=True)
class Job:
    """A request as it came."""

    body: bytes
    format: Format
    headers: Mapping[str, str]
    """Lower-case names; only what tells a conversation and its payer apart is read."""
    settings: Settings
    retrieve: Retrieve = "auto"
    model: str = ""
    """From the path, where it stands there."""
    bypass: bool = False
    """Nothing new is compressed; what went out compressed before stays so."""
    guarded: bool = True
    """Leave a body alone that its client has signed with `cch=`."""
    marks: bool = False
    """Cache marks may be set: Anthropic's own API, paid by the token."""
    folder: FilePath | None = None
    """Where originals are kept as files, for those whose way is `file`."""
    linked: bool = False
    """What follows its response brings only what is new: a websocket's frame."""
    gap: bool = False
    """The provider puts more before it than the response it follows."""
    encoding: str = ""
    """Of the body, as its header says."""


@dataclass(slots=True)
class Lightened:
    """What goes upstream, and what the ledger wants to know."""

    body: bytes
    """Without its content encoding; what goes upstream where it was `changed`."""
    pieces: Sequence[bytes] = ()
    """In the place of a large `body`, where it was changed: it, in pieces."""
    model: str = ""
    streamed: bool = False
    conversation: str = ""
    changed: bool = False
    """Whether `body` is another than the one that came."""
    came: bytes = b""
    """What came, decoded; empty where nobody is going to compare it."""
    in_part: bool = False
    """It brings only what is new: of what the provider's cache holds, `came` has tools and instructions alone."""
    way: Way = "none"
    """How its model can ask for an original."""
    place: hidden.Place | None = None
    """Of the answer, where it may hold calls of our own tool."""
    handles: frozenset[str] = frozenset()
    """What this conversation was shown; our own tool gives back nothing else."""
    marked: bool = False
    edits: tuple[Edited, ...] = ()
    """Those that were sent for the first time."""
    failures: tuple[Failure, ...] = ()
    tokens_before: int = 0
    """Of the texts edited for the first time."""
    tokens_after: int = 0
    link: Link | None = None
    """What is to be kept under its response's id when that is complete (`chains`)."""
    prompt: Prompt | None = None
    """To be counted when the answer has gone; or, from another process, `segments`."""
    segments: tuple[Segment, ...] = ()


@dataclass(slots=True)
class _Work:
    """A request being read."""

    job: Job
    body: Body
    store: Store
    made: Lightened
    blocks: list[Block]
    keys: list[str]
    sent: int
    """Messages that a model has had before."""
    chain: Chain
    agent: str
    """The client's name for a sub-agent."""
    decided: dict[str, Decision] | None = None
    """Decisions that stand; `None` where the store cannot be read."""
    way_key: str = ""
    """What the conversation's way is kept under."""
    chosen: str | None = None
    """That way, if any is kept."""
    new: Mapping[str, int] = field(default_factory=dict)
    """Keys of texts that nobody has decided about yet, with their characters."""
    hidden: int = 0
    """Bytes of turns that were put back."""
    changes: list[Change] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


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
        if job.encoding:
            most_bytes = MAX_BYTES if most is None else INLINE
            job = replace(job, body=decoded(job.body, job.encoding, most_bytes), encoding="")
        body = Body(job.body, job.format)
    except InputError as error:
        if isinstance(error, TooLargeError) and most is not None:
            return None
        return Lightened(job.body, failures=(Failure("wire", str(error)),))
    chain = chains.extend(body, store, linked=job.linked, gap=job.gap) if job.format == "responses" else Chain()
    blocks, unread = wire.read(body.messages, _text(body.value.get("model")) or job.model)
    keys = cache.keys(blocks)
    made = Lightened(job.body, model=_text(body.value.get("model")) or job.model)
    made.streamed = body.value.get("stream") is True
    made.conversation = conversation(body, job.headers, blocks, keys)
    made.in_part = bool(chain.follows) or job.linked
    made.came = _head(body, made.conversation) if made.in_part else job.body
    made.failures = tuple(each for each in unread if int(each.path[0]) >= chain.before)
    made.link = chain.link
    if job.guarded and _is_guarded(body):
        made.failures += (Failure("wire", "the client guards this body with a hash: it went as it came"),)
        return made
    if not blocks or _is_compaction(body.messages):
        return made
    sent = chain.before if chain.follows else wire.answered(body.messages)
    agent = _first_of(_AGENT_HEADERS, job.headers)
    work = _Work(job, body, store, made, blocks, keys, len(body.messages) if chain.fixed else sent, chain, agent)
    _ask(work)
    if most is not None and sum(work.new.values()) > most:
        return None
    return _lightened(work, memory)


def _lightened(work: _Work, memory: Recent | None) -> Lightened:
    job, body, made = work.job, work.body, work.made
    made.way = _way(work)
    can_ask = made.way != "none" and _offered(work)
    repeats = job.settings.repeats and work.chain.whole and _CLEARS not in job.body
    most = min(job.settings.max_chars, MOST_CHARS)
    settings = replace(job.settings, retrieval=can_ask, repeats=repeats, max_chars=most)
    edits = _edits(work, settings, memory)
    start = work.chain.before  # what stands before is with the provider already
    here = [(edit, int(edit.path[0]) - start, edit.path[1:]) for edit in edits if int(edit.path[0]) >= start]
    for edit, at, inside in here:
        work.changes += pictures.changes(body, (KEYS[job.format], at, *inside), edit.text)
    made.handles = frozenset(handle for edit in edits for handle in files.handles_in(edit.text))
    if job.marks:
        found = marks(body, _least_marked(made.model), {(KEYS[job.format], *edit.path) for edit in edits})
        made.marked = bool(found)
        work.changes += found
    made.body = body.edited(work.changes)
    made.changed = made.body is not job.body
    known = {block.path: (key, block) for block, key in zip(work.blocks, work.keys, strict=True)}
    new = [(edit, *known[edit.path]) for edit in edits if known[edit.path][0] in work.new]
    made.edits = tuple(_new(*each) for each in new)
    made.tokens_before = sum(edit.tokens_before for edit in made.edits)
    made.tokens_after = sum(edit.tokens_after for edit in made.edits)
    if made.way == "file" and job.folder is not None:
        _write_files(work, job.folder, [edit for edit, *_ in new])
    made.failures += tuple(work.failures)
    declared = tokens.count(retrieval.declaration(job.format).decode()) if made.place is not None else 0
    by_path = {edit.path: edit for edit in edits}
    head = counting.head(body, job.format)
    made.prompt = Prompt(head, work.blocks, work.keys, by_path, declared, work.hidden // counting.BYTES_PER_TOKEN)
    return made


def _edits(work: _Work, settings: Settings, memory: Recent | None) -> list[Edit]:
    """What the engine makes of it; what was decided where less of the conversation was known stands."""
    told = (work.body.messages, work.blocks, work.keys, work.store)
    if work.job.format == "responses" and not work.chain.follows:
        work.failures += chains.adopt(*told, {} if work.decided is None else work.decided)
    images = {key for block, key in zip(work.blocks, work.keys, strict=True) if block.picture}
    new = sum(size for key, size in work.new.items() if key not in images)  # images have a bound of their own
    if new > MOST_CHARS:
        work.failures.append(
            Failure("lighten", f"{new:,} characters of new text, over {MOST_CHARS:,}: it went as it came")
        )
    sent = len(work.body.messages) if work.job.bypass or new > MOST_CHARS else work.sent
    edits, failures = engine.edit(
        work.blocks, settings, work.store, sent, memory, engine.Asked(work.keys, work.decided)
    )
    work.failures += failures
    if work.chain.whole:
        return edits
    failures = chains.file(*told)
    work.failures += failures
    return [] if failures else edits


def _new(edit: Edit, key: str, block: Block) -> Edited:
    tool = block.call.name if block.call else ""
    return Edited(key, edit.handle, edit.compressor, tool, edit.lossless, edit.tokens_before, edit.tokens_after)


def _ask(work: _Work) -> None:
    """Ask the store, once, for all that was decided about this request."""
    work.way_key = f"way:{way.conversation_key(work.body, work.blocks, work.keys, work.agent)}"
    try:
        decided = work.store.decisions([facts.under(work.way_key), *work.keys])
    except StoreError as error:
        work.failures.append(Failure("store", str(error)))
        return
    chosen = decided.pop(facts.under(work.way_key), None)
    work.decided, work.chosen = decided, chosen.text if chosen else None
    work.new = {
        key: len(block.text)
        for key, block in zip(work.keys, work.blocks, strict=True)
        if block.editable and key not in decided and int(block.path[0]) >= work.sent
    }


def _way(work: _Work) -> Way:
    """The way of this conversation, chosen at its first request with tools and kept; `none` where it does not hold."""
    job = work.job
    if work.decided is None:
        return "none"
    request = way.Request(work.body, job.format, job.headers, job.model)
    chosen = work.chosen
    if chosen is None and way.settles(request):
        first = way.choose(request, job.retrieve, seen_from_start=not work.sent)
        try:
            chosen = facts.remember(work.store, {work.way_key: first})[work.way_key]
        except StoreError as error:
            work.failures.append(Failure("store", str(error)))
            return "none"
    found: Way = next((each for each in get_args(Way) if each == chosen), "none")
    return found if way.holds(found, request) else "none"


def _offered(work: _Work) -> bool:
    """Declare our own tool where that is the way, and put hidden turns back; whether a handle can be asked for."""
    job = work.job
    if work.made.way != "proxy":
        return True
    shape, offer = _SHAPES[job.format], way.offer(work.body, job.format)
    restored = hidden.restore(work.body, shape, work.blocks, partial(facts.recall, work.store), work.keys)
    work.failures += restored.failures
    work.changes += [*restored.changes, *([offer] if offer else [])]
    work.made.place = restored.place
    work.hidden = sum(len(change.raw) for change in restored.changes if isinstance(change, (Insert, SetRaw)))
    return not restored.failures


def _write_files(work: _Work, folder: FilePath, edits: list[Edit]) -> None:
    handles = {handle for edit in edits for handle in files.handles_in(edit.text)}
    try:
        files.write(folder, work.store, handles)
    except StoreError as error:
        work.failures.append(Failure("files", str(error)))


def conversation(body: Body, headers: Mapping[str, str], blocks: list[Block], keys: list[str]) -> str:
    """What names a conversation: the client's own session and agent, else its first messages."""
    session = _first_of(_SESSION_HEADERS, headers)
    session = session or _text(body.value.get("prompt_cache_key"))
    agent = _first_of(_AGENT_HEADERS, headers)
    if session:
        return cache.digest(f"{session}\n{agent}")[:16]
    first = next((at for at, block in enumerate(blocks) if block.role in ("assistant", "call", "result")), len(blocks))
    return cache.digest(f"{keys[first - 1] if first else ''}\n{agent}")[:16]


def _head(body: Body, conversation: str) -> bytes:
    """The tools and instructions of a request that brings only what is new, with one message that never changes.

    What came before stands with the provider, and cannot break.
    """
    keys = [key for key in ("tools", "instructions") if key in body.value]
    parts = [b'"%b":%b' % (key.encode(), body.data[slice(*body.span((key,)))]) for key in keys]
    return b"{%b}" % b",".join([*parts, b'"input":["%b"]' % conversation.encode()])


def _first_of(names: tuple[str, ...], headers: Mapping[str, str]) -> str:
    return next((headers[name] for name in names if headers.get(name)), "")


def _least_marked(model: str) -> int:
    price = Prices().of(model)
    return price.min_cacheable if price is not None and price.min_cacheable is not None else _LEAST_MARKED


def _is_guarded(body: Body) -> bool:
    system = body.value.get("system")
    first = system[0] if isinstance(system, list) and system else system
    text = first.get("text") if isinstance(first, dict) else first
    return isinstance(text, str) and _GUARD in text[:1000]


def _is_compaction(messages: list[Any]) -> bool:
    """Whether the provider is asked to compact what it is sent: it must read what was said, not our version."""
    return any(isinstance(each, dict) and each.get("type") == "compaction_trigger" for each in messages[-3:])


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
