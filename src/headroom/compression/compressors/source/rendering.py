"""The skeleton written down, and held against the grammar once more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from headroom.compression import markers
from headroom.compression.compressors.source.numbering import Numbered
from headroom.compression.compressors.source.outline import Fold
from headroom.compression.compressors.source.parsing import Code

_LEAD = re.compile(r"\s*(?://[/!]?|#|/?\*+)? ?")


def write(code: Code, folds: Sequence[Fold], numbered: Numbered | None, first_line: int, handle: str) -> str | None:
    """The code with its folds made; `None` where it would not parse as well as before."""
    plain: list[str] = []
    shown: list[str] = []
    row = 0
    for fold in [*folds, None]:
        stop = fold.first if fold else len(code.lines)
        plain += code.lines[row:stop]
        shown += code.lines[row:stop] if numbered is None else _with_numbers(numbered, row, stop)
        if fold:
            mark = _mark(code, fold, _says(fold, numbered, first_line, handle))
            plain.append(mark)
            shown.append(mark if numbered is None else numbered.prefixes[fold.first] + mark)
            row = fold.last + 1
    return "\n".join(shown) if _parses(code, "\n".join(plain)) else None


def _with_numbers(numbered: Numbered, start: int, stop: int) -> Iterator[str]:
    return map(str.__add__, numbered.prefixes[start:stop], numbered.lines[start:stop])


def _says(fold: Fold, numbered: Numbered | None, first_line: int, handle: str) -> str:
    """Which lines are gone. Where the printed numbers are not those that retrieval counts by, both are named."""
    first, last = first_line + fold.first, first_line + fold.last
    if numbered is None or numbered.numbers[fold.first] == first:
        return markers.lines_omitted(first, last, handle)
    printed = markers.span(numbered.numbers[fold.first], numbered.numbers[fold.last])
    return f"lines {printed} omitted: {markers.lines_of(first, last, handle)}"


def _mark(code: Code, fold: Fold, says: str) -> str:
    line = code.lines[fold.first]
    indent = line[: len(line) - len(line.lstrip())] or _indent(code, fold)
    end = "\r" if code.lines[fold.last].endswith("\r") else ""
    if fold.place == "comment":
        lead = _LEAD.match(line)
        return f"{lead[0] if lead else ''}... {says}{end}"
    if fold.place == "string":
        return f"{_indent(code, fold)}... {says}{fold.quotes}{end}"
    return f"{indent}{code.language.fold.format(says)}{end}"


def _indent(code: Code, fold: Fold) -> str:
    """The blanks that the first line of a fold with any words begins with."""
    words = next((line for line in code.lines[fold.first : fold.last + 1] if line.strip()), "")
    return words[: len(words) - len(words.lstrip())]


def _parses(code: Code, made: str) -> bool:
    """Whether the skeleton has no more faults than the code."""
    tree = code.language.parser().parse(made.encode("utf-8", "replace"))
    if len(code.language.errors(tree)) > code.faults:
        return False
    return code.language.name != "Python" or _is_python(made) or not _is_python("\n".join(code.lines))


def _is_python(text: str) -> bool:
    """Whether Python itself parses a text."""
    import ast  # noqa: PLC0415 - 10 ms, only where there is Python

    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
