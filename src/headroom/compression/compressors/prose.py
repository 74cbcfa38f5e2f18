"""Prose: whole sentences and list items go, those that say least about what was asked; every other byte stays, in order.

Rules:
* English running text only. Source code, configuration, dialogue, logs and tables are others' or nobody's.
* Headings, tables, code, quotations set apart and links stay. What ends in a colon stays with what it leads to.
* With a question that the text is about, by the question; without one, by importance, and less goes.
* A sentence that leans on the one before it ("It", "However") keeps it. Never a word inside a kept sentence.
* What stands where: `[...]` for sentences within a paragraph, a note with line numbers for whole lines, and a last line
  that says how many and where the full text is.
* At level `aggressive`, lines of output that nobody knows go too: see `prose_lines`.
* At level `lossless` nothing goes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from headroom.compression import markers
from headroom.compression.compressors import prose_choice, prose_lines, prose_looks
from headroom.compression.compressors.prose_pieces import Lines, Piece, pieces
from headroom.compression.contract import Compressor, Context, Folded, Probe

MIN_CHARS = 1_200
"""About 250 tokens: a shorter text is read at a glance."""
MAX_CHARS = 2_000_000
"""Above this a text is no document that anyone reads; it stays."""
LEAST_FREE = 0.3
"""Of a text, how much must be able to go: a manual that is nearly all code and tables is not prose."""
_GAP, _LINES_GAP = 30, 120
"""Characters: a gap that hides fewer is shown. `[...]` costs 2 tokens, a note with line numbers about 16."""
_SPAN = re.compile(r"``?([^`\s]{2,80})``?")
_OUTLINE = 3
"""Headings that make an outline."""
_FREE = frozenset({"sentence", "item", "lead"})


def score(probe: Probe) -> float:
    """Just enough where it is English prose: whoever knows the text better comes first."""
    lines = probe.lines
    if len(probe.text) < MIN_CHARS or prose_looks.dialogue(lines):
        return 0.0
    return 0.5 if _written(probe.text, lines) or prose_lines.claims(lines) else 0.0


def _written(text: str, lines: Sequence[str]) -> bool:
    return prose_looks.prose(lines) and prose_looks.english(text)


def compress(text: str, context: Context) -> Folded | None:
    """The text with its least needed sentences left out; `None` where that is not worth its changed looks."""
    if context.level == "lossless" or not MIN_CHARS <= len(text) <= MAX_CHARS:
        return None
    if not _written(text, Probe(text).lines):
        return prose_lines.compress(text, context)
    cut = pieces(text)
    free = [piece for piece in cut if piece.kind in _FREE]
    if sum(piece.stop - piece.start for piece in free) < LEAST_FREE * len(text):
        return None
    outlined = sum(piece.kind == "heading" for piece in cut) >= _OUTLINE
    asked, flags = prose_choice.kept(
        free, [text[piece.start : piece.stop].strip() for piece in free], context, outlined=outlined
    )
    chosen = {piece.start: flag for piece, flag in zip(free, flags, strict=True)}
    shown = [chosen.get(piece.start, True) for piece in cut]
    if not asked or all(piece.kind != "label" for piece in cut):
        _name_once(text, cut, shown)
    _tie(cut, shown)
    gaps = _gaps(text, cut, shown)
    if not gaps:
        return None
    return Folded(_render(text, cut, gaps, context), lossless=False)


def _name_once(text: str, cut: Sequence[Piece], shown: list[bool]) -> None:
    """Keep what is the only one to show a code span: a name that stands nowhere else cannot be asked for."""
    visible = "\n".join(text[piece.start : piece.stop] for piece, flag in zip(cut, shown, strict=True) if flag)
    for at, piece in enumerate(cut):
        if not shown[at]:
            said = text[piece.start : piece.stop]
            if any(span not in visible for span in _SPAN.findall(said)):
                shown[at] = True
                visible = f"{visible}\n{said}"


def _tie(cut: Sequence[Piece], shown: list[bool]) -> None:
    """What leads to something stays with it, the label of a passage with any piece of it."""
    for at in range(len(cut) - 2, -1, -1):
        if cut[at].kind == "lead":
            shown[at] = shown[at] or shown[at + 1]
    groups = {piece.group for piece, flag in zip(cut, shown, strict=True) if flag and piece.kind != "label"}
    for at, piece in enumerate(cut):
        if piece.kind == "label":
            shown[at] = piece.group in groups


def _gaps(text: str, cut: Sequence[Piece], shown: Sequence[bool]) -> list[tuple[int, int]]:
    """Runs of pieces to leave out, first and one past the last: whole lines together, parts of a paragraph on their own.

    Those cheaper to show than to mark are shown.
    """
    runs: list[tuple[int, int, bool]] = []
    for _, same in groupby((at for at in range(len(cut)) if not shown[at]), key=lambda at: cut[at].group):
        run = list(same)
        for first, last in _unbroken(run):
            whole = _whole_lines(text, cut[first].start, cut[last - 1].stop)
            if whole and runs and runs[-1][1] == first and runs[-1][2]:
                runs[-1] = (runs[-1][0], last, True)
            else:
                runs.append((first, last, whole))
    return [
        (first, last)
        for first, last, whole in runs
        if len(text[cut[first].start : cut[last - 1].stop].strip()) > (_LINES_GAP if whole else _GAP)
    ]


def _unbroken(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches of consecutive numbers, first and one past the last."""
    starts = [at for at in range(len(numbers)) if at == 0 or numbers[at] != numbers[at - 1] + 1]
    return [
        (numbers[start], numbers[stop - 1] + 1) for start, stop in zip(starts, [*starts[1:], len(numbers)], strict=True)
    ]


