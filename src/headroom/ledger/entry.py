"""What the ledger is told of one request; values, no behaviour, no payload.

Nothing here holds a text of the user's: names, counts, hashes and times only.
"""

from __future__ import annotations

from dataclasses import dataclass

from headroom.blocks import Failure
from headroom.wire.usage import Usage


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the prompt. Segments stand in the order in which the provider reads them: tools, system, messages."""

    tokens: int
    """As sent; our own estimate (cl100k)."""
    removed: int = 0
    """Tokens taken out of it; negative where we added some."""
    kind: str = ""
    """Who did it: compressor names as in `Edit.compressor`, `retrieve tool`, `marks`; `""` where nothing was changed."""


@dataclass(frozen=True, slots=True)
class Edited:
    """An edit made for the first time in this request; later turns send it again but do not tell it again."""

    key: str
    """Of the decision."""
    handle: str
    compressor: str
    tool: str
    """The tool whose result it is."""
    lossless: bool
    tokens_before: int
    tokens_after: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One request, after its answer."""

    at: float
    """Unix seconds."""
    conversation: str
    """A key that all requests of a conversation share."""
    tag: str
    """Of the wrapped session (`/w/<tag>/…`); `""` where there is none."""
    agent: str
    """The client: `claude-code`, `codex`, …"""
    provider: str
    """`anthropic`, `openai`, `gemini`."""
    route: str
    """The name of the kind of request, never a path: paths may hold tags and names."""
    model: str
    status: int
    """Of the provider's answer; 0 where none came."""
    streamed: bool
    round: int
    """0 for the client's own request; 1, 2, … for hidden rounds, whose whole cost is charged to us."""
    segments: tuple[Segment, ...]
    """Of the whole prompt; empty where it was not read."""
    usage: Usage | None
    """`None` where the provider did not say: then money is unknown too."""
    subscription: bool
    """Paid by subscription: its figures are "API-equivalent", never money."""
    marked: bool
    """Whether we set the cache marks."""
    added_ms: float
    """Time that we took before the request left."""
    first_byte_ms: float
    """From the client's request to the first byte of its answer."""
    total_ms: float
    client_marked: int = 0
    """Our estimate of the tokens up to the client's own last cache mark; only told where `marked`."""
    edits: tuple[Edited, ...] = ()
    failures: tuple[Failure, ...] = ()
    retrievals: int = 0
    """Originals, or slices of them, that the model asked for in this request."""
    cache_break: str = ""
    """What broke the prefix of this conversation, as the cache report says it; `""` if nothing did."""

    @property
    def refused(self) -> bool:
        """Whether the provider answered with an error: nothing was read, and nothing is billed."""
        return self.status >= 400 and self.usage is None
