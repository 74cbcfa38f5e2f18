"""Read values out of messages, and put others in their place, whether plain dicts or an SDK's objects.

Rules:
* No SDK is imported: what has keys is read by key, anything else by attribute, and a missing one is `None`.
* Nothing that comes in is changed: a container that gets another value inside is copied, one level deep.
* Only lists and tuples are walked. Reading a generator would use it up, and it belongs to the caller.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from headroom.blocks import Path
from headroom.errors import InputError

_MAX_DEPTH = 8
"""Levels of nested values searched for texts; arguments and responses seen from real clients have at most four."""


def get(value: object, key: str) -> Any:  # noqa: ANN401 - a provider's value, of any shape
    """The value under a key or attribute; `None` where there is none."""
    if type(value) is dict or isinstance(value, Mapping):
        return value.get(key)
    return getattr(value, key, None)


def has(value: object, key: str) -> bool:
    """Whether a key or attribute is there at all, be its value `None`."""
    if type(value) is dict or isinstance(value, Mapping):
        return key in value
    return hasattr(value, key)


def elements(value: object) -> list[Any] | tuple[Any, ...]:
    """The elements of a list or tuple; none of anything else."""
    return value if isinstance(value, (list, tuple)) else ()


def leaves(value: object, path: Path, depth: int = _MAX_DEPTH) -> Iterator[tuple[Path, str]]:
    """Every string among the values of nested dicts, lists and tuples, with its path, in order.

    Args:
        value: where to look; a string is its own only leaf.
        path: where `value` itself stands.
        depth: how many levels to go down; strings below that are left out.
    """
    if isinstance(value, str):
        yield path, value
    elif depth and (type(value) is dict or isinstance(value, Mapping)):
        for key, inner in value.items():
            if isinstance(key, str):
                yield from leaves(inner, (*path, key), depth - 1)
    elif depth:
        for index, inner in enumerate(elements(value)):
            yield from leaves(inner, (*path, index), depth - 1)


def at(value: object, path: Path) -> Any:  # noqa: ANN401 - a provider's value, of any shape
    """What a path leads to, by keys, indices and attributes.

    Raises:
        LookupError, AttributeError: nothing stands there.
    """
    for step in path:
        value = value[step] if isinstance(value, (Mapping, list, tuple)) else getattr(value, str(step))  # type: ignore[index]  # a step fits what it leads through
    return value


class Put(NamedTuple):
    """A value of any kind as a leaf of the tree that `replaced` takes."""

    value: Any


def replaced(value: Any, tree: dict[str | int, Any] | str | Put) -> Any:  # noqa: ANN401 - a provider's value, of any shape
    """A value with other texts inside; what holds none of them stays the same object.

    Args:
        value: a dict, list, tuple or object; never changed.
        tree: keys, indices and attributes leading to the new texts: `{"content": {0: {"text": "short"}}}`.

    Returns:
        A copy of the same class (a mapping that is no dict becomes one), holding every other value as it is.

    Raises:
        LookupError: the value has no such key or index.
        AttributeError: the object has no such attribute.
        InputError: an object that allows no copy with another attribute.
    """
    if isinstance(tree, Put):
        return tree.value
    if isinstance(tree, str):
        return tree
    if isinstance(value, Mapping):
        filled: Any = copy.copy(value) if isinstance(value, dict) else dict(value)
        for key, branch in tree.items():
            filled[key] = replaced(value[key], branch)
        return filled
    if isinstance(value, (list, tuple)):
        filled = list(value) if isinstance(value, tuple) else copy.copy(value)
        for index, branch in tree.items():
            filled[index] = replaced(value[int(index)], branch)
        return _tuple_like(value, filled) if isinstance(value, tuple) else filled
    return _with_attributes(value, {str(name): replaced(getattr(value, str(name)), tree[name]) for name in tree})


def _tuple_like(model: tuple[Any, ...], values: list[Any]) -> tuple[Any, ...]:
    """The values as a tuple of the model's class; a named tuple takes them one by one."""
    make = getattr(model, "_make", type(model))
    return make(values)


def _with_attributes(value: object, changes: dict[str, Any]) -> object:
    """A shallow copy of an object with other attributes: by pydantic's own way, a dataclass's, or by setting them."""
    if hasattr(value, "model_copy"):
        return value.model_copy(update=changes)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(value, **changes)
    duplicate = copy.copy(value)
    try:
        for name, inner in changes.items():
            setattr(duplicate, name, inner)
    except (AttributeError, TypeError) as error:
        kind = type(value).__name__
        raise InputError(
            f"a message's {kind} takes no other text: pass it as a dict ({type(error).__name__})"
        ) from error
    if duplicate is value:
        raise InputError(f"a message's {type(value).__name__} cannot be copied: pass it as a dict")
    return duplicate
