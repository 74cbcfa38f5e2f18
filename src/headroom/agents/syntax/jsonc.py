"""JSON as people keep it: with comments, and commas too many. Values are found by their place; nothing is written anew.

A new member comes first in its object, so that no comma of the user's moves; in the style of what stands there: on lines
of its own where the object has lines, else on the same one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from headroom.agents.syntax.steps import Step, Syntax, SyntaxFaultError, descend, nested

_TOKEN = re.compile(
    r'(?P<space>[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/)|(?P<word>"(?:[^"\\\r\n]|\\.)*"|[-+.\w]+|[{}\[\],:])', re.DOTALL
)
_REST_OF_LINE = re.compile(r"[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/[ \t]*(?=[\r\n]))")
"""A comment that ends the line which opens an object."""
_INDENT = "  "


class _Token(NamedTuple):
    word: str
    start: int
    end: int


@dataclass(slots=True)
class _Node:
    """A value: where it is, and what is in it."""

    start: int
    end: int = 0
    members: list[tuple[Any, int, _Node]] = field(default_factory=list)
    """Of an object: key, where the key starts, value. Of a list: index, where the item starts, item."""
    kind: str = ""
    """`{`, `[` or empty."""


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise SyntaxFaultError(f"it is not JSON (line {text.count(chr(10), 0, at) + 1})")
        at = found.end()
        if found["word"]:
            yield _Token(found["word"], found.start(), at)


def _tree(text: str) -> tuple[_Node | None, Any]:
    """The text's one value, as a tree of places and as plain data; `None` for a text with nothing in it."""
    tokens = list(_tokens(text))
    if not tokens:
        return None, {}
    parser = _Parser(text, tokens)
    try:
        node, data = parser.value()
    except (IndexError, RecursionError) as error:
        raise SyntaxFaultError("it is not JSON (it ends too early, or nests too deep)") from error
    if parser.at != len(tokens):
        raise parser.fault()
    return node, data


