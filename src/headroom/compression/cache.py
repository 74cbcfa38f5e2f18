"""What a decision is filed under, so that the provider's prompt cache keeps hitting.

A block becomes the same text for ever, in this conversation and in every resend of it. So a decision's key covers the
block and everything the model read before it, as it came in, and nothing else: not where it sits (clients turn a string
into one text block between turns and move `cache_control`), not the settings, not the version.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b, sha256

from headroom.blocks import Block

_STAND_IN = "data:image/x-digest;base64,"
"""Opens what stands for an image where its pixels are not kept; no provider takes this media type."""
DIGEST_DIGITS = 32
"""Half a SHA-256: a text met by chance or on purpose has another digest, and a store's index holds half the bytes."""


def digest(text: str) -> str:
    """What a store knows our own output by: the first 32 hex digits of its SHA-256, lone surrogates as they are."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_DIGITS]


def stand_in(url: str) -> str:
    """A short name of an image, read as an image again; of such a name the same: histories are kept without pixels."""
    return url if url.startswith(_STAND_IN) else _STAND_IN + digest(url)


def keys(blocks: Sequence[Block]) -> list[str]:
    """One key a block: a hash over all blocks up to and including it, and the calls that made them."""
    state = blake2b(digest_size=16)
    found = []
    for block in blocks:
        name, arguments = (block.call.name, block.call.arguments) if block.call else ("", "")
        role, text = (f"{block.role} image", stand_in(block.text)) if block.picture else (block.role, block.text)
        for part in (role, name, arguments, text):
            data = part.encode("utf-8", "surrogatepass")
            state.update(len(data).to_bytes(8, "big"))
            state.update(data)
        found.append(state.hexdigest())
    return found
