"""What of a parsed file may be folded: the insides of functions, the rest of docstrings, long comments. Whole lines only.

A function's head, its last line, and the head of every definition inside it stay; so does whatever the grammar did not
understand. Rows count from 0, as tree-sitter counts them, and a fold's last row is inside it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from headroom.compression.compressors.source.grammar import Language

COMMENT_ROWS = 6
"""Rows from which a comment is folded to its first line."""

Place = Literal["statements", "string", "comment"]
"""Where a fold stands, which says how its mark is written."""

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_OPENS = re.compile(r"[{:]?\s*(?:/\*.*\*/|//.*|#.*)?\r?")
_QUOTES = re.compile(rb"(?:'''|\"\"\"|'|\")\Z")


class Fold(NamedTuple):
    """Rows that may go together."""

    first: int
    last: int
    place: Place
    owner: int
    """The row on which the function or the comment begins that they belong to."""
    quotes: str = ""
    """What closes the string that the fold begins in."""


class Body(NamedTuple):
    """A function's statements."""

    node: Any
    name: str
    """Empty where it has none."""
    head: int
    """The row on which its definition is named."""
    doc: Any
    """Its docstring's node, or `None`."""


class Outline:
    """The functions of a file, and what of them may be folded."""

    def __init__(self, language: Language, tree: Any, lines: Sequence[str]) -> None:  # noqa: ANN401 - tree_sitter is an extra
        """Args: language: of the file. tree: its syntax. lines: its rows, without their line feeds."""
        self.lines = lines
        self._braces = language.fold.startswith("/*")
        bodies: dict[int, Body] = {}
        heads: list[int] = []
        self._notes: list[Any] = []
        self._comments: list[Any] = []
        for found in language.matches(tree):
            for node in found.get("body", ()):
                named = found.get("name")
                name = _name(named[0]) if named else ""
                before = bodies.get(node.start_byte)
                head = named[0].start_point.row if named else node.start_point.row
                if before is None:
                    bodies[node.start_byte] = Body(node, name, head, next(iter(found.get("doc", ())), None))
                elif name and not before.name:
                    bodies[node.start_byte] = before._replace(name=name, head=head)
                elif "doc" in found:
                    bodies[node.start_byte] = before._replace(doc=found["doc"][0])
                heads += [each.start_byte for each in named or ()]
            heads += [node.start_byte for node in found.get("holder", ())]
            self._notes += found.get("note", ())
            self._comments += found.get("comment", ())
        self.bodies = [bodies[start] for start in sorted(bodies)]
        self._heads = sorted(set(heads))

    def folds(self) -> list[Fold]:
        """Everything that may go, in order; none inside another."""
        found = [fold for body in self.bodies for fold in self._of_body(body)]
        found += [
            fold for note in self._notes for fold in self._of_string(note, note.end_point.row, note.start_point.row)
        ]
        found += self._of_comments()
        found.sort(key=lambda fold: (fold.first, -fold.last))
        outermost: list[Fold] = []
        for fold in found:
            if not outermost or fold.first > outermost[-1].last:
                outermost.append(fold)
        return outermost

    def _holds_head(self, start: int, end: int) -> bool:
        at = bisect_left(self._heads, start)
        return at < len(self._heads) and self._heads[at] < end

    def _of_body(self, body: Body) -> Iterator[Fold]:
        node = body.node
        if node.has_error:
            return
        first, last = self._inside(node)
        doc = body.doc
        if doc is None or doc.start_point.row < first:
            yield from (Fold(start, stop, "statements", body.head) for start, stop in self._runs(node, first, last))
            return
        runs = list(self._runs(node, doc.end_point.row + 1, last))
        goes_on = bool(runs) and runs[0][0] == doc.end_point.row + 1
        rest = list(self._of_string(doc, runs[0][1] if goes_on else doc.end_point.row, body.head))
        yield from rest
        yield from (Fold(start, stop, "statements", body.head) for start, stop in runs[bool(rest and goes_on) :])

    def _inside(self, node: Any) -> tuple[int, int]:  # noqa: ANN401 - tree_sitter is an extra
        """The first and the last row that belong to a body alone."""
        if not self._braces:
            before = node.prev_sibling
            while before is not None and before.type == "comment":
                before = before.prev_sibling
            header = before.end_point.row if before is not None else node.start_point.row
            return header + 1, node.end_point.row
        opened, closed = node.start_point, node.end_point
        return opened.row + 1, closed.row - 1

    def _runs(self, node: Any, first: int, last: int) -> Iterator[tuple[int, int]]:  # noqa: ANN401 - tree_sitter is an extra
        """Rows of whole statements, in a row, none of which holds a definition."""
        if first > last:
            return
        if self._is_alone(node) and not self._holds_head(node.start_byte, node.end_byte):
            yield first, last
            return
        run: tuple[int, int] | None = None
        edge = first - 1
        for child in node.named_children:
            start, stop = child.start_point.row, child.end_point.row
            if start <= edge or stop > last or self._holds_head(child.start_byte, child.end_byte):
                if run and run[1] >= start:
                    run = (run[0], start - 1)
                if run and run[0] <= run[1]:
                    yield run
                run, edge = None, max(edge, stop)
            else:
                run = (run[0] if run else start, stop)
        if run:
            yield run

    def _is_alone(self, node: Any) -> bool:  # noqa: ANN401 - tree_sitter is an extra
        """Whether no statement shares a row with the braces."""
        if not self._braces:
            return True
        opened, closed = self.lines[node.start_point.row], self.lines[node.end_point.row]
        before = closed.encode("utf-8", "replace")[: max(0, node.end_point.column - 1)]
        after = opened.encode("utf-8", "replace")[node.start_point.column :].decode("utf-8", "replace")
        return not before.strip() and _OPENS.fullmatch(after) is not None

    def _of_string(self, doc: Any, last: int, owner: int) -> Iterator[Fold]:  # noqa: ANN401 - tree_sitter is an extra
        """A docstring from its second line with words on, up to `last`; its end moves into the mark."""
        first = doc.start_point.row + 1
        if doc.end_point.row < first:
            return
        words = self.lines[doc.start_point.row].strip().lstrip("rRuUbBfF").strip("'\"")
        first += not words.strip()
        closes = _QUOTES.search(doc.text)
        if closes and first <= doc.end_point.row <= last:
            yield Fold(first, last, "string", owner, closes[0].decode())

    def _of_comments(self) -> Iterator[Fold]:
        """Long comments, without their first line and the line that closes them."""
        runs: list[tuple[int, int]] = []
        for node in sorted(self._comments, key=lambda node: node.start_byte):
            start, stop = node.start_point.row, node.end_point.row
            stop -= node.end_point.column == 0 and stop > start
            if self.lines[start][: node.start_point.column].strip():
                continue
            if stop > start:
                yield from self._of_comment(start, stop - 1)
            elif runs and start == runs[-1][1] + 1:
                runs[-1] = (runs[-1][0], stop)
            else:
                runs.append((start, stop))
        for start, stop in runs:
            yield from self._of_comment(start, stop)

    def _of_comment(self, start: int, last: int) -> Iterator[Fold]:
        if last - start >= COMMENT_ROWS:
            yield Fold(start + 1, last, "comment", start)


def _name(node: Any) -> str:  # noqa: ANN401 - tree_sitter is an extra
    """The last identifier before any parameters: `send` of `res.send`, `Get` of `DB::Get(const Key& key)`."""
    words = node.text.decode("utf-8", "replace")
    if words[:1] in "'\"`":
        return ""
    found = _IDENTIFIER.findall(words.split("(", 1)[0])
    return found[-1] if found else ""
