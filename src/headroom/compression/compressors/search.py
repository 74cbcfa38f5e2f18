"""Search results (grep, ripgrep, git grep, ack, find-in-files): each path once, its hits below, as `rg --heading` prints them.

    src/app.py:12:import os          src/app.py
    src/app.py:40:    run()          12:import os
    src/app.py:77:    run()          40,77:    run()
    src/cli.py:3:import os
                                     src/cli.py:3:import os

Rules:
* the fold loses nothing: files in their order, every line number, every hit's text with its indentation. A text that
  occurs more than once in a file is written once, after all its line numbers. A file with one hit stays as it was.
* a path's block is set off by one blank line on either side; a line that belongs to no hit (`Binary file x matches`,
  `--`, statistics) stays as it is.
* a claim needs names that look like files and line numbers that rise within a file; clock times, dictionary entries
  and compiler messages do not have them.
* only above `LARGE_TOKENS`, and never at level `lossless`, hits are elided: every file keeps its first hit while the
  budget lasts, then what answers the query and what is rare. A hit line of over `LONG` characters (minified code) is
  cut around what was searched for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile

from headroom.compression import markers, relevance, units
from headroom.compression.contract import Compressor, Context, Folded, Probe
from headroom.tokens import count

LARGE_TOKENS = 12_000
"""Folded results up to this size are shown whole: coding agents cap a command's output near 30,000 characters, which is
under 10,000 tokens, so a result that its reader asked for in full is never thinned out."""
KEPT_TOKENS = 8_000
"""What larger ones are brought down to."""
LONG = 1_200
"""A hit line longer than this is minified or generated; written source lines rarely pass 200 characters."""
AROUND = 160
"""Characters shown on either side of the match in such a line."""

_GREP = r"(?:^|[\s|;&(/])(?:[efz]?grep|rg|ripgrep|ag|ack|ack-grep|pt|ugrep|findstr|Select-String)\b|(?i:^\S*(?:grep|search|find_in_files|codebase))"
_PATH = r"(?:[A-Za-z]:[\\/]|[\w./~^@-]+:(?=[^\s:]+:\d))?[^\s:\"'`<>|(){}=,;][^:\"'`<>|{}=,;\n]*"
_HIT = re.compile(rf"({_PATH}):(\d+):(.*)", re.DOTALL)
_BARE = re.compile(r"((?:[A-Za-z]:[\\/])?[^\s:\"'`<>|(){}=,;]+):(.*)", re.DOTALL)
_CONTEXT = re.compile(r"[-=](\d+)[-=]")
_LIKE_A_HIT = re.compile(r"[:=-]\d+[:=-]")
_NUMBERED = re.compile(r"\d+(?:,\d+)*[:=-]")
_HEADING = re.compile(r"(?:[A-Za-z]:[\\/])?[^:]*:$")
_BINARY = re.compile(r"(?:grep: (.+): binary file matches|Binary file (.+) matches)$")
_EXTENSION = re.compile(r"\.[A-Za-z][\w+~-]{0,11}$")
_PLAIN = re.compile(r"(?:[A-Z][a-z]+file|[A-Z]{4,}|configure|gradlew|mvnw)$")
_NO_FILE = re.compile(r"[\d\s.,:/T+-]+$|.*(?:^|/)\d+$|.*//")
_MESSAGE = re.compile(
    r"(?:\d+:)?\s*(?:fatal |syntax |internal )?(?:error|warning|note|info|hint|remark|style|convention|refactor|help)\b\W|(?:\d+:)? ?\(?[A-Z]{1,4}\d{2,5}\b|(?:\d+:)? \[\w|in [`']"
    r"|\s*(?:\w+\.)*\w*(?:Error|Exception)\b"
)
_COLUMN_MESSAGE = re.compile(r"\d+(?:-\d+)?:? \S")
_MASK = re.compile(r"\d+|\"[^\"]*\"|'[^']*'")


@dataclass(slots=True)
class _Hit:
    at: int
    """Index of the line in the text."""
    number: str
    mark: str
    """`:` for a hit, `-` or `=` for a line of its context; empty where the search printed no line numbers."""
    text: str


@dataclass(slots=True)
class _Run:
    """Neighbouring hits of one path, or one line that belongs to none (`path` is empty)."""

    path: str
    hits: list[_Hit] = field(default_factory=list)


class _Names(dict[str, bool]):
    """Whether a string can be the name of a file; asked often about the same ones."""

    def __missing__(self, name: str) -> bool:
        known = self[name] = _is_file(name)
        return known


def _is_file(name: str) -> bool:
    if len(name) > 400 or name[-1].isspace() or _NO_FILE.match(name):
        return False
    if " " in name:
        return name.startswith(("./", "/", "~/", "../")) or name[1:3] in (":\\", ":/")
    return (
        "/" in name or "\\" in name or bool(_EXTENSION.search(name)) or bool(_PLAIN.match(name)) or name.startswith(".")
    )


def _numbered(lines: Sequence[str]) -> list[_Run] | None:
    names = _Names()
    found = [_HIT.match(line) for line in lines]
    hits = [match if match and names[match[1]] else None for match in found]
    paths = {match[1] for match in hits if match}
    if not paths:
        return None
    runs: list[_Run] = []
    for at, (line, match) in enumerate(zip(lines, hits, strict=True)):
        if match:
            _append(runs, match[1], _Hit(at, match[2], ":", match[3]))
        elif (around := _context_of(line, paths)) is not None:
            _append(runs, around[0], _Hit(at, *around[1:]))
        else:
            runs.append(_Run("", [_Hit(at, "", "", line)]))
    return _separators(runs)


def _append(runs: list[_Run], path: str, hit: _Hit) -> None:
    if not runs or runs[-1].path != path:
        runs.append(_Run(path))
    runs[-1].hits.append(hit)


def _context_of(line: str, paths: set[str]) -> tuple[str, str, str, str] | None:
    for match in _CONTEXT.finditer(line, 0, 500):
        if line[: match.start()] in paths:
            return line[: match.start()], match[1], match[0][0], line[match.end() :]
    return None


def _separators(runs: list[_Run]) -> list[_Run]:
    """Take `--` between two groups of one file into that file's run, as `rg --heading` prints it."""
    joined: list[_Run] = []
    index = 0
    while index < len(runs):
        run = runs[index]
        last = joined[-1].path if joined else ""
        if (
            not run.path
            and run.hits[0].text == "--"
            and last
            and index + 1 < len(runs)
            and runs[index + 1].path == last
        ):
            joined[-1].hits += [*run.hits, *runs[index + 1].hits]
            index += 2
            continue
        joined.append(run)
        index += 1
    return joined


