"""Names without columns: `ls -R` sections, plain `ls`, and lists of paths (`find`, `git ls-files`, `rg --files`, glob tools).

    ./src:                 ./src: app.py cli.py
    app.py                 ./tests: test_app.py
    cli.py

    ./tests:
    test_app.py

Rules:
* order stays, every name stays. A section of `ls -R` is one line; blank lines between such sections go.
* paths stay whole: an agent copies them into its next command. Only a long directory that all of them share is said once,
  and only lists above `LONG_LIST` tokens put neighbours of one directory on one line: `src/a/: b.py c.py`.
* neighbouring directories that hold the very same things are one line: `./locale/{de,en,fr,nl}: django.po`. What stands below
  them comes right after, for all of them: `./locale/{the same 4}/sub: a.txt`.
* a name with a space in it keeps its own line, or its section stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom.compression import markers
from headroom.compression.contract import mostly
from headroom.tokens import count

LONG_LIST = 4_000
"""Tokens from which a list of paths is grouped by directory; below, whole paths are worth more than the third that this saves."""
ALIKE = 4
"""Neighbouring directories from which their names are told together: three lines read better as they are."""
SHARED = 3
"""Directories deep from which a common start of absolute paths is said once; `/usr/bin/` is cheaper as it is."""

HEADING = re.compile(r"([^\s:][^:]*):$")
_FOLDED = re.compile(r"[^\s:][^:]*:(?: \S+)*$")
NAME = re.compile(r"[^\s:<>|\"()=,;{}\[\]]+$")
PATH = re.compile(r"(?:\.{0,2}/|~/|[A-Za-z]:[\\/]|[\w.@+-]+/)[^\t:*?\"<>|(){}=,;]*$|\.{1,2}$|[\w.@+-]+$")

_BASE64 = re.compile(r"(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])[A-Za-z0-9+/]{57,}$")
"""A line of encoded bytes, which has slashes in it, too."""


def is_recursive(lines: Sequence[str]) -> bool:
    """Whether the lines look like `ls -R`: headings after blank lines, names below."""
    headings = [
        index
        for index, line in enumerate(lines)
        if line.endswith(":") and HEADING.match(line) and (index == 0 or not NAME.match(lines[index - 1]))
    ]
    if len(headings) < 3:
        return False
    listed = sum(1 for line in lines if not line or NAME.match(line) or HEADING.match(line))
    pathlike = sum(1 for index in headings if lines[index].startswith((".", "/", "~")) or "/" in lines[index])
    return listed >= 0.9 * len(lines) and pathlike >= 0.8 * len(headings)


def is_paths(lines: Sequence[str]) -> bool:
    """Whether nearly every line is a path, most with a directory."""
    if len(lines) < 6 or not mostly(PATH, lines, 0.95):
        return False
    paths = [line for line in lines if PATH.match(line) and "  " not in line]
    inside = sum(1 for line in paths if ("/" in line or "\\" in line) and " " not in line and "//" not in line)
    encoded = sum(1 for line in paths if _BASE64.match(line))
    return len(paths) >= 0.95 * len(lines) and inside >= 0.6 * len(lines) and encoded < 0.5 * len(lines)


def fold_recursive(lines: Sequence[str]) -> list[str] | None:
    """Sections of `ls -R` as lines; `None` where a line could be mistaken for one.

    A section takes the names that follow its heading; whatever comes then (a name with a space, an agent's remark) stays
    as it is. A blank line between two such sections goes.
    """
    out: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        if HEADING.match(line) and (index == 0 or not NAME.match(lines[index - 1])):
            end = index + 1
            while end < len(lines) and NAME.match(lines[end]):
                end += 1
            if out and _FOLDED.match(out[-1]):
                return None  # a section right after a section: the blank line between them could not be told
            if len(out) > 1 and not out[-1] and _FOLDED.match(out[-2]):
                out.pop()
            out.append(" ".join(lines[index:end]))
            index = end
            continue
        if _FOLDED.match(line):
            return None
        out.append(line)
        index += 1
    return None if any("/{" in line for line in out) else _alike(out)


def _alike(sections: Sequence[str]) -> list[str]:
    """Neighbouring directories that hold the same, down to the bottom, as one."""
    out: list[str] = []
    at = 0
    while at < len(sections):
        size, names = _siblings(sections, at)
        if len(names) < ALIKE:
            out.append(sections[at])
            at += 1
            continue
        parent = sections[at].partition(":")[0].rpartition("/")[0]
        for place in range(size):
            said = ",".join(names) if place == 0 else f"the same {len(names)}"
            out.append(f"{parent}/{{{said}}}{sections[at + place][len(parent) + 1 + len(names[0]) :]}")
        at += size * len(names)
    return out


def _siblings(sections: Sequence[str], at: int) -> tuple[int, list[str]]:
    """The directory at a place and those after it that look the same: sections each has, and their names."""
    parent, slash, name = sections[at].partition(":")[0].rpartition("/")
    if not slash or not _FOLDED.match(sections[at]):
        return 1, []
    size, template = _below(sections, at)
    names = [name]
    at += size
    while at < len(sections):
        other, _, name = sections[at].partition(":")[0].rpartition("/")
        if other != parent or not _FOLDED.match(sections[at]) or _below(sections, at) != (size, template):
            break
        names.append(name)
        at += size
    return size, names


def _below(sections: Sequence[str], at: int) -> tuple[int, list[str]]:
    """How many sections a directory has, itself and what is below it, and what they say but for its path."""
    path = sections[at].partition(":")[0]
    end = at + 1
    while end < len(sections) and sections[end].startswith(f"{path}/"):
        end += 1
    return end - at, [section[len(path) :] for section in sections[at:end]]


def fold_plain(lines: Sequence[str]) -> list[str] | None:
    """The names of a plain `ls` on one line."""
    if len(lines) < 8 or not all(map(NAME.match, lines)):
        return None
    return [" ".join(lines)]


def fold_paths(lines: Sequence[str], tokens: int) -> list[str] | None:
    """A shared directory said once; above `LONG_LIST` tokens neighbours of a directory on one line."""
    shared = _shared(lines)
    rest = [line[len(shared) :] for line in lines] if shared else list(lines)
    out = [markers.note(f"all under {shared}")] if shared else []
    if tokens > LONG_LIST and count("\n".join(rest)) > LONG_LIST:
        grouped = _grouped(rest)
        if grouped is None:
            return None
        return out + grouped
    return out + rest if shared else None


def _shared(lines: Sequence[str]) -> str:
    """The directory, with its last separator, that every line starts with; empty where it is short or relative."""
    first, last = min(lines), max(lines)
    if not (first.startswith("/") or first[1:3] in (":\\", ":/")):
        return ""
    size = next(
        (at for at, (one, two) in enumerate(zip(first, last, strict=False)) if one != two), min(len(first), len(last))
    )
    start = first[:size]
    cut = max(start.rfind("/"), start.rfind("\\")) + 1
    shared = start[:cut]
    deep = shared.count("/") + shared.count("\\") - 1
    return shared if deep >= SHARED and all(len(line) > cut for line in lines) else ""


def _grouped(lines: Sequence[str]) -> list[str] | None:
    out: list[str] = []
    directory, names = "", list[str]()
    for line in [*lines, ""]:
        head, slash, name = line.rpartition("/")
        if name and slash and " " not in line and head + slash == directory:
            names.append(name)
            continue
        if names:
            out.append(f"{directory}: {' '.join(names)}" if len(names) > 1 else directory + names[0])
        directory, names = "", []
        if name and slash and " " not in line and not line.endswith(":"):
            directory, names = head + slash, [name]
        elif line:
            if "/: " in line:
                return None
            out.append(line)
    return out
