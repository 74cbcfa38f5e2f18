"""Small durable facts beside originals and decisions: under a key, first writer wins, as old as their last use.

A fact is kept as a decision under a key of its own, so every store has them, with the same promises and the same ageing.
What the proxy keeps here must outlive it: the retrieval way of a conversation, hidden turns, websocket prefixes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from headroom.blocks import Decision
from headroom.originals.store import Store

_PREFIX = "fact:"
"""No key of `compression.cache` holds a colon."""


def remember(store: Store, facts: Mapping[str, str]) -> dict[str, str]:
    """Keep what is not known yet; durable when this returns.

    Returns:
        What stands under each key now.

    Raises:
        StoreError: nothing was kept.
    """
    stands = store.put({}, [Decision(_PREFIX + key, value, "fact") for key, value in facts.items()])
    return {key.removeprefix(_PREFIX): decision.text or "" for key, decision in stands.items()}


def recall(store: Store, keys: Collection[str]) -> dict[str, str]:
    """What stands under these keys; a key without a fact is left out.

    Raises:
        StoreError: the store cannot be read.
    """
    found = store.decisions([under(key) for key in keys])
    return {key.removeprefix(_PREFIX): decision.text or "" for key, decision in found.items()}


def under(key: str) -> str:
    """The decision's key that a fact is kept under: for who asks for facts and decisions at once."""
    return _PREFIX + key