def _unnumbered(lines: Sequence[str]) -> list[_Run] | None:
    names = _Names()
    runs: list[_Run] = []
    found = numbered = others = 0
    for at, line in enumerate(lines):
        match = _BARE.match(line)
        if not line:
            return None  # a blank line would read as the end of a block
        if match and names[match[1]] and not match[1].startswith("grep"):
            if not match[2]:
                return None
            _append(runs, match[1], _Hit(at, "", "", match[2]))
            found += 1
            numbered += match[2][:1].isdigit() and bool(_NUMBERED.match(match[2]))
        else:
            runs.append(_Run("", [_Hit(at, "", "", line)]))
            if _BINARY.match(line):
                found += 1
            else:
                others += 1
                if len(lines) - others < 0.6 * len(lines):
                    return None
    return runs if found >= 0.6 * len(lines) and numbered < 0.3 * found else None


def _rising(runs: Sequence[_Run]) -> bool:
    """Whether line numbers rise within a file, as a search prints them: log clocks and stack traces do not."""
    pairs = [
        int(one.number) < int(two.number)
        for run in runs
        for one, two in pairwise(run.hits)
        if one.number and two.number
    ]
    return sum(pairs) >= 0.9 * len(pairs)


def _is_search(runs: Sequence[_Run], lines: int) -> bool:
    hits = [hit for run in runs if run.path for hit in run.hits if hit.mark == ":"]
    covered = sum(len(run.hits) for run in runs if run.path) + sum(
        1 for run in runs if not run.path and (run.hits[0].text == "--" or _BINARY.match(run.hits[0].text))
    )
    if covered < 0.6 * lines or not hits or not _rising(runs):
        return False
    messages = sum(1 for hit in hits if _MESSAGE.match(hit.text[:200]))
    columns = sum(1 for hit in hits if _COLUMN_MESSAGE.match(hit.text[:200]))
    return messages < 0.3 * len(hits) and columns < 0.5 * len(hits)


