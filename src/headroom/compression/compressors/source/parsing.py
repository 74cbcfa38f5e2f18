"""Code, parsed: the language is the one in which it parses with few faults, whatever a file is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from headroom.compression.compressors.source import grammar

if TYPE_CHECKING:
    from tree_sitter import Tree

MAX_TRIED = 3
"""Languages that are tried: each costs a parse."""
FEW_FAULTS = 3
"""With so few, as of a file that was cut off, nobody asks whether another language would fit better: to parse what is in
another language takes up to ten times as long."""
RIVAL = 0.3
"""The share of the likeliest language's lines that must speak for another one."""
MAX_FAULTS = 0.04
"""Faults a row, above which a text is in another language or in none. C++ that is full of macros has one in 40 rows."""
MAX_LOST = 0.3
"""The share of the rows that may lie in what the grammar did not understand."""
MAX_OPEN = 200
"""Brackets of a kind that may be left open or closed: to parse what is nested thousands deep takes seconds."""


@dataclass(frozen=True)
class Code:
    """A text in a language, and its syntax."""

    lines: Sequence[str]
    """Without their line feeds and their numbers."""
    language: grammar.Language
    source: bytes
    tree: Tree

    @cached_property
    def faults(self) -> int:
        """Places that the grammar does not know, or where it misses something."""
        return len(self.language.errors(self.tree))


def parse(lines: Sequence[str], command: str) -> Code | None:
    """The code in the language that its command, or else its looks, speak for; `None`: it is in none that we know."""
    text = "\n".join(lines)
    if any(abs(text.count(opens) - text.count(closes)) > MAX_OPEN for opens, closes in ("()", "[]", "{}")):
        return None
    source = text.encode("utf-8", "replace")
    best: Code | None = None
    for language in _candidates(lines, command):
        code = Code(lines, language, source, language.parser().parse(source))
        if code.faults <= FEW_FAULTS and _is_readable(code):
            return code
        if _is_readable(code) and (best is None or code.faults < best.faults):
            best = code
    return best


def _candidates(lines: Sequence[str], command: str) -> Iterator[grammar.Language]:
    named = grammar.by_command(command)
    yield from named[:MAX_TRIED]
    likely = grammar.by_looks(grammar.sample(lines))
    looks = [language for language, lines in likely if language not in named and lines >= RIVAL * likely[0][1]]
    yield from looks[: max(0, MAX_TRIED - len(named))]


def _is_readable(code: Code) -> bool:
    """Whether what the grammar did not understand is the exception."""
    if code.tree.root_node.type == "ERROR" or code.faults > 2 + MAX_FAULTS * len(code.lines):
        return False
    lost: int = sum(node.end_point.row - node.start_point.row for node in code.language.errors(code.tree))
    return lost <= MAX_LOST * len(code.lines)
