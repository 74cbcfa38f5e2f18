"""The pure core: blocks in, an outcome out. Nothing is written, nothing applied.

    block ─ policy ─▶ terminal noise ─▶ repeats ─▶ router ─▶ compressor ─▶ edit

The unit of failure is the block: an exception leaves this block as it came and is recorded; what earlier blocks became
stands. This is one of the two places where every exception is caught.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from headroom.blocks import Block, Decision, Edit, Failure, Outcome
from headroom.compression import cache, documents, markers, mixed, policy, router, terminal
from headroom.compression.compressors import TABLE
from headroom.compression.contract import Compressor, Folded
from headroom.compression.relevance import Query
from headroom.compression.repeats import Piece, Shown
from headroom.settings import Level, Settings, Treatment, strictest
from headroom.tokens import count

MIN_SAVED = 0.02
"""A result must save this share of the tokens, and at least `MIN_SAVED_TOKENS`: cl100k decides, and another vocabulary
must not find the result longer than the original."""
MIN_SAVED_TOKENS = 6
MAX_DEPTH = 5
"""Parts inside parts (JSON in a log in JSON) are routed this deep."""
_LEVELS: tuple[Level, ...] = ("lossless", "balanced", "aggressive")


class Work:
    """One text on its way through the compressors: what they may know (`contract.Context`), and what they leave behind."""

    def __init__(self, text: str, plan: policy.Plan, query: Query, settings: Settings, originals: dict[str, str]) -> None:
        """Args: originals: takes the text of every handle that is called for."""
        self.query = query
        self.command = plan.command
        self.first_line = 1
        self.level: Level = _level(plan.treatment)
        self.by: list[str] = []
        self.failures: list[Failure] = []
        self._text, self._plan, self._settings, self._originals, self._depth = text, plan, settings, originals, 0

    def handle(self) -> str:
        """The handle of the whole original, kept from now on."""
        found = markers.handle_of(self._text)
        self._originals[found] = self._text
        return found

    def route(self, text: str, first_line: int | None = None) -> Folded | None:
        """Compress a part of another kind by whoever knows it."""
        if self._depth >= MAX_DEPTH or len(text) < 3 * self._settings.min_tokens:
            return None
        part = self._inner(text, first_line)
        body = text.rstrip("\n")
        routed = router.fold(body, part, tuple(allowed(self._plan, self._settings, self._cap())))
        self.failures += part.failures
        if routed is None:
            return None
        result = routed.folded.text + text[len(body) :]
        if not shorter(result, text):
            return None
        self.by += [name for name in (*part.by, *routed.by) if name not in self.by]
        return Folded(result, routed.folded.lossless)

    def _cap(self) -> Treatment:
        return "exact" if self._plan.treatment == "exact" else self.level

    def _inner(self, text: str, first_line: int | None) -> Work:
        part = Work(text if first_line is None else self._text, self._plan, self.query, self._settings, self._originals)
        part.first_line = 1 if first_line is None else first_line
        part.level = self.level
        part._depth = self._depth + 1
        return part


def _level(treatment: Treatment) -> Level:
    return next((level for level in _LEVELS if level == treatment), "lossless")


def allowed(plan: policy.Plan, settings: Settings, level: Treatment) -> Iterable[Compressor]:
    """The compressors that may act under a plan, in the order of the table, each at its own level or not at all."""
    for entry in TABLE:
        treatment = strictest(level, settings.kinds.get(entry.name, level))
        if treatment == "off" or (plan.only is not None and entry.name not in plan.only):
            continue
        if (treatment == "exact" or (plan.data_only and not entry.data)) and not entry.exact:
            continue
        yield entry if treatment in (level, "exact") else _at_level(entry, _level(treatment))


def _at_level(entry: Compressor, level: Level) -> Compressor:
    def compress(text: str, context: object) -> Folded | None:
        assert isinstance(context, Work)
        before, context.level = context.level, level
        try:
            return entry.compress(text, context)
        finally:
            context.level = before

    return Compressor(entry.name, entry.promise, entry.score, compress, entry.line, entry.exact, entry.data)


def shorter(after: str, before: str) -> bool:
    """Whether a result is worth it: clearly fewer tokens."""
    tokens = count(before)
    return count(after) <= tokens - max(MIN_SAVED_TOKENS, tokens * MIN_SAVED)


def run(blocks: Sequence[Block], settings: Settings, decided: Mapping[str, Decision], own: AbstractSet[str] = frozenset()) -> Outcome:
    """Decide what each block becomes.

    Args:
        blocks: everything the model reads, in order, from `wire.read`.
        settings: what may be done.
        decided: decisions made earlier, by key (`cache.keys`): replayed as they are.
        own: digests (`cache.digest`) of texts that are our own output: they stay.

    Returns:
        Edits for decided and new blocks; originals, decisions and failures of the new ones only.
    """
    outcome = Outcome()
    shown = Shown()
    said = ""
    for block, key in zip(blocks, cache.keys(blocks), strict=True):
        if block.role == "boundary":
            shown.forget()
            continue
        if block.role == "user":
            said = block.text
        decision = decided.get(key)
        if decision is None:
            decision = _decide(block, key, said, settings, shown, own, outcome)
        if decision is not None and decision.text is not None and (settings.repeats or "repeats" not in decision.compressor):
            outcome.edits.append(_edit(block, decision))
            shown.add(block, decision.text)
        else:
            shown.add(block, block.text)
    return outcome


def _edit(block: Block, decision: Decision) -> Edit:
    assert decision.text is not None
    return Edit(block.path, decision.text, decision.compressor, decision.lossless, decision.handle, decision.tokens_before, decision.tokens_after)


def _decide(block: Block, key: str, said: str, settings: Settings, shown: Shown, own: AbstractSet[str], outcome: Outcome) -> Decision | None:
    plan = policy.plan(block, settings)
    if plan.treatment == "off" or len(block.text) < settings.min_tokens:
        return None
    decision = Decision(key, None)
    try:
        if cache.digest(block.text) not in own:
            if len(block.text) > settings.max_chars:
                raise OverflowError(f"{len(block.text):,} characters, over Settings.max_chars")
            query = Query(f"{said[-6000:]}\n{plan.command}")
            decision = decide(block, key, plan, query, settings, shown, outcome)
    except Exception as error:  # noqa: BLE001 - law 7: whatever went wrong, this block goes out as it came
        outcome.failures.append(failure("pipeline", error, block))
    outcome.decisions.append(decision)
    return decision


def failure(where: str, error: BaseException, block: Block) -> Failure:
    """A recorded failure: the type of the error and where it happened, without any of the payload."""
    trace, last = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if name.startswith("headroom."):
            last = f" at {name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return Failure(where, f"{type(error).__name__}{last}", block.path)


def decide(block: Block, key: str, plan: policy.Plan, query: Query, settings: Settings, shown: Shown, outcome: Outcome) -> Decision:
    """What one block becomes; raises whatever a compressor raises."""
    before = count(block.text)
    if before < settings.min_tokens or (block.is_error and before < settings.error_tokens):
        return Decision(key, None)
    originals: dict[str, str] = {}
    work = Work(block.text, plan, query, settings, originals)
    if plan.documents:
        text, lossless = documents.fold(block.text, work)
    else:
        text, lossless = _fold(block, plan, settings, shown, work)
    outcome.failures += [Failure(item.where, item.reason, block.path) for item in work.failures]
    if text == block.text:
        return Decision(key, None)
    after = count(text)
    if after > before - max(MIN_SAVED_TOKENS, before * MIN_SAVED):
        return Decision(key, None)
    handle = work.handle()
    outcome.originals.update(originals)
    return Decision(key, text, "+".join(work.by), lossless, handle, before, after)


def _fold(block: Block, plan: policy.Plan, settings: Settings, shown: Shown, work: Work) -> tuple[str, bool]:
    text, lossless = block.text, True
    if plan.treatment not in ("exact", "lossless"):
        text = terminal.clean(text)
        if text != block.text:
            work.by.append("terminal")
            lossless = False
    head, body, tail = mixed.frame(text) or ("", text, "")
    first_line = 1 + head.count("\n")
    pieces = shown.fold(body, first_line, work.handle) if settings.repeats else None
    if pieces:
        work.by.append("repeats")
        lossless = False
    out = []
    for piece in pieces or [Piece(body, first_line, reference=False)]:
        folded = work.route(piece.text, piece.first_line) if not piece.reference else None
        out.append(folded.text if folded else piece.text)
        lossless = lossless and (folded is None or folded.lossless)
    result = "".join((head, *out, tail))
    same = shown.whole(result, work.handle) if settings.repeats and not pieces else None
    if same:
        work.by = ["repeats"]
        return same, False
    if not lossless and work.by == ["terminal"]:
        result += "\n" + markers.note("terminal colours and overwritten progress left out", work.handle())
    return result, lossless