def score(probe: Probe) -> float:
    """How surely a text is a search result: named lines whose numbers rise, or `path:text` printed by a search."""
    lines = probe.lines
    searched = probe.ran(_GREP)
    runs = _numbered(lines) if lines else None
    if runs and _is_search(runs, len(lines)):
        return 0.95 if searched else 0.85
    runs = _unnumbered(lines) if lines else None
    if not runs:
        return 0.0
    named = [run for run in runs if run.path]
    hits = sum(len(run.hits) for run in named)
    slashed = sum(len(run.hits) for run in named if "/" in run.path or "\\" in run.path)
    spoken = sum(1 for run in named for hit in run.hits if hit.text.startswith(" ") and not hit.text.startswith("  "))
    if searched:
        return 0.85
    return 0.6 if slashed >= 0.9 * len(lines) and hits >= 2 * len(named) and spoken < 0.5 * hits else 0.0


def most(probe: Probe) -> float:
    """What `score` gives at most."""
    return 0.95 if probe.ran(_GREP) else 0.85


def compress(text: str, context: Context) -> Folded | None:
    """Fold a search result; thin it out only where it stays very large."""
    lines = text.split("\n")
    runs = _numbered(lines)
    if runs and _is_search(runs, sum(map(bool, lines))):
        folded = _fold(runs)
    else:
        runs = _unnumbered(lines)
        folded = _fold(runs) if runs else None
    if not runs or folded is None:
        return None
    if context.level != "lossless":
        cut = _cut(runs, context)
        if cut:
            folded = _fold(runs) or folded
        if len(folded) > 2 * LARGE_TOKENS and count(folded) > LARGE_TOKENS:
            return Folded(*_elide(runs, context))
        if cut:
            what = f"{cut} very long {'lines' if cut > 1 else 'line'} shown only around the match"
            return Folded(f"{folded}\n{markers.note(what, context.handle())}", lossless=False)
    return Folded(folded, lossless=True)


def _fold(runs: Sequence[_Run]) -> str | None:
    """Blocks set off by blank lines; `None` where a line could be mistaken for a part of one."""
    files = _without_separators(runs)
    if files is None:
        return None
    out: list[str] = []
    after_block = False
    for index, (lines, block) in enumerate(_items(files)):
        if index and (block or after_block):
            out.append("")
        if not block and (_NUMBERED.match(lines[0]) or _HEADING.match(lines[0])):
            return None
        out += lines
        after_block = block
    return "\n".join(out)


def _without_separators(runs: Sequence[_Run]) -> Sequence[_Run] | None:
    """Drop the `--` between files: with context lines a search prints one at every change of file, so none says more."""
    if not any(hit.mark in ("-", "=") for run in runs for hit in run.hits):
        return runs
    kept: list[_Run] = []
    for index, run in enumerate(runs):
        between = 0 < index < len(runs) - 1 and runs[index - 1].path and runs[index + 1].path
        if not run.path and run.hits[0].text == "--":
            if not between:
                return None
        elif (not run.path and _LIKE_A_HIT.search(run.hits[0].text)) or (
            run.path and kept and kept[-1] is runs[index - 1] and runs[index - 1].path
        ):
            return None
        else:
            kept.append(run)
    return kept


def _items(runs: Sequence[_Run]) -> Iterator[tuple[list[str], bool]]:
    """Lines as they are shown, and whether they make a block."""
    index = 0
    while index < len(runs):
        run = runs[index]
        binary = list(takewhile(lambda match: match[0], map(_binary, runs[index:])))
        if len(binary) > 1 and len({head for head, _ in binary}) == 1:
            yield [binary[0][0], *(name for _, name in binary)], True
            index += len(binary)
            continue
        if len(run.hits) == 1:
            yield [_line(run.path, run.hits[0])], False
        elif run.hits[0].mark:
            yield [run.path, *_merged(run.hits)], True
        else:
            yield [f"{run.path}:", *(hit.text for hit in run.hits)], True
        index += 1