class _Parser:
    """Reads tokens into a tree."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.at = 0

    def fault(self) -> SyntaxFaultError:
        """What to say of the token at hand."""
        start = self.tokens[min(self.at, len(self.tokens) - 1)].start
        return SyntaxFaultError(f"it is not JSON (line {self.text.count(chr(10), 0, start) + 1})")

    def value(self) -> tuple[_Node, Any]:
        """The value that begins here."""
        token = self.tokens[self.at]
        if token.word in "{[":
            return self._filled(token)
        try:
            data = json.loads(token.word)
        except ValueError:
            raise self.fault() from None
        self.at += 1
        return _Node(token.start, token.end), data

    def _filled(self, opening: _Token) -> tuple[_Node, Any]:
        node = _Node(opening.start, kind=opening.word)
        closing = "}" if opening.word == "{" else "]"
        data: Any = {} if opening.word == "{" else []
        self.at += 1
        while self.tokens[self.at].word != closing:
            start = self.tokens[self.at].start
            key: Any = len(node.members)
            if opening.word == "{":
                key = self._key()
            inner, value = self.value()
            node.members.append((key, start, inner))
            if isinstance(data, dict):
                data[key] = value
            else:
                data.append(value)
            if self.tokens[self.at].word == ",":
                self.at += 1
            elif self.tokens[self.at].word != closing:
                raise self.fault()
        node.end = self.tokens[self.at].end
        self.at += 1
        return node, data

    def _key(self) -> str:
        word = self.tokens[self.at].word
        if not word.startswith('"') or self.tokens[self.at + 1].word != ":":
            raise self.fault()
        self.at += 2
        try:
            key = json.loads(word)
        except ValueError:
            raise self.fault() from None
        assert isinstance(key, str)
        return key


def _inner(node: _Node, data: Any, step: Step) -> tuple[int, _Node, Any] | None:  # noqa: ANN401 - plain data
    """Where the member for a step starts, with its value; of several members with one key the last counts."""
    if isinstance(step, str):
        if node.kind != "{":
            raise SyntaxFaultError(f"something else stands where {step!r} belongs")
        return next(((at, inner, data[key]) for key, at, inner in reversed(node.members) if key == step), None)
    if node.kind != "[":
        raise SyntaxFaultError(f"something else stands where a list with {step[1]!r} belongs")
    for index, at, inner in node.members:
        item = data[index]
        if isinstance(item, dict) and item.get(step[0]) == step[1]:
            return at, inner, item
    return None


def _get(text: str, path: Sequence[Step]) -> Any:  # noqa: ANN401 - plain data
    try:
        data = json.loads(text)  # most files are plain JSON, and some hold megabytes of history
    except (ValueError, RecursionError):
        data = _tree(text)[1]
    return descend(data, path)


def _put(text: str, path: Sequence[Step], value: Any) -> str:  # noqa: ANN401 - plain data
    end = "\r\n" if "\r\n" in text else "\n"
    node, data = _tree(text)
    if node is None:
        return text + _written(nested(path, value), end, "") + end
    for depth, step in enumerate(path):
        found = _inner(node, data, step)
        if found is None:
            return _inserted(text, node, step, nested(path[depth:], value), end)
        _, node, data = found
    if data == value and type(data) is type(value):
        return text
    return text[: node.start] + _written(value, end, _indent_of(text, node.start)) + text[node.end :]


def _inserted(text: str, node: _Node, step: Step, whole: Any, end: str) -> str:  # noqa: ANN401 - plain data
    """With a new first member; `whole` is an object or list that holds it alone."""
    value = whole[step] if isinstance(step, str) else whole[0]
    inside = text[node.start + 1 : node.members[0][1] if node.members else node.end - 1]
    lines = "\n" in inside or (not node.members and not inside.strip())
    outer = _indent_of(text, node.start)
    indent = _indent_of(text, node.members[0][1]) if node.members and "\n" in inside else outer + _unit(text)
    written = _written(value, end if lines else "", indent)
    if isinstance(step, str):
        written = f"{json.dumps(step, ensure_ascii=False)}: {written}"
    at = node.start + 1
    if comment := _REST_OF_LINE.match(text, at):
        at = comment.end()
    comma = "," if node.members else ""
    if lines:
        tail = "" if "\n" in inside else end + outer
        return f"{text[:at]}{end}{indent}{written}{comma}{tail}{text[at:].lstrip(' ') if tail else text[at:]}"
    space = " " if comma and not inside else ""
    lead = inside if inside.isspace() else ""
    return f"{text[:at]}{lead}{written}{comma}{space}{text[at:]}"


def _written(value: Any, end: str, indent: str) -> str:  # noqa: ANN401 - plain data
    """Lists on one line; objects on lines where the surroundings have lines (`end` is not empty)."""
    if isinstance(value, dict) and value and end:
        deeper = indent + _INDENT
        rows = [f"{deeper}{json.dumps(k, ensure_ascii=False)}: {_written(v, end, deeper)}" for k, v in value.items()]
        return f"{{{end}{f',{end}'.join(rows)}{end}{indent}}}"
    if isinstance(value, list) and end and any(isinstance(item, dict) for item in value):
        deeper = indent + _INDENT
        rows = [deeper + _written(item, end, deeper) for item in value]
        return f"[{end}{f',{end}'.join(rows)}{end}{indent}]"
    return json.dumps(value, ensure_ascii=False)


def _indent_of(text: str, at: int) -> str:
    """The blanks that begin the line of a place."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    """One step of indentation, as the text has it."""
    first = re.search(r"\n([ \t]+)\S", text)
    return first[1] if first else _INDENT


def _drop(text: str, path: Sequence[Step]) -> str:
    node, data = _tree(text)
    found = None
    outer = node
    for step in path:
        if node is None:
            return text
        outer, found = node, _inner(node, data, step)
        if found is None:
            return text
        _, node, data = found
    assert found is not None
    assert outer is not None
    return _without(text, outer, found[0], found[1].end)


def _without(text: str, outer: _Node, start: int, end: int) -> str:
    """Without one member and the comma that parts it from its neighbours; the blanks before it go with it."""
    comma = _comma(text, end, outer.end)
    if comma is not None:
        end = comma
        if not text[:start].rstrip(" \t").endswith(("\n", "\r")) and text[end : end + 1] == " ":
            end += 1  # `{"ours": 1, "a": 2}`: the blank after the comma was ours
            return text[:start] + text[end:]
    else:
        starts = [at for _, at, _ in outer.members]
        index = starts.index(start)
        if index:
            before = outer.members[index - 1][2].end
            comma = _comma(text, before, start)
            assert comma is not None
            return text[: comma - 1] + text[comma:start].rstrip(" \t\r\n") + text[end:]
    kept = text[:start].rstrip(" \t")
    kept = kept.removesuffix("\n").removesuffix("\r") if kept.endswith("\n") else text[:start]
    if comma is None and not any(at != start for _, at, _ in outer.members):
        rest = text[end : outer.end - 1]
        if not rest.strip() and text[outer.start + 1 : start].strip() == "":
            return text[: outer.start + 1] + text[outer.end - 1 :]
    return kept + text[end:]


def _comma(text: str, at: int, limit: int) -> int | None:
    """Just after the comma that follows, with nothing but blanks and comments before it."""
    while at < limit:
        found = _TOKEN.match(text, at)
        assert found is not None
        at = found.end()
        if found["word"]:
            return at if found["word"] == "," else None
    return None


SYNTAX = Syntax(_get, _put, _drop)
