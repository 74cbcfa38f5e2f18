"""What prose looks like, English prose above all: what it is told apart from, and the parts of a document."""

from __future__ import annotations

import re
from collections.abc import Sequence

FENCE = re.compile(r"^[ \t]{0,3}(```+|~~~+)", re.MULTILINE)
ITEM = re.compile(r"^[ \t]{0,6}(?:[-*+\u2022]|\d{1,3}[.)])[ \t]+(?=\S)", re.MULTILINE)
PASSAGE = re.compile(
    r"^(?:\[\d{1,3}\]|\(\d{1,3}\)|(?:Document|Passage|Source|Chunk|Result|Context|Excerpt)[ \t]*\[?#?\d{1,3}\]?[ \t]*(?:[:.\-\u2013]|\([^)\n]{0,120}\):?))[ \t]*(?:\n(?=\S))?",
    re.MULTILINE,
)
"""How retrieval numbers what it found."""
FEWEST_PASSAGES = 2
_HEADING = re.compile(r"#{1,6}\s|={2,}[^=\n]+={2,}\s*$")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}[ \t]*\r?$")
_FIXED = re.compile(
    r"\s*(?:\||[+|][-=+|]{3,}|\.\.\s|:[\w-]+:|<[/!a-zA-Z]|\[[^\]\n]{1,80}\]:\s|!\[|\[!\[|\$\s|>>>\s|[-=*_]{3,}\s*$|---\s)"
)
_BREAKS = re.compile(r"\s*(?:\||\.\.\s)")
"""What ends a paragraph without a blank line; a link that was wrapped to the start of a line does not."""
_INDENTED = re.compile(r"(?: {4}|\t)\s*\S")
_TALKS = re.compile(
    r"\s*\.\. (?:[\w-]+:)?(?:note|warning|tip|hint|important|caution|danger|attention|admonition|seealso|deprecated|versionadded|versionchanged|data|function|method|class|attribute|module|option|envvar|confval|exception)::"
)
"""reStructuredText's directives whose inside is written to be read; others hold code, pictures, lists of files."""
_SPEAKER = re.compile(
    r"^(?:\*\*|\[?\(?\d{1,2}:\d\d(?::\d\d)?\)?\]?\s*)?(?:User|Human|Assistant|AI|System|Bot|Agent|Customer|Interviewer|Speaker(?:\s\w+)?|Q|A|THOUGHT|ACTION|DISCUSSION|OBSERVATION|Observation|Thought|Action|[A-Z][\w.'-]{1,20}(?:\s[A-Z][\w.'-]{1,20})?)(?:\*\*)?:(?:\*\*)?(?:\s|$)",
    re.MULTILINE,
)
_CODE = re.compile(
    r"[;{}]\s*$|^\s*(?:def|class|import|from|return|if|for|while|elif|else|try|func|fn|let|const|var|public|private|static|void|#include|package|use|struct|impl|enum|export|async|await|@\w+)\b[^.?!]*[:;{(]?\s*$"
    r"|^\s*(?://|/\*|\*/|\#!)|^\s*[\w.\[\]'\"]+\s*(?:=|:=|\+=)\s*\S|^\s*[\w.]+\([^)]*\)\s*;?\s*$|^\s*[\w-]+:\s\S{0,40}$|^\s*<[/!a-zA-Z][^>]*>"
)
_SENTENCE = re.compile(r"[A-Z][^.!?\n]{20,}(?:[.!?]|\n)|[^.!?\n]{15,}[.!?](?:\s|$)")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_COMMON = """
the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one
you were her all she there would their we him been has when who will no more if out so said what up its about into
than them can only other new some could time these two may then do first any my now such like our over
"""
_ENGLISH = frozenset(_COMMON.split())
_ADDRESS = re.compile(r"\]\([^()\n]*\)|https?://\S+|`[^`\n]*`")
LEAST_ENGLISH = 0.18
"""Of the words of a text, how many are among the hundred most common of English: 40 % of running text is, and under 5 % of German,
French or code."""
LEAST_PROSE = 0.5
"""Of what begins at the margin, how much is sentences: a manual with short lists is near it."""
LEAST_PLAIN = 0.25
"""Of everything outside fences: source code with long comments is mostly indented."""
MOST_CODE = 0.2
_SAMPLE = 6_000


