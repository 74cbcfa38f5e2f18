"""One text on its way through the compressors: what they may know of it (`contract.Context`), and what they leave behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from headroom.compression import markers, policy, router
from headroom.compression.compressors import TABLE
from headroom.compression.contract import Compressor, Context, Folded
from headroom.compression.relevance import Query
from headroom.settings import Level, Settings, Treatment, strictest
from headroom.tokens import count

MIN_SAVED = 0.02
"""A result must save this share of the tokens, and at least `MIN_SAVED_TOKENS`: cl100k decides, and another vocabulary
must not find the result longer than the original."""
MIN_SAVED_TOKENS = 6
MAX_DEPTH = 5
"""Parts inside parts (JSON in a log in JSON) are routed this deep."""
_LEVELS: tuple[Level, ...] = ("lossless", "balanced", "aggressive")


def worth(after: int, before: int) -> bool:
    """Whether going from `before` tokens to `after` is worth it."""
    return after <= before - max(MIN_SAVED_TOKENS, before * MIN_SAVED)


class Work:
    """A text, or a part of one, with its context.

    Attributes:
        by: the compressors that had a part in the result, in order.
        originals: every text whose handle was called for.
    """

    def __init__(
        self,
        text: str,
        plan: policy.Plan,
        query: Query,
        settings: Settings,
        above: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """A text as a whole.

        Args:
            text: what a handle gives back.
            plan: what may be done to it.
            query: what the agent is after.
            settings: what may be done at all.
            above: gives what stands above it in the conversation.
        """
        self.query = query
        self.command = plan.command
        self.first_line = 1
        self.level: Level = _level(plan.treatment)
        self.by: list[str] = []
        self.originals: dict[str, str] = {}
        self._text, self._plan, self._settings, self._depth = text, plan, settings, 0
        self._above = above

    @property
    def earlier(self) -> Sequence[str]:
        """What stands above this text, as the model reads it; see `contract.Context`."""
        return self._above()

    def handle(self) -> str:
        """The handle of the whole original, kept from now on; empty, so that no marker names it, where nobody can ask."""
        self.originals[self.name] = self._text
        return self.name if self._settings.retrieval else ""

    @cached_property
    def name(self) -> str:
        """The handle of the whole original, whether or not anything asks for it."""
        return markers.handle_of(self._text)

    def route(self, text: str, first_line: int | None = None, label: str = "") -> Folded | None:
        """Compress a part of another kind by whoever knows it; see `contract.Context`."""
        if self._depth >= MAX_DEPTH or len(text) < 3 * self._settings.min_tokens:
            return None
        lead = len(text) - len(text.lstrip("\n"))
        body = text[lead:].rstrip("\n")
        part = self._part(text, first_line)
        part.first_line += lead
        part.command = f"```{label}" if label else self.command
        routed = router.fold(body, part, tuple(part.allowed()))
        if routed is None:
            return None
        result = text[:lead] + routed.folded.text + text[lead + len(body) :]
        if not worth(count(result), count(text)):
            return None
        self.by += [name for name in (*part.by, *routed.by) if name not in self.by]
        self.originals.update(part.originals)
        return Folded(result, routed.folded.lossless)

    def allowed(self) -> Iterator[Compressor]:
        """The compressors that may act here, in the order of the table, each at its own level."""
        for entry in TABLE:
            skeleton = self._plan.skeleton and entry.skeleton
            read: Treatment = self._settings.level if skeleton else "exact"
            most: Treatment = read if self._plan.treatment == "exact" else self.level
            treatment = strictest(most, self._settings.kinds.get(entry.name, most))
            named = (self._plan.only is None or entry.name in self._plan.only) and entry.name not in self._plan.without
            exact = treatment == "exact" or (self._plan.data_only and not entry.data and not skeleton)
            if named and treatment != "off" and (entry.exact or not exact):
                yield entry if treatment in (self.level, "exact") else _at_level(entry, _level(treatment))

    def _part(self, text: str, first_line: int | None) -> Work:
        part = Work(text if first_line is None else self._text, self._plan, self.query, self._settings, self._above)
        part.first_line = 1 if first_line is None else first_line
        part.level = self.level
        part._depth = self._depth + 1
        return part


def _level(treatment: Treatment) -> Level:
    return next((level for level in _LEVELS if level == treatment), "lossless")


def _at_level(entry: Compressor, level: Level) -> Compressor:
    def compress(text: str, context: Context) -> Folded | None:
        assert isinstance(context, Work)
        before, context.level = context.level, level
        try:
            return entry.compress(text, context)
        finally:
            context.level = before

    return replace(entry, compress=compress)
