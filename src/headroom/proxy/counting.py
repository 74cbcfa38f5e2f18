"""A prompt as stretches of tokens, for the ledger: counted after the answer has gone, each text once.

Estimates with cl100k, as decisions are; the ledger scales them by what was billed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headroom import tokens
from headroom.blocks import Block, Edit, Path, Picture
from headroom.compression import cache
from headroom.compression.compressors import image
from headroom.ledger.entry import Segment
from headroom.wire.body import Body, Format

_HEAD: Mapping[Format, tuple[str, ...]] = {
    "anthropic": ("tools", "system"),
    "chat": ("tools",),
    "responses": ("tools", "instructions"),
    "gemini": ("tools", "systemInstruction", "system_instruction"),
}
"""What the model reads before the messages, in the order the provider's cache has it."""
BYTES_PER_TOKEN = 4
"""Of hidden turns, which are counted by their size alone."""
IMAGE_TOKENS = 1_600
"""Of an image whose cost is not known."""
_MARK = '"cache_control"'
_COUNTED = 50_000
"""Texts whose tokens are remembered: each turn of a conversation sends all the earlier ones again. 5 MB."""

_counted: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Prompt:
    """What counting a prompt needs."""

    head: tuple[str, ...]
    blocks: list[Block]
    keys: list[str]
    edits: Mapping[Path, Edit]
    declared: int = 0
    """Tokens of our own tool."""
    hidden: int = 0
    """Tokens of hidden turns that were put back: most of them stand before the last message."""

    def segments(self) -> tuple[Segment, ...]:
        """The stretches, in the provider's order."""
        found = [Segment(_tokens(cache.digest(raw), raw)) for raw in self.head]
        if self.declared:
            found.insert(1, Segment(self.declared, -self.declared, "retrieve tool"))
        for at, (block, key) in enumerate(zip(self.blocks, self.keys, strict=True), 1):
            if self.hidden and at == len(self.blocks):
                found.append(Segment(self.hidden, -self.hidden, "hidden turns"))
            edit = self.edits.get(block.path)
            if edit is None:
                found.append(Segment(_tokens(key, block.text) if block.picture is None else _image_tokens(key, block)))
            else:
                found.append(Segment(edit.tokens_after, edit.tokens_before - edit.tokens_after, edit.compressor))
        return tuple(found)

    def client_marked(self) -> int:
        """Tokens up to the client's own last cache mark before its messages."""
        marked = [at for at, raw in enumerate(self.head, 1) if _MARK in raw]
        return sum(_tokens(cache.digest(raw), raw) for raw in self.head[: marked[-1]]) if marked else 0


def head(body: Body, format: Format) -> tuple[str, ...]:  # noqa: A002 - what every caller calls it
    """What stands before the messages, as it came."""
    spans = [body.span((key,)) for key in _HEAD[format] if body.value.get(key)]
    return tuple(body.data[start:end].decode("utf-8", "replace") for start, end in spans)


def _image_tokens(key: str, block: Block) -> int:
    """By the provider's formula where it is known, else what most models count for a large one."""
    known = _counted.get(key)
    if known is None:
        about = block.picture or Picture()
        known = _counted[key] = image.tokens(block.text, about.model, about.detail) or IMAGE_TOKENS
    return known


def _tokens(key: str, text: str) -> int:
    known = _counted.get(key)
    if known is None:
        if len(_counted) >= _COUNTED:
            _counted.clear()
        known = _counted[key] = tokens.count(text)
    return known
