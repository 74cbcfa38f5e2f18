"""The values that flow through Headroom; no behaviour.

A `Block` is a view of one piece of text inside a provider's own message. Requests are never translated into a model of
ours and built again: a block names a path, and an edit puts another string at that path.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Path = tuple[str | int, ...]
"""Keys and indices from the list of messages to a string: `(3, "content", 0, "text")`."""

Role = Literal["result", "user", "assistant", "call", "system", "boundary"]
"""Who a text is by: a tool, the user, the model, the model's tool call, the application.

`boundary` is no text: the provider may drop what stood before it (a compaction), so nothing after it refers back."""


class Call(NamedTuple):
    """The tool call that produced a result."""

    id: str
    name: str
    arguments: str
    """The arguments as JSON text, as the provider carries them; empty when unknown."""


class Picture(NamedTuple):
    """What an image's block says beside its pixels."""

    detail: str = ""
    """How closely the model shall look, in OpenAI's words: `low`, `high`, `original`, `auto`; empty where nobody said."""
    exact: bool = False
    """Its client wants an error rather than another size: it works with coordinates."""
    model: str = ""
    """Who looks at it, as the request names it."""
    textual: bool = True
    """Whether text may stand where it stands."""


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of text the model reads, or one image, where it sits, and what made it."""

    path: Path
    """To the string; of an image, to the whole part that holds it."""
    text: str
    """Of an image: a data URL, whatever the provider's own shape."""
    role: Role
    call: Call | None = None
    is_error: bool = False
    editable: bool = False
    """Whether the wire format lets this text be replaced; policy decides whether it should be."""
    picture: Picture | None = None
    """`None`: a text."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One text replaced by a shorter one, or one image by a smaller one (a data URL) or by a reference (a text)."""

    path: Path
    text: str
    """What the model reads now."""
    compressor: str
    """The compressors that had a part in it, joined by `+`: `repeats+logs`."""
    lossless: bool
    handle: str
    """Gives back the text as it was: `retrieve(handle)`."""
    tokens_before: int
    """Counted with cl100k, as every decision is; an image by its provider's formula."""
    tokens_after: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Something went wrong, and the text it concerns went out as it came in."""

    where: str
    """What failed: a compressor's name, `store`, `wire`."""
    reason: str
    """Type and message of the error, without any of the payload."""
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a block became, for ever: `text`, or `None` for "as it came"."""

    key: str
    text: str | None
    compressor: str = ""
    lossless: bool = True
    handle: str = ""
    tokens_before: int = 0
    tokens_after: int = 0


@dataclass(slots=True)
class Outcome:
    """What the pure core returns: nothing has been written, nothing applied."""

    edits: list[Edit] = field(default_factory=list)
    originals: dict[str, str] = field(default_factory=dict)
    """Handle to text: what must be durable before an edit may leave."""
    decisions: list[Decision] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


Message = Any
"""A message in a provider's own shape: a dict, or an SDK's object."""