def _whole_lines(text: str, start: int, stop: int) -> bool:
    return (start == 0 or text[start - 1] == "\n") and (stop == len(text) or text[stop - 1] == "\n")


def _render(text: str, cut: Sequence[Piece], gaps: Sequence[tuple[int, int]], context: Context) -> str:
    line_of = Lines(text, context.first_line)
    out: list[str] = []
    at = hidden = 0
    for first, last in gaps:
        start, stop = cut[first].start, cut[last - 1].stop
        said = text[start:stop].rstrip()
        gone = [piece for piece in cut[first:last] if piece.kind in _FREE]
        hidden += len(gone)
        out.append(text[at:start])
        if _whole_lines(text, start, stop):
            what = _says(text, cut[first:last], len(gone))
            out.append(_note(line_of(start), line_of(start + len(said) - 1), what))
        else:
            out.append(markers.ELLIPSIS)
        out.append(text[start + len(said) : stop])
        at = stop
    out.append(text[at:])
    total = sum(1 for piece in cut if piece.kind in _FREE)
    body = "".join(out).rstrip("\n")
    note = f"{hidden} of {total} sentences left out above, where {markers.ELLIPSIS} or a line number stands"
    return f"{body}\n\n{markers.note(note, context.handle())}"


def _note(first: int, last: int, what: str) -> str:
    """A gap of whole lines. It says "line", since passages have numbers too."""
    return markers.note(f"line{'s' if last > first else ''} {markers.span(first, last)} omitted: {what}")


def _says(text: str, hidden: Sequence[Piece], sentences: int) -> str:
    """`passages [2]-[4], 11 sentences`."""
    labels = [text[piece.start : piece.stop].strip() for piece in hidden if piece.kind == "label"]
    counted = f"{sentences} sentence{'s' if sentences != 1 else ''}"
    if not labels:
        return counted
    named = f"passage {labels[0]}" if len(labels) == 1 else f"passages {labels[0]} to {labels[-1]}"
    return f"{named}, {counted}"


COMPRESSOR = Compressor(
    name="prose",
    promise="Every heading, table and piece of code; of what stays every byte, in order: numbers, names and negations with it.",
    score=score,
    compress=compress,
    data=False,
    skeleton=True,
    most=lambda _: 0.5,
)
