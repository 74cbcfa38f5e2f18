"""Drawn trees (`tree`, `npm ls`, `cargo tree`, `pipdeptree`, `gradle dependencies`, `mvn dependency:tree`), without the drawing.

Indentation takes its place, and the leaves of one parent share a line:

    ├─┬ accepts@2.0.0                    accepts@2.0.0
    │ ├── mime-types@3.0.2 deduped         mime-types@3.0.2 deduped, negotiator@1.1.0
    │ └── negotiator@1.1.0               vary@1.1.2
    └── vary@1.1.2

Rules:
* every label stays, in its order, two spaces deeper for each level; what is drawn follows from the depth.
* neighbouring leaves share a line, `, ` between them. A label with a comma in it stops the fold.
* `npm ls`: a `deduped` entry repeats a package that the same tree shows in full; its version is left to that entry where
  there is just one, so it reads `debug deduped`.
* lines that are no part of a tree (the root, warnings, `12 directories`) stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from headroom.compression import markers


class Style(NamedTuple):
    """How a program draws: the unit below a branch, the unit below the last one, and the branches."""

    line: str
    blank: str
    branch: str
    last: str
    open_branch: str
    open_last: str


STYLES = (
    Style("│ ", "  ", "├── ", "└── ", "├─┬ ", "└─┬ "),
    Style("│   ", "    ", "├── ", "└── ", "├── ", "└── "),
    Style("│\xa0\xa0 ", "    ", "├── ", "└── ", "├── ", "└── "),
    Style("|   ", "    ", "|-- ", "`-- ", "|-- ", "`-- "),
    Style("|    ", "     ", "+--- ", "\\--- ", "+--- ", "\\--- "),
    Style("|  ", "   ", "+- ", "\\- ", "+- ", "\\- "),
    Style("│  ", "   ", "├─ ", "└─ ", "├─ ", "└─ "),
    Style("| ", "  ", "+-- ", "`-- ", "+-- ", "`-- "),
)
"""npm and pnpm; tree and cargo; tree with its no-break spaces; tree --charset=ascii; gradle; maven; yarn; npm without Unicode."""

DRAWN = re.compile(r"[│| \xa0]{0,400}(?:[├└]─[─┬]? ?\S|[|`]-- \S|[+\\]-{1,3} \S)")
_INFO = "[INFO] "
_DEDUPED = re.compile(r"(.+)@([^@\s]+) deduped$")
_PACKAGE = re.compile(r"(.+)@([^@\s]+)$")


class Node(NamedTuple):
    """An entry and how deep it hangs, from 1."""

    depth: int
    label: str


def fold(lines: Sequence[str]) -> list[str] | None:
    """The tree as indented lines; `None` where it would not read back."""
    head: list[str] = []
    if all(line.startswith(_INFO) for line in lines):
        head = [markers.note(f"every line begins with {_INFO.strip()}")]
        lines = [line.removeprefix(_INFO) for line in lines]
    for style in STYLES:
        parsed = _parse(lines, style)
        if not parsed:
            continue
        if _drawn(parsed, style, [], 0) == list(lines):
            return head + _lines(parsed)
        if _drawn(parsed, style, *_going_on(lines[-1], style)) == list(lines):
            return [*head, *_lines(parsed), markers.note("cut off here: the drawing goes on")]
    return None


def _parse(lines: Sequence[str], style: Style) -> list[Node | str] | None:
    """Nodes of a tree and other lines; `None` where a line is drawn in another style."""
    unit = f"(?:{re.escape(style.line)}|{re.escape(style.blank)})"
    branches = sorted({style.branch, style.last, style.open_branch, style.open_last}, key=len, reverse=True)
    row = re.compile(f"({unit}*)({'|'.join(map(re.escape, branches))})(.+)")
    parsed: list[Node | str] = []
    nodes = 0
    for line in lines:
        match = row.match(line)
        if match:
            label = match[3]
            if ", " in label or label[0].isspace():
                return None
            parsed.append(Node(1 + len(match[1]) // len(style.line), label))
            nodes += 1
        elif line[:1].isspace() or DRAWN.match(line):
            return None
        else:
            parsed.append(line)
    return parsed if nodes >= 4 else None


def _going_on(last: str, style: Style) -> tuple[list[bool], int]:
    """What the last line of a cut tree promises: for each level whether another entry follows, and how deep the next one is."""
    width = len(style.line)
    follows: list[bool] = []
    while last.startswith((style.line, style.blank)) and not last.startswith((style.branch, style.last)):
        follows.append(last.startswith(style.line))
        last = last[width:]
    follows.append(last.startswith((style.branch, style.open_branch)))
    opened = last.startswith((style.open_branch, style.open_last)) and style.open_branch != style.branch
    return follows, len(follows) + 1 if opened else 0


def _drawn(parsed: Sequence[Node | str], style: Style, follows: list[bool], below: int) -> list[str]:
    """The tree as its program draws it: from the end, so that each node knows whether a sibling follows.

    Args:
        parsed: nodes and other lines.
        style: how the program draws.
        follows: for each level whether the end of the text is not the end of that level.
        below: the depth of the entry that would come after the end; 0 for none.
    """
    out: list[str] = []
    for node in reversed(parsed):
        if isinstance(node, str):
            out.append(node)
            follows, below = [], 0
            continue
        follows += [False] * (node.depth - len(follows))
        more = follows[node.depth - 1]
        del follows[node.depth :]
        has_children = below > node.depth
        branch = (
            (style.open_branch if has_children else style.branch)
            if more
            else (style.open_last if has_children else style.last)
        )
        out.append(
            "".join(style.line if more_above else style.blank for more_above in follows[: node.depth - 1])
            + branch
            + node.label
        )
        follows[node.depth - 1] = True
        below = node.depth
    return out[::-1]


def _lines(parsed: Sequence[Node | str]) -> list[str]:
    versions: dict[str, set[str]] = {}
    for node in parsed:
        label = node.label if isinstance(node, Node) else ""
        match = _PACKAGE.match(label)
        if match and " " not in label:
            versions.setdefault(match[1], set()).add(match[2])
    out: list[str] = []
    joinable = 0
    for index, node in enumerate(parsed):
        if isinstance(node, str):
            out.append(node)
            joinable = 0
            continue
        following = parsed[index + 1] if index + 1 < len(parsed) else ""
        leaf = isinstance(following, str) or following.depth <= node.depth
        label = _deduped(node.label, versions)
        if leaf and joinable == node.depth:
            out[-1] += f", {label}"
        else:
            out.append("  " * node.depth + label)
        joinable = node.depth if leaf else 0
    return out


def _deduped(label: str, versions: dict[str, set[str]]) -> str:
    match = _DEDUPED.match(label)
    return f"{match[1]} deduped" if match and versions.get(match[1]) == {match[2]} else label
