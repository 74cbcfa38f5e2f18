"""Where text and images sit in each provider's messages: read them out, put others in their place.

Rules:
* A message's format is told by its own shape. What follows never matters, what came before only tells which call a result
  answers: the blocks of `messages[:k]` are the first blocks of `messages`.
* Messages are never translated and built again. `put` copies what lies on the way to an edited text and nothing else.
* A message that is not understood gives no blocks and one recorded failure; it never raises.

A new format is one module with `claims` and `read`, and its place in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from headroom.blocks import Block, Failure, Message, Path
from headroom.wire import anthropic, gemini, openai_chat, openai_responses, pictures, vercel_ai
from headroom.wire.access import Put, at, get, replaced
from headroom.wire.reading import Reading

__all__ = ["answered", "put", "read"]

_FORMATS: Final[tuple[tuple[Callable[[object], bool], Callable[[object, int, Reading], None]], ...]] = (
    (openai_responses.claims, openai_responses.read),
    (vercel_ai.claims, vercel_ai.read),
    (gemini.claims, gemini.read),
    (openai_chat.claims, openai_chat.read),
    (anthropic.claims, anthropic.read),
)
"""Asked in this order; the last takes `{"role", "content"}`, which several providers share."""


def read(messages: Sequence[Message], model: str = "") -> tuple[list[Block], list[Failure]]:
    """Every text the model reads, and every image that stands in a message itself, in reading order.

    Args:
        messages: messages of any provider, dicts or SDK objects; nothing is changed.
        model: who reads them; what an image costs depends on it.

    Returns:
        The blocks, and a failure (path: the message's index) for each message that could not be understood. The path of a
        block leads to its text by keys, indices and attributes. In the arguments of a call that are JSON in a string the
        path goes on inside that string; such a block, like every call, is not editable.
    """
    reading = Reading(model)
    for index, message in enumerate(messages):
        for claims, read_message in _FORMATS:
            if claims(message):
                read_message(message, index, reading)
                break
        else:
            reading.fail(index, f"a {type(message).__name__} whose role and shape are not known")
    return reading.blocks, reading.failures


def answered(messages: Sequence[Message]) -> int:
    """How many messages, from the first, a model has had before: all up to the last one that it made itself."""
    return next((at + 1 for at in range(len(messages) - 1, -1, -1) if _by_model(messages[at])), 0)


def _by_model(message: Message) -> bool:
    kind = get(message, "type")
    return get(message, "role") in ("assistant", "model") or (
        isinstance(kind, str) and openai_responses.made_by_model(kind)
    )


def put(messages: Sequence[Message], texts: Mapping[Path, str]) -> list[Message]:
    """The messages with other texts at some paths.

    Args:
        messages: as given to `read`; never changed.
        texts: path of an editable block to its new text; for an image a data URL, or a text to be read instead of it.

    Returns:
        A new list. Objects that hold an edited text are copies of the same class; every other object is the same object.

    Raises:
        LookupError, AttributeError: a path that leads nowhere.
        InputError: the text sits in an object that allows no copy with another attribute.
    """
    tree: dict[str | int, Any] = {}
    for path, text in texts.items():
        branch = tree
        for key in path[:-1]:
            branch = branch.setdefault(key, {})
        part = at(messages, path)
        branch[path[-1]] = text if pictures.spot(part) is None else Put(pictures.swapped(part, text))
    edited = list(messages)
    for index, inner in tree.items():
        edited[int(index)] = replaced(edited[int(index)], inner)
    return edited
