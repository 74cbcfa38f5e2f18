"""The pure core: blocks in, an outcome out. Nothing is written, nothing applied.

    block ─ policy ─▶ terminal noise ─▶ repeats ─▶ router ─▶ compressor ─▶ edit
                 └──▶ an image: gallery

The unit of failure is the block: an exception leaves this block as it came and is recorded; what earlier blocks became
stands. This is one of the two places where every exception is caught.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import islice, takewhile

from headroom.blocks import Block, Decision, Edit, Failure, Outcome
from headroom.compression import cache, documents, markers, mixed, policy, terminal
from headroom.compression.compressors.image import Unfit
from headroom.compression.gallery import Gallery
from headroom.compression.relevance import Query
from headroom.compression.repeats import Piece, Shown
from headroom.compression.work import Work, worth
from headroom.settings import Settings
from headroom.tokens import count, is_under

TINY = 24
"""Characters under which no setting could make a text shorter: no decision is kept for it."""
TOLD = 200
"""Tokens saved without loss from which a text says so in a last line of twenty: readers distrust what looks rearranged
and says nothing, and run the command again."""
LOSSY_SHARE = 2 / 3
"""Of `Settings.min_tokens`: what a text must save for something to be left out of it. For less, nobody should have to ask."""
REARRANGED = "rearranged, nothing left out"
SCREEN_ONLY = "as the screen showed it; colours, overwritten progress and carriage returns left out"
QUERY_CHARS = 6000
"""Of what the user said last, as much as a query reads: the end, where the question stands."""


def run(
    blocks: Sequence[Block],
    settings: Settings,
    decided: Mapping[str, Decision],
    own: AbstractSet[str] = frozenset(),
    sent: int = 0,
    keys: Sequence[str] | None = None,
) -> Outcome:
    """Decide what each block becomes.

    Args:
        blocks: everything the model reads, in order, from `wire.read`.
        settings: what may be done.
        decided: decisions made earlier, by key (`cache.keys`): replayed as they are.
        own: digests (`cache.digest`) of texts that are our own output: they stay.
        sent: messages, from the first, that the provider has had already. What is undecided there was sent without us, and
            stays as it was sent.
        keys: those of the blocks, where they are known already.

    Returns:
        Edits for decided and new blocks; originals, decisions and failures of the new ones only.
    """
    outcome = Outcome()
    reader = _Reader(settings, own, outcome, sent)
    for at, (block, key) in enumerate(zip(blocks, cache.keys(blocks) if keys is None else keys, strict=True)):
        if block.role == "boundary":
            reader.shown.forget()
            reader.gallery.forget()
            continue
        reader.gallery.hear(block)
        if block.role == "user" and block.picture is None:
            reader.hear(blocks, at)
        decision = decided.get(key) or reader.decide(block, key)
        visible = block.text
        if decision is not None and decision.text is not None:
            outcome.edits.append(_edit(block, decision.text, decision))
            visible = decision.text
        reader.gallery.add(block, visible) if block.picture else reader.shown.add(block, visible)
    return outcome


def _edit(block: Block, text: str, decision: Decision) -> Edit:
    return Edit(
        block.path,
        text,
        decision.compressor,
        decision.lossless,
        decision.handle,
        decision.tokens_before,
        decision.tokens_after,
    )


class _Reader:
    """Goes through one conversation: what has been shown and said so far, and what comes of each block."""

    def __init__(self, settings: Settings, own: AbstractSet[str], outcome: Outcome, sent: int) -> None:
        self.settings = settings
        self.own = own
        self.outcome = outcome
        self.sent = sent
        self.shown = Shown()
        self.gallery = Gallery(settings)
        self._heard: tuple[str, ...] = ()
        self._message: object = None

    def hear(self, blocks: Sequence[Block], at: int) -> None:
        """Take in what the user says: every text of the message, wherever in it the question stands."""
        message = blocks[at].path[0]
        if message != self._message:
            here = takewhile(lambda block: block.path[0] == message, islice(blocks, at, None))
            texts = (block.text for block in here if block.role == "user" and block.picture is None)
            self._message, self._heard = message, tuple(texts)

    @property
    def said(self) -> str:
        """The user's last words, without the documents among them."""
        return "\n".join(map(documents.around, self._heard))

    def decide(self, block: Block, key: str) -> Decision | None:
        """What a new block becomes, for ever; `None` for what no setting could ever edit."""
        if not block.editable or len(block.text) < TINY:
            return None
        decision = Decision(key, None)
        try:
            if int(block.path[0]) < self.sent:
                pass
            elif block.picture:
                decision = self.look(block, key) or decision
            elif len(block.text) > self.settings.max_chars:
                self.fail(block, f"{len(block.text):,} characters, over Settings.max_chars")
            elif not self.own or cache.digest(block.text) not in self.own:
                decision = self.compress(block, key, policy.plan(block, self.settings))
        except Unfit as reason:
            self.outcome.failures.append(Failure("image", str(reason), block.path))
        except Exception as error:  # noqa: BLE001 - law 7: whatever went wrong, this block goes out as it came
            self.fail(block, describe(error))
        self.outcome.decisions.append(decision)
        return decision

    def look(self, block: Block, key: str) -> Decision | None:
        """What an image becomes; `None`: it stays."""
        decision = None
        if cache.digest(block.text) not in self.own:
            decision = self.gallery.decide(block, key, policy.for_picture(block, self.settings))
        if decision is not None:
            self.outcome.originals[decision.handle] = block.text
        return decision

    def fail(self, block: Block, reason: str) -> None:
        self.outcome.failures.append(Failure("pipeline", reason, block.path))

    def compress(self, block: Block, key: str, plan: policy.Plan) -> Decision:
        stays = Decision(key, None)
        if plan.treatment == "off" or len(block.text) < self.settings.min_tokens:
            return stays
        if plan.skeleton and is_under(block.text, self.settings.skeleton_tokens):
            plan = replace(plan, skeleton=False)
        shortest = max(self.settings.min_tokens, self.settings.error_tokens if block.is_error else 0)
        if is_under(block.text, shortest):
            return stays
        query = Query(f"{self.said[-QUERY_CHARS:]}\n{plan.command}")
        work = Work(block.text, plan, query, self.settings, self.shown.texts)
        text, lossless = documents.fold(block.text, work) if plan.documents else self.fold(block, plan, work)
        if text == block.text:
            return stays
        before, after = count(block.text), count(text)
        if lossless and before - after >= TOLD and not plan.documents and work.by != ["numbered"]:
            text = _ending_with(text, markers.note(REARRANGED, work.handle()))
            after = count(text)
        told_above = work.by in (["repeats"], ["repeats", "numbered"])
        least = 0 if lossless or told_above else int(self.settings.min_tokens * LOSSY_SHARE)
        if not worth(after, before) or before - after < least:
            return stays
        work.handle()
        self.outcome.originals.update(work.originals)
        return Decision(key, text, "+".join(work.by), lossless, work.name, before, after)

    def fold(self, block: Block, plan: policy.Plan, work: Work) -> tuple[str, bool]:
        """The text made shorter step by step, and whether nothing is missing."""
        text = block.text if plan.treatment in ("exact", "lossless") else terminal.clean(block.text)
        lossless = text == block.text
        if not lossless:
            work.by.append("terminal")
        head, body, tail = mixed.frame(text) or ("", text, "")
        first_line = 1 + head.count("\n")
        pieces = self.shown.fold(body, first_line, work.handle) if self.settings.repeats else None
        if pieces:
            work.by.append("repeats")
            lossless = False
        out = []
        for piece in pieces or [Piece(body, first_line, reference=False)]:
            folded = None if piece.reference else work.route(piece.text, piece.first_line)
            out.append(folded.text if folded else piece.text)
            lossless = lossless and (folded is None or folded.lossless)
        result = "".join((head, *out, tail))
        screen = "terminal" in work.by and work.name not in result
        if screen:  # nobody has said yet that something is missing
            result = _ending_with(result, markers.note(SCREEN_ONLY, work.handle()))
        return (None if pieces else self.same(result, work)) or (result, lossless)

    def same(self, text: str, work: Work) -> tuple[str, bool] | None:
        """A reference to an earlier result that reads just like this one."""
        reference = self.shown.whole(text, work.handle) if self.settings.repeats else None
        if reference is None:
            return None
        work.by = ["repeats"]
        return reference, False


def _ending_with(text: str, note: str) -> str:
    """A text with a note below its last line; its last line ends are the note's."""
    body = text.rstrip("\n")
    return f"{body}\n{note}{text[len(body) :]}"


def describe(error: BaseException) -> str:
    """The type of an error and where of ours it happened, without any of the payload."""
    trace, last = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if name.startswith("headroom."):
            last = f" at {name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{last}"
