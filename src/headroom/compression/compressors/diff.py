"""Unified diffs: git diff, git show, git log -p, format-patch, combined merges, svn diff, diff -u, diff -ru, bare hunks.

* Every changed line stays as printed, under its file, in a hunk whose header has the right line numbers.
* Names, renames, modes, binary remarks, commit headers and messages stay.
* Context shrinks, as `git diff -U1` prints it, to a line before and after what was only added (lines taken away show by
  themselves where that was); `index` lines and file times go.
* `--- a/x`, `+++ b/x` go where `diff --git` says the same: it becomes `diff --git x`.
* A change made in many files with the same lines stands once, with every place it was made.
* Long changes of lock files, snapshots and generated files, and all of minified ones, become a line with counts, unless
  the file was asked for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from headroom.compression import markers
from headroom.compression.compressors import diff_generated, diff_hunks
from headroom.compression.compressors.diff_parse import FileDiff, Hunk, halves, parse
from headroom.compression.contract import Compressor, Context, Folded, Probe
from headroom.tokens import count

AROUND = {"balanced": 1, "aggressive": 0}
"""Lines of context kept on each side of an addition."""
_SWEEP = 3
"""A change made in this many places is told once; in two places it must be as long as `_LONG_SWEEP` characters."""
_LONG_SWEEP = 300
_SHORT = 30
"""Characters of a change below which a list of places is no shorter than the change itself."""
_NOTE_TOKENS = 24
"""What the line at the end costs (cl100k)."""
SHOWN_TOKENS = {"balanced": 3000, "aggressive": 60}
"""Up to this many tokens (cl100k) the change of a generated file stays: which package moved to which version is worth a
page, a rewritten lock file is worth a line. What nobody can read is hidden from `UNREADABLE_TOKENS` on."""
UNREADABLE_TOKENS = 60

_LOOKS = re.compile(
    r"[ +\-@\\]|diff |index |commit [0-9a-f]|Author|Commit|Date:|Merge:|new file|deleted file|old mode|new mode|similarity|rename |copy |Binary files|Index: |=====|From |Subject:|Only in "
)
_PROOF = re.compile(
    r"^(?:diff --(?:git|cc|combined) \S|--- [^\n]+\n\+\+\+ [^\n]+\n@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|@@+ (?:-\d+(?:,\d+)? )+\+\d+(?:,\d+)? @@+)",
    re.MULTILINE,
)
_COMMAND = r"\bgit\b.*\b(?:diff|show|log|format-patch|stash)\b|\b(?:diff|svn diff|interdiff|gh pr diff)\b"
_INDEX = re.compile(r"index [0-9a-f,]+\.\.[0-9a-f]+(?: 100(?:644|755))?\r?$")
_TIMES = re.compile(r"((?:---|\+\+\+) [^\t]+)\t\d{4}-\d\d-\d\d .*$", re.DOTALL)


def score(probe: Probe) -> float:
    """How surely the text is a unified diff: nearly every line has a diff's first character, and a header proves it."""
    start = probe.text[:300_000]
    if "@@ -" not in start and "diff --" not in start:  # no proof, seen at C speed
        return 0.0
    if not probe.mostly(_LOOKS, 0.75) or not _PROOF.search(start):
        return 0.0
    return 0.96 if probe.ran(_COMMAND) else 0.92


@dataclass(slots=True)
class _Left:
    """What has been left out, to be said at the end."""

    context: int = 0
    all_context: int = 0
    index: int = 0
    times: int = 0
    repeated: int = 0
    other: int = 0

    def says(self) -> str:
        """`88 of 120 context lines, 4 index lines left out`."""
        parts = [
            (self.context, f"of {self.all_context} context lines"),
            (self.index, "index lines" if self.index != 1 else "index line"),
            (self.times, "file times"),
            (self.repeated, "lines of repeated changes"),
            (self.other, "lines of generated or binary files"),
        ]
        return ", ".join(f"{number} {what}" for number, what in parts if number) + " left out"


@dataclass(slots=True)
class _Shape:
    """A file on its way out."""

    file: FileDiff
    head: list[str]
    hunks: list[Hunk] = field(default_factory=list)
    note: str = ""
    places: dict[int, list[str]] = field(default_factory=dict)
    """Under the hunk with this index, where else the same change was made."""
    gone: set[int] = field(default_factory=set)
    """Hunks told elsewhere."""


def compress(text: str, context: Context) -> Folded | None:
    """The diff with its headers folded and, above `lossless`, its context cut."""
    pieces = parse(text.split("\n"))
    if not any(isinstance(piece, FileDiff) and (piece.hunks or piece.binary or piece.head) for piece in pieces):
        return None
    plain = "\n".join(
        _print(
            [
                _Shape(piece, _fold_head(piece.head), piece.hunks) if isinstance(piece, FileDiff) else piece
                for piece in pieces
            ]
        )
    )
    if context.level == "lossless":
        return Folded(plain, lossless=True)
    around = AROUND[context.level]
    left = _Left()
    shapes = [_shape(piece, around, context, left) if isinstance(piece, FileDiff) else piece for piece in pieces]
    _tell_once([piece for piece in shapes if isinstance(piece, _Shape)], left)
    body = "\n".join(_print(shapes))
    if body == plain or count(body) + _NOTE_TOKENS > count(plain):
        return Folded(plain, lossless=True)
    return Folded(f"{body}\n{markers.note(left.says(), context.handle())}", lossless=False)


