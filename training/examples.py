"""Examples for Kompress: texts cut into units, a question (or none), and which units are needed.

    prose-train.jsonl.gz    sentences of passages, with questions and the sentences that answer them
    sessions-dev.jsonl.gz   sessions of coding agents: nobody labelled them, they label themselves

A line of a tool's result is needed if it is the first of the conversation to show an identifier or number that a later
turn of the agent uses. The question is the tool call and what the user said before.

Held out: of each prose source the last eighth in the file's order (a story's or an article's passages stand together),
of the sessions two whole projects. The twentieth before the last eighth, and a sixteenth of the other projects' sessions,
choose thresholds.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headroom.kompress.features import literals

TEST_PROJECTS = frozenset({"astropy", "sympy"})
"""Held out: the first and the last by name."""
FRAME = re.compile(r"</?(?:returncode|output|output_head|output_tail|warning|elided_chars)>")
LINES = "agents' tool output"


@dataclass(slots=True)
class Example:
    """A text and what is needed of it."""

    source: str
    part: str
    """`train`, `choose` or `test`."""
    units: list[str]
    questions: list[tuple[str | None, frozenset[int]]]
    """Each question with the indices of the units that answer it; `None`: what matters without one."""
    answers: list[list[str]] = field(default_factory=list)
    kind: str = ""
    """Of tool output: the program that printed it."""
    known: frozenset[str] = frozenset()
    """Literals of it that the conversation had shown before."""


def prose(folder: Path) -> list[Example]:
    """Every passage."""
    with gzip.open(folder / "prose-train.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    number: dict[str, int] = {}
    for row in rows:
        number[row["source"]] = number.get(row["source"], 0) + 1
    seen: dict[str, int] = {}
    made = []
    for row in rows:
        source = row["source"]
        place = seen[source] = seen.get(source, -1) + 1
        share = place / number[source]
        part = "test" if share >= 7 / 8 else "choose" if share >= 7 / 8 - 1 / 20 else "train"
        questions = [(one["question"], frozenset(one["keep"])) for one in row["questions"]]
        made.append(Example(source, part, row["sentences"], questions, [one["answers"] for one in row["questions"]]))
    return made


def sessions(folder: Path) -> Iterator[Example]:
    """Every result of a tool that has lines enough to choose from."""
    with gzip.open(folder / "sessions-dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            session = json.loads(line)
            project = session["id"].split("__")[0]
            chosen = zlib.crc32(session["id"].encode()) % 16 == 0
            part = "test" if project in TEST_PROJECTS else "choose" if chosen else "train"
            yield from _results(session, part)


def _results(session: dict[str, Any], part: str) -> list[Example]:
    known = literals(str(session.get("system")))
    origin: dict[str, tuple[int, int]] = {}
    found: list[tuple[str, str, list[str], frozenset[str]]] = []
    needed: list[set[int]] = []
    said = command = ""
    for message in session["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for block in blocks:
            if block["type"] == "tool_result":
                text = block["content"]
                units = (text if isinstance(text, str) else "\n".join(b.get("text", "") for b in text)).split("\n")
                here = [literals(unit) for unit in units]
                found.append((said, command, units, frozenset(known & set().union(*here))))
                needed.append(set())
                for at, shown in enumerate(here):
                    for literal in shown - known:
                        origin[literal] = (len(found) - 1, at)
                        known.add(literal)
                continue
            text = block["text"] if block["type"] == "text" else json.dumps(block["input"], ensure_ascii=False)
            if block["type"] == "tool_use":
                command = str(block["input"].get("command", ""))
            used = literals(text)
            if message["role"] == "assistant":
                for literal in used & origin.keys():
                    result, at = origin.pop(literal)
                    needed[result].add(at)
            else:
                said = text
            known |= used
    return [
        Example(LINES, part, units, [(f"{command}\n{said}", frozenset(keep))], kind=program(command), known=known)
        for (said, command, units, known), keep in zip(found, needed, strict=True)
        if sum(1 for unit in units if not FRAME.match(unit)) >= 6
    ]


def program(command: str) -> str:
    """The program whose output an agent reads: the last of a chain, before its pipe."""
    last = re.split(r"&&|;|\n", command.strip())[-1].strip() or command.strip()
    words = last.split("|")[0].split()
    return words[0].rsplit("/", 1)[-1] if words else ""


def examples(folder: Path) -> list[Example]:
    """All there are."""
    return prose(folder) + list(sessions(folder))


def distracted(example: Example, others: list[Example], chance: random.Random) -> tuple[list[str], list[int], int]:
    """A passage among passages of other texts, as retrieval returns them: units, their passages, and where its own begin."""
    around = [chance.choice(others) for _ in range(chance.randint(1, 4))]
    at = chance.randint(0, len(around))
    passages = [*around[:at], example, *around[at:]]
    units: list[str] = []
    groups: list[int] = []
    start = 0
    for number, passage in enumerate(passages):
        if number == at:
            start = len(units)
        units += passage.units
        groups += [number] * len(passage.units)
    return units, groups, start
