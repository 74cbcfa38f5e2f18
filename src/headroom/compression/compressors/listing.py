"""Listings: directories, paths, trees, packages, processes, containers. Folded without loss; thinned out only when huge.

What the forms look like stands in the module of each: `listing_long` (`ls -l`), `listing_names` (`ls -R`, paths),
`listing_tree` (`tree`, `npm ls`), `listing_packages` (`dpkg -l`), `listing_columns` (`ps`, `docker ps`, `kubectl get`).

Rules:
* the fold of the first form that the text has is taken: order, names, sizes, states and odd entries all stay.
* only above `LARGE_TOKENS`, and never at level `lossless`: what lies in generated directories (`node_modules`, `.git`,
  `__pycache__`) gives way to a line that counts it; where that is not enough, entries that the query names, entries that
  report trouble and rare kinds of entries stay, and gaps say how many are missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from headroom.compression import relevance, units
from headroom.compression.compressors import (
    listing_columns,
    listing_long,
    listing_names,
    listing_packages,
    listing_tree,
)
from headroom.compression.contract import Compressor, Context, Folded, Probe, mostly
from headroom.tokens import count

LARGE_TOKENS = 12_000
"""Folded listings up to this size are shown whole: agents cap a command's output near 30,000 characters, under 10,000 tokens."""
KEPT_TOKENS = 6_000
"""What larger ones are brought down to; half of what is hidden is rarely asked for again, and any of it can be fetched."""

GENERATED = re.compile(
    r"(?:^|[/\\\s])(node_modules|\.git|__pycache__|\.venv|\.tox|\.nox|\.mypy_cache|\.pytest_cache|\.ruff_cache|\.gradle|\.next|bower_components|site-packages)(?=[/\\:]|$)"
)
_LS = r"(?:^|[\s|;&(/])ls(?:\s|$)"
_LISTS = r"(?:^|[\s|;&(/])(?:ls|find|fd|tree|dir|git ls-files|rg --files|glob|npm ls|npm list|dpkg|docker|podman|kubectl|ps|df|du|systemctl|pip list|cargo tree)\b|(?i:^\S*(?:glob|list_?dir\w*|list_?files|^ls)\b)"
_EXTENSION = re.compile(r"\.\w{1,8}[*/]?$")
_MASK = re.compile(r"\d+|[0-9a-f]{8,}")
_TROUBLE = re.compile(
    r"CrashLoopBackOff|ImagePull\w+|ErrImage\w+|OOMKilled|Evicted|Exited \([1-9]|Exited \(1|\b(?:failed|Failed|Error|unhealthy|Terminating|Pending|Unknown|UNMET|invalid|missing|extraneous|defunct)\b|^.{0,3}[dlcbps-][rwx-]{2}[sS]|^-.{7}w"
)

_DRAWN = re.compile(rf"(?:\[INFO\] )?{listing_tree.DRAWN.pattern}")
_Fold = Callable[[Sequence[str]], "list[str] | None"]


def _long(lines: Sequence[str]) -> bool:
    return len(lines) >= 3 and mostly(listing_long.ROW, lines, 0.5)


def _tree(lines: Sequence[str]) -> bool:
    if len(lines) < 4 or not mostly(_DRAWN, lines, 0.6):
        return False
    return len(lines) >= 7 or sum(map(bool, map(_DRAWN.match, lines))) >= 4


def _packages(lines: Sequence[str]) -> bool:
    return len(lines) >= 4 and mostly(listing_packages.ROW, lines, 0.8)


def score(probe: Probe) -> float:
    """How surely a text is a listing: by the shape of its rows; a plain column of names only with the command."""
    lines = probe.lines
    named = 0.1 if probe.ran(_LISTS) else 0.0
    if _long(lines) or _packages(lines) or _tree(lines):
        return 0.85 + named
    raw = probe.text[:60_000].split("\n")
    if listing_names.is_recursive(raw):
        return 0.8 + named
    if listing_names.is_paths(lines):
        return 0.7 + named
    if listing_columns.find(raw):
        return 0.65 + named
    return 0.6 if probe.ran(_LS) and len(lines) >= 8 and all(map(listing_names.NAME.match, lines)) else 0.0


def most(probe: Probe) -> float:
    """What `score` gives at most."""
    return 0.85 + (0.1 if probe.ran(_LISTS) else 0.0)


def compress(text: str, context: Context) -> Folded | None:
    """Fold a listing; thin it out where it stays very large."""
    lines = text.split("\n")
    folded = _folded(lines, text, context.command)
    lossless = folded is not None and folded != lines
    if context.level != "lossless" and len(text) > LARGE_TOKENS:
        shown = "\n".join(folded or lines)
        if count(shown) > LARGE_TOKENS:
            return _thinned(lines, context)
    return Folded("\n".join(folded), lossless=True) if folded is not None and lossless else None


def _folded(lines: Sequence[str], text: str, command: str) -> list[str] | None:
    if _long(lines):
        return listing_long.fold(lines)
    if _packages(lines):
        return listing_packages.fold(lines)
    if _tree([line for line in lines if line]):
        return listing_tree.fold(lines)
    if listing_names.is_recursive(lines):
        return listing_names.fold_recursive(lines)
    if listing_names.is_paths([line for line in lines if line]):
        return listing_names.fold_paths(lines, len(text) // 3)
    columns = listing_columns.fold(lines)
    if columns:
        return columns
    return listing_names.fold_plain(lines) if re.search(_LS, command) else None


def _thinned(lines: Sequence[str], context: Context) -> Folded:
    """Generated directories first, then whatever is like many others, until the budget is kept."""
    asked = relevance.hits(context.query, lines)
    worth = relevance.scores(context.query, lines)
    inside = _generated(lines)
    kinds = [_kind(line) for line in lines]
    number = Counter(kinds)
    pieces = [
        units.Unit(
            text=line,
            first=context.first_line + index,
            last=context.first_line + index,
            keep=index in asked
            or bool(_TROUBLE.search(line))
            or (not inside[index] and bool(listing_names.HEADING.match(line))),
            score=0.0 if inside[index] else worth[index] + 1.0 / number[kinds[index]] + 0.001,
            kind=f"in {inside[index]}" if inside[index] else "",
        )
        for index, line in enumerate(lines)
    ]
    return Folded(*units.render(pieces, units.select(pieces, KEPT_TOKENS), context.handle))


def _generated(lines: Sequence[str]) -> list[str]:
    """For each line the generated directory that it lies in; empty for none. A section of `ls -R` lies where its heading says."""
    found: list[str] = []
    section = ""
    for line in lines:
        heading = listing_names.HEADING.match(line)
        match = GENERATED.search(line)
        if heading:
            section = match[1] if match else ""
        own = match[1] if match and not line.rstrip("/").endswith(match[1]) else ""
        found.append(own or section)
    return found


def _kind(line: str) -> str:
    match = _EXTENSION.search(line)
    return match[0] if match else _MASK.sub("#", line[:20])


COMPRESSOR = Compressor(
    name="listing",
    promise="Every entry with its type, size, state and path, while they fit; of a very large listing the odd ones, those in trouble and those asked for, with counts of the rest.",
    score=score,
    compress=compress,
    most=most,
    line=re.compile(
        rf"{listing_long.ROW.pattern}|total \d+$|[│├└][─ \xa0│]+.|[|`]-- \S|(?:ii|rc|un|hi|iU|iF) {{1,2}}\S+ +\S+ +(?:all|amd64|arm64|i386|armhf) |\.{{0,2}}/[\w.@+-]+(?:/[\w.@+-]+)*/?$"
    ),
)