def _print(shapes: list[_Shape | str]) -> list[str]:
    lines: list[str] = []
    for shape in shapes:
        if isinstance(shape, str):
            lines.append(shape)
            continue
        if shape.hunks and len(shape.gone) == len(shape.hunks) and _plain(shape.head):
            continue
        lines += shape.head
        if shape.note:
            lines.append(shape.note)
            continue
        for index, hunk in enumerate(shape.hunks):
            if index not in shape.gone:
                lines += [hunk.header, *hunk.body]
            if index in shape.places:
                lines.append(markers.note(f"same change at {', '.join(shape.places[index])}"))
        lines += shape.file.binary
    return lines


def _plain(head: list[str]) -> bool:
    """Whether a file's header says no more than its name."""
    return all(line.startswith(("diff ", "--- ", "+++ ", "Index: ", "=====")) for line in head) and not any(
        "/dev/null" in line for line in head
    )


def _fold_head(head: list[str]) -> list[str]:
    """The header without `--- a/x` and `+++ b/x` where they say nothing new; `diff --git a/x b/x` is then `diff --git x`."""
    if len(head) < 3 or not head[0].startswith("diff --"):
        return head
    if head[0].startswith(("diff --cc ", "diff --combined ")):
        name = head[0].split(" ", 2)[2]
        return head[:-2] if head[-2:] == [f"--- a/{name}", f"+++ b/{name}"] else head
    moved = {line[:10]: line for line in head if line.startswith("rename ")}
    if len(moved) == 2:
        old, new = moved["rename fro"][12:], moved["rename to "][10:]
        told = head[0] == f"diff --git a/{old} b/{new}" and head[-2:] == [f"--- a/{old}", f"+++ b/{new}"]
        return head[:-2] if told else head
    name, _ = halves(head[0][11:])
    if not name or " " in name or '"' in name or head[0].endswith("\r"):
        return head
    added = any(line.startswith("new file mode ") for line in head)
    deleted = any(line.startswith("deleted file mode ") for line in head)
    names = ["--- /dev/null" if added else f"--- a/{name}", "+++ /dev/null" if deleted else f"+++ b/{name}"]
    return [f"diff --git {name}", *head[1:-2]] if head[-2:] == names and not (added and deleted) else head


def _shape(file: FileDiff, around: int, context: Context, left: _Left) -> _Shape:
    shape = _Shape(file, _short_head(file, left))
    kind = diff_generated.kind_of(file)
    if kind and file.hunks and not any(hunk.broken for hunk in file.hunks) and not _asked_for(file.path, context):
        hidden = [line for hunk in file.hunks for line in (hunk.header, *hunk.body)]
        most = UNREADABLE_TOKENS if kind == diff_generated.MINIFIED else SHOWN_TOKENS[context.level]
        if count("\n".join(hidden)) > most:
            shape.note = markers.note(f"{diff_generated.summary(file, kind)}; lines not shown")
            left.other += len(hidden)
            return shape
    if len(file.binary) > 4:
        shape.file = FileDiff(
            file.head, [], [line for line in file.binary if line.startswith(("GIT ", "literal ", "delta "))]
        )
        left.other += len(file.binary) - len(shape.file.binary)
    for hunk in file.hunks:
        cut = diff_hunks.trim(hunk, around)
        left.all_context += hunk.changed().count(False)
        left.context += len(hunk.body) - sum(len(part.body) for part in cut)
        shape.hunks += cut
    return shape


def _short_head(file: FileDiff, left: _Left) -> list[str]:
    head = []
    for line in _fold_head(file.head):
        if _INDEX.match(line) and (file.hunks or file.binary):
            left.index += 1
            continue
        if match := _TIMES.match(line):
            left.times += 1
            line = match[1]  # noqa: PLW2901 - the same line, shorter
        head.append(line)
    if (
        head
        and _TIMES.match(file.head[-1])
        and head[0].startswith("diff -")
        and head[0].endswith(f" {head[-2][4:]} {head[-1][4:]}")
    ):
        return head[1:]
    return head


def _asked_for(path: str, context: Context) -> bool:
    name = path.rpartition("/")[2]
    return bool(name) and (name in context.command or name in context.query.text)


def _tell_once(shapes: list[_Shape], left: _Left) -> None:
    """A change of the same lines in many places stays at the first, which lists the others."""
    same: dict[tuple[str, ...], list[tuple[_Shape, int]]] = defaultdict(list)
    for shape in shapes:
        path = shape.file.path
        for index, hunk in enumerate(shape.hunks if path and not shape.note else []):
            flags = hunk.changed()
            first, number = flags.index(True) if True in flags else 0, flags.count(True)
            if not hunk.broken and hunk.marks == 1 and all(flags[first : first + number]):  # one change: one place
                same[tuple(hunk.body[first : first + number])].append((shape, index))
    for key, found in same.items():
        size = sum(map(len, key))
        if len(found) < 2 or size < _SHORT or (len(found) < _SWEEP and size < _LONG_SWEEP):
            continue
        (kept, at), *rest = found
        spots: dict[str, list[str]] = {}
        for shape, index in rest:
            hunk = shape.hunks[index]
            spots.setdefault(shape.file.path, []).append(_line_of(hunk))
            shape.gone.add(index)
            left.repeated += len(hunk.body)
        kept.places[at] = [f"{path}:{','.join(numbers)}" for path, numbers in spots.items()]


def _line_of(hunk: Hunk) -> str:
    """The line of a hunk's first change, on the new side (on the old one where lines were only taken away)."""
    side = -1 if any(line[:1] == "+" for line in hunk.body) else 0
    return str(hunk.starts[side] + hunk.changed().index(True))


COMPRESSOR = Compressor(
    name="diff",
    promise="every changed line, the place of its hunk, every file name, rename, mode and binary remark, commit headers and messages",
    score=score,
    compress=compress,
)
