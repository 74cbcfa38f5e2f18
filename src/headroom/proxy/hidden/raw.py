"""JSON as it is written in requests and answers: read leniently, written compactly, cut out as it stands.

What msgspec refuses and providers may send (a lone surrogate in an escape) is read by the standard library; bytes that
are not UTF-8 travel through text as surrogates and come out as they went in.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from headroom.blocks import Path
from headroom.wire.body import Body


def decode(data: str | bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A JSON text's value.

    Raises:
        ValueError: it is no JSON, or nested too deep.
    """
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        pass
    text = data if isinstance(data, str) else data.decode("utf-8", "surrogateescape")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def encode(value: object) -> bytes:
    """A value as compact JSON in UTF-8; a lone surrogate as the escape it came as."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def to_bytes(raw: str) -> bytes:
    """JSON text as bytes again."""
    return raw.encode("utf-8", "surrogateescape")


def value(body: Body, path: Path) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What stands at a path; `None` where nothing does."""
    found: Any = body.value
    for step in path:
        try:
            found = found[step]
        except (LookupError, TypeError):
            return None
    return found


def raws(body: Body, path: Path) -> list[str]:
    """The elements of the list at a path, as they stand; none where there is no list."""
    found = value(body, path)
    spans = [body.span((*path, at)) for at in range(len(found))] if isinstance(found, list) else []
    return [body.data[start:end].decode("utf-8", "surrogateescape") for start, end in spans]
