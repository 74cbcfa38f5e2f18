"""Languages: one TOML file each in `languages/`. Adding a language is adding a file, and its grammar's wheel to the extra.

    name, module, language   what it is called; the wheel's module and the function in it that gives the grammar
    extensions, labels       of files and of code fences
    fold                     a statement that does nothing and carries a remark: `...  # {}`, `/* {} */`
    comment                  what opens a comment of one line
    looks                    matches, at its start, a line without its indentation that speaks for the language
    query                    what tree-sitter looks for, under these names:

@body is the statements of a function, which may be folded; with @name beside it, the head of the definition always stays.
@doc is the docstring inside a body, @note that of a class or a module, @comment any comment. @holder is a class or the
like, whose head stays also where it stands inside a function.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib import import_module, resources
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Parser, Query, Tree

LOOKED_AT, WIDTH = 200, 160
"""Lines, and characters of each, from which the language is told by its looks."""
MIN_LOOKS = 2
"""Lines that must speak for a language."""


@dataclass(frozen=True)
class Language:
    """A language as its file describes it; the grammar is loaded when it is first used."""

    name: str
    module: str
    language: str
    extensions: tuple[str, ...]
    labels: tuple[str, ...]
    fold: str
    comment: str
    looks: str
    query: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """`looks` at the start of any line of a `sample`."""
        return re.compile(f"^(?:{self.looks})", re.MULTILINE)

    @cached_property
    def _grammar(self) -> Grammar:
        import tree_sitter  # noqa: PLC0415 - an extra, loaded when there is code

        return tree_sitter.Language(getattr(import_module(self.module), self.language)())

    @cached_property
    def outline(self) -> Query:
        """The query of the file."""
        return self._query(self.query)

    @cached_property
    def faults(self) -> Query:
        """Finds what the grammar does not know, and what it misses."""
        return self._query("(ERROR) @error (MISSING) @missing")

    def _query(self, text: str) -> Query:
        import tree_sitter  # noqa: PLC0415 - an extra, loaded when there is code

        found: Query = tree_sitter.Query(self._grammar, text)
        return found

    def parser(self) -> Parser:
        """A new parser: threads must not share one."""
        import tree_sitter  # noqa: PLC0415 - an extra, loaded when there is code

        return tree_sitter.Parser(self._grammar)

    def matches(self, tree: Tree) -> list[dict[str, list[Any]]]:
        """What the query finds, each as its nodes by capture."""
        import tree_sitter  # noqa: PLC0415 - an extra, loaded when there is code

        return [found for _, found in tree_sitter.QueryCursor(self.outline).matches(tree.root_node)]

    def errors(self, tree: Tree) -> list[Any]:
        """The nodes that the grammar does not know or misses."""
        import tree_sitter  # noqa: PLC0415 - an extra, loaded when there is code

        if not tree.root_node.has_error:
            return []
        found = tree_sitter.QueryCursor(self.faults).captures(tree.root_node)
        return [node for nodes in found.values() for node in nodes]


@cache
def languages() -> tuple[Language, ...]:
    """Every language, in the order of their files' names."""
    folder = resources.files(__package__) / "languages"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(msgspec.toml.decode(file.read_bytes(), type=Language) for file in files)


@cache
def _extension() -> re.Pattern[str]:
    endings = {ending for language in languages() for ending in language.extensions}
    return re.compile(rf"\.({'|'.join(map(re.escape, sorted(endings, key=len, reverse=True)))})(?![\w./-])")


def by_command(command: str) -> list[Language]:
    """The languages of the last file that a command names, or of a fence; several where they share an extension."""
    if command.startswith("```"):
        label = command[3:].lower()
        return [language for language in languages() if label in language.labels]
    named = _extension().findall(command)
    return [language for language in languages() if named and named[-1] in language.extensions]


def sample(lines: Sequence[str]) -> str:
    """Lines from all over a text without their indentation, as `by_looks` reads them."""
    step = max(1, len(lines) // LOOKED_AT)
    return "\n".join([line.strip()[:WIDTH] for line in lines[::step]])


@lru_cache(maxsize=4)
def by_looks(said: str) -> tuple[tuple[Language, int], ...]:
    """The languages that a `sample` may be in, the likeliest first, and how many of its lines speak for each.

    The router asks about a text, and then the compressor does: one answer serves both.
    """
    counts = [(language, len(language.pattern.findall(said))) for language in languages()]
    return tuple(sorted((pair for pair in counts if pair[1] >= MIN_LOOKS), key=lambda pair: -pair[1]))