def _binary(run: _Run) -> tuple[str, str]:
    """What `grep` says of a binary file that matches, and the file's name; empty strings for anything else."""
    match = _BINARY.match(run.hits[0].text) if not run.path else None
    if not match:
        return "", ""
    return ("grep: binary file matches:", match[1]) if match[1] else ("Binary file matches:", match[2])


def _line(path: str, hit: _Hit) -> str:
    return f"{path}{hit.mark or ':'}{_short(hit)}" if path else hit.text


def _short(hit: _Hit) -> str:
    return f"{hit.number}{hit.mark}{hit.text}"


def _merged(hits: Sequence[_Hit]) -> list[str]:
    """The hits of one file, equal texts once; as they are where context lines or their order would not survive that."""
    plain = all(hit.mark == ":" for hit in hits) and all(
        int(one.number) < int(two.number) for one, two in pairwise(hits)
    )
    if not plain:
        return [_short(hit) for hit in hits]
    numbers: dict[str, list[str]] = {}
    for hit in hits:
        numbers.setdefault(hit.text, []).append(hit.number)
    return [f"{','.join(at)}:{text}" for text, at in numbers.items()]


def _cut(runs: Sequence[_Run], context: Context) -> int:
    """Shorten very long hit lines around what was searched for, in place; how many there were."""
    cut = 0
    for run in runs:
        for hit in run.hits:
            if len(hit.text) > LONG:
                at = next((place for key in context.query.keys[:32] if (place := hit.text.find(key)) >= 0), AROUND)
                start, end = max(0, at - AROUND), at + AROUND
                hit.text = " ".join([*_gone(start), hit.text[start:end], *_gone(len(hit.text) - end)])
                cut += 1
    return cut


def _gone(characters: int) -> list[str]:
    return [markers.note(f"{characters:,} characters left out")] if characters > 0 else []


def _elide(runs: Sequence[_Run], context: Context) -> tuple[str, bool]:
    """The first hit of each file, then hits that answer the query and rare ones, until the budget is used."""
    hits = [(run, hit) for run in runs for hit in run.hits]
    texts = [f"{run.path} {hit.text}" for run, hit in hits]
    asked = relevance.hits(context.query, texts)
    worth = relevance.scores(context.query, texts)
    shapes = Counter(_MASK.sub("#", hit.text.strip()) for _, hit in hits)
    pieces = []
    for index, (run, hit) in enumerate(hits):
        line = context.first_line + hit.at
        first = 2.0 if hit is run.hits[0] and run.path else 0.0
        rarity = 1.0 / shapes[_MASK.sub("#", hit.text.strip())]
        keep = index in asked or not run.path
        pieces.append(
            units.Unit(_line(run.path, hit), line, line, keep=keep, score=worth[index] + rarity + first, kind=run.path)
        )
    shown = units.select(pieces, KEPT_TOKENS)
    headed: _Run | None = None
    for (run, hit), unit, show in zip(hits, pieces, shown, strict=True):
        if run is headed:
            unit.text = _short(hit)
        elif show and run.path and hit.mark:
            unit.text = f"\n{run.path}\n{_short(hit)}"
            headed = run
    return units.render(pieces, shown, context.handle, noun="hits", says=_says)


def _says(hidden: Sequence[units.Unit]) -> str:
    files = {unit.kind for unit in hidden if unit.kind}
    where = f"in {hidden[0].kind}" if len(files) == 1 else f"in {len(files)} files"
    return f"{len(hidden)} more {'hits' if len(hidden) > 1 else 'hit'} {where}"


COMPRESSOR = Compressor(
    name="search",
    promise="Every hit's path, line number and text, while they fit; of a very large result the first hit of each file, the rare ones and those that were asked for.",
    score=score,
    compress=compress,
    most=most,
    line=re.compile(
        r"(?:[A-Za-z]:[\\/])?(?:[^\s:\"'`<>|(){}=,;]*[\\/])?[^\s:\"'`<>|(){}=,;\\/]*\.[A-Za-z]\w{0,9}:\d+:(?!\d+:? |\s*(?:error|warning|note|info)\b)"
    ),
)
