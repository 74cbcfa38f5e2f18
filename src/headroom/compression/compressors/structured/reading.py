"""Reading JSON so that nothing is lost on the way: what each number looks like, duplicate keys, what came before a cut.

Values are Python's own (`str`, `bool`, `None`, `list`), except numbers (`Number`, as written) and objects (`Record`,
which knows its compact text). An object with a key twice is a `Doubled`: it can only be written again.
"""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring
from typing import Any, NamedTuple

Value = Any
"""`str`, `Number`, `True`, `False`, `None`, `Record`, `Doubled`, or a `list` of them."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[{}\[\],]', re.DOTALL)
_PREFIX = re.compile(
    r'\s*(?:\{\s*(?:"(?:[^"\\\n]|\\.){0,400}"\s*:|\})|\[\s*(?:[{\["\]]|(?:-?\d[\d.eE+-]{0,40}|true|false|null|NaN|-?Infinity)\s*(?:,|\])))'
)
"""How a JSON object or array begins. `[INFO]`, `[2026-01-01 10:00]`, `{ foo: 1 }` and `[x](y)` do not."""


_MOST_CUT = 2_000_000
"""Characters of a text in which its last whole record is searched for, sign by sign: about 0.2 s."""


class Number(str):
    """A number, `NaN` or `Infinity`, as it stands in the text: `1.0` is not `1`, and no digit is lost."""

    __slots__ = ()


class Record(dict[str, Value]):
    """An object; its compact JSON text is made while reading, from the inside out."""

    __slots__ = ("text", "total")
    text: str
    total: int
    """How many entries the original has, where some are left out (`Verbatim` entries, text for key, stand in the gaps)."""


class Doubled(NamedTuple):
    """An object that has a key twice: it can only be written again."""

    text: str


class Verbatim(NamedTuple):
    """What stands for a part that is left out or made shorter."""

    text: str


class Embedded(NamedTuple):
    """A string that is itself JSON."""

    value: Value
    style: str
    """How its text is laid out: see `embedded.STYLES`."""


class Full(NamedTuple):
    """A record written with every key and value, since it was asked for or has a key twice."""

    number: int
    """Its place in the original array, from 1."""
    record: Record | Doubled


class Pruned(list[Value]):
    """An array of which a part is left out: `Verbatim` markers stand in the gaps."""

    __slots__ = ("total",)
    total: int
    """How many items the original has."""


class Document(NamedTuple):
    """A text as read."""

    value: Value
    lines: bool = False
    """One JSON value a line (NDJSON); `value` is the list of them."""
    tail: str = ""
    """What follows the last whole record of a text that is cut off; as it stands there."""


def quote(text: str) -> str:
    """A string as a JSON token: only what must be escaped is."""
    return _escaped(encode_basestring(text))


def _escaped(token: str) -> str:
    """JSON text with its lone surrogates, which no file could hold, as escapes."""
    if token.isascii() or not _SURROGATE.search(token):
        return token
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", token)


def write(value: Value) -> str:
    """The compact JSON text of a value."""
    kind = type(value)
    if kind is str:
        return quote(value)
    if kind is Number:
        return str.__str__(value)
    if kind is Record or kind is Verbatim or kind is Doubled:
        return str(value.text)
    if kind is list or kind is Pruned:
        return "[" + ",".join(map(write, value)) + "]"
    if kind is Embedded:
        return f"{value.style}({write(value.value)})"
    if kind is Full:
        return str(value.record.text)
    return "null" if value is None else "true" if value else "false"


def record_of(pairs: list[tuple[str, Value]]) -> Record | Doubled:
    """An object from its pairs."""
    cells = [
        f"{encode_basestring(key)}:{encode_basestring(value) if type(value) is str else write(value)}"
        for key, value in pairs
    ]
    text = _escaped("{" + ",".join(cells) + "}")
    record = Record(pairs)
    if len(record) != len(pairs):
        return Doubled(text)
    record.text = text
    return record


_DECODER = json.JSONDecoder(object_pairs_hook=record_of, parse_float=Number, parse_int=Number, parse_constant=Number)


def parse(text: str) -> Value:
    """The value of a JSON text.

    Raises:
        ValueError: not JSON. RecursionError: nested too deep to be of use.
    """
    return _DECODER.decode(text)


def begins(text: str) -> bool:
    """Whether a text begins as a JSON object or array does."""
    return _PREFIX.match(text[:1000]) is not None


def read(text: str) -> Document | None:
    """A text as JSON, as one JSON value a line, or as the whole records before it is cut off; `None`: none of these."""
    if not begins(text):
        return None
    try:
        return Document(parse(text))
    except RecursionError:
        return None
    except ValueError:
        pass
    try:
        return _lines(text) or (_cut(text) if len(text) <= _MOST_CUT else None)
    except (ValueError, RecursionError):
        return None


def _lines(text: str) -> Document | None:
    lines = text.split("\n")  # not `splitlines`: U+2028 may stand inside a string
    if len(lines) < 2 or lines[0].rstrip()[-1:] not in "}]":
        return None
    values: list[Value] = []
    for number, line in enumerate(lines):
        if not line.strip():
            return None
        try:
            value = parse(line)
        except ValueError:
            if number < 3 or number + 1 < len(lines):
                return None
            return Document(values, lines=True, tail=line)
        values.append(value)
    return Document(values, lines=True) if isinstance(values[0], (Record, list)) else None


def _cut(text: str) -> Document | None:
    """The records before the place where the text breaks off: up to the last comma between two objects of one array."""
    stack: list[str] = []
    end, closers, after = 0, "", ""
    for match in _TOKEN.finditer(text):
        sign = match[0]
        if sign in "{[":
            stack.append("]" if sign == "[" else "}")
        elif sign in "}]":
            if not stack or stack.pop() != sign:
                return None
        elif sign == "," and after == "}" and stack and stack[-1] == "]":
            end, closers = match.start(), "".join(reversed(stack))
        after = sign
    if not stack or not end:
        return None
    return Document(parse(text[:end] + closers), tail=text[end:])