def english(text: str) -> bool:
    """Whether a text is running English."""
    middle = len(text) // 2
    sample = text if len(text) <= 2 * _SAMPLE else text[:_SAMPLE] + text[middle : middle + _SAMPLE]
    words = _WORD.findall(_ADDRESS.sub(" ", sample).lower())
    return len(words) >= 40 and sum(word in _ENGLISH for word in words) >= LEAST_ENGLISH * len(words)


def prose(lines: Sequence[str]) -> bool:
    """Whether most of what stands in a text's lines is written to be read, not to be run or parsed."""
    total = plain = read = code = 0
    fenced = False
    for line in lines:
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            total += len(line)
            if not _INDENTED.match(line):
                plain += len(line)
                if _CODE.search(line):
                    code += len(line)
                elif len(_WORD.findall(line)) >= 4:
                    read += len(line)
    return total > 0 and read >= max(LEAST_PROSE * plain, LEAST_PLAIN * total) and code <= MOST_CODE * plain


def code(lines: Sequence[str]) -> bool:
    """Whether many lines look like source code or configuration."""
    return sum(1 for line in lines if _CODE.search(line)) > MOST_CODE * len(lines)


def dialogue(lines: Sequence[str]) -> bool:
    """Whether people or programs take turns in it: who said what is then the point."""
    turns = sum(1 for line in lines if _SPEAKER.match(line))
    return turns >= 3 and turns >= len(lines) / 12


def kind_of(lines: Sequence[str], at: int) -> str:
    """`heading`, `fixed`, `list` or `paragraph`: what begins at a line."""
    line = lines[at]
    if not line.strip() or FENCE.match(line):
        return "fixed"
    after = lines[at + 1] if at + 1 < len(lines) else ""
    if _HEADING.match(line) or (_UNDERLINE.match(after) and len(line) < 120) or _UNDERLINE.match(line):
        return "heading"
    if ITEM.match(line):
        return "list"
    if _INDENTED.match(line) and not _written(line):
        return "fixed"
    return "fixed" if _FIXED.match(line) else "paragraph"


def _written(line: str) -> bool:
    """Whether an indented line opens a paragraph, and no code."""
    said = line.strip()
    return said[:1].isupper() and len(_WORD.findall(said)) >= 5 and not _CODE.search(line) and not said.endswith("::")


def end_of(lines: Sequence[str], at: int, kind: str) -> int:
    """The line after the last of what begins at a line."""
    fence = FENCE.match(lines[at])
    if fence:
        return _closing(lines, at, fence[1])
    end = at + 1
    if kind == "heading":
        while end < len(lines) and _UNDERLINE.match(lines[end]):
            end += 1
        return end + (
            end < len(lines)
            and end + 1 < len(lines)
            and bool(_UNDERLINE.match(lines[at]))
            and bool(_UNDERLINE.match(lines[end + 1]))
        )
    while end < len(lines) and _goes_on(lines, end, kind):
        end += 1
    if (kind == "fixed" and _INDENTED.match(lines[at])) or _opens_code(lines[end - 1]):
        return _dedent(
            lines, end, lines[at] if kind == "fixed" and _INDENTED.match(lines[at]) else lines[end - 1] + " "
        )
    return end


def _opens_code(line: str) -> bool:
    """Whether what is indented below a line is code: reStructuredText's `::`, alone or behind the name of a directive."""
    said = line.strip()
    if said.startswith(".. "):
        return "::" in said and not _TALKS.match(line)
    return said.endswith("::")


def _dedent(lines: Sequence[str], at: int, opening: str) -> int:
    """The line after the last that is indented as far as `opening`, blank ones between them included."""
    depth = len(opening) - len(opening.lstrip()) or 1
    end = at
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.strip():
            if len(line) - len(line.lstrip()) < depth:
                break
            end = at
    return end


def _goes_on(lines: Sequence[str], at: int, kind: str) -> bool:
    line = lines[at]
    if not line.strip():
        return (
            kind == "list"
            and at + 1 < len(lines)
            and bool(re.match(r"[ \t]{2,}\S", lines[at + 1]) or ITEM.match(lines[at + 1]))
        )
    if FENCE.match(line):
        return False
    if kind == "fixed":
        return bool(_FIXED.match(line) or _INDENTED.match(line))
    if kind == "list":
        return kind_of(lines, at) != "heading"
    return kind_of(lines, at) not in ("heading", "list") and not _BREAKS.match(line) and not PASSAGE.match(line)


def _closing(lines: Sequence[str], at: int, mark: str) -> int:
    end = at + 1
    while end < len(lines):
        fence = FENCE.match(lines[end])
        end += 1
        if fence and fence[1].startswith(mark):
            break
    return end
