"""What a log looks like: the heads of its lines, and how sure one can be.

Rules:
* A time at the start of a line (after a container's name, a bracket, a level) and words after it: surely a log line.
  Nothing else is; data with times in the first column is told by its separators.
* A level at the start (`INFO  x`, `[warn] x`) makes a log where most lines have one.
* What only repeats itself is a log if the command that printed it says so.
"""

from __future__ import annotations

import re
from collections import Counter

from headroom.compression.compressors.log_records import continues
from headroom.compression.compressors.log_templates import SLOT, mask
from headroom.compression.contract import Probe, mostly

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|ERR|FATAL|CRIT(?:ICAL)?|SEVERE|ALERT|EMERG|PANIC|VERBOSE|FINE|CONFIG)"
_BEFORE = (
    r"(?:[\w./-]{1,60}\s{0,30}\|\s{1,4}"  # docker compose: the container's name
    r"|[^\t\n]{1,80}\t[^\t\n]{1,80}\t\ufeff?"  # gh run view --log: job and step
    r"|\[[\w./-]{1,80}\] |[\w.-]{1,80}\.log[\w.:-]{0,40} |<\d{1,3}>(?:1 )?|\ufeff"
    r"|[A-Z]{4,8} {0,8}(?:[-|:] {0,8})?|[-A-Z_]{1,16} \d{10} |[A-Z], |\d{1,9}:[A-Z] )?"
)
_TIME = r"\d?\d:\d\d:\d\d"
_STAMPS = (
    r"[\[(\"]?\d{4}[-/.]\d\d?[-/.]\d\d?(?:[T _-]|, )\s?\d?\d:\d\d",
    rf"[\[(]?\d\d?[-/.]\d\d?[-/.]\d{{2,4}},? {_TIME}",
    rf"[\[(]?\d\d[-.]\d\d {_TIME}",
    rf"[\[(]?{_DAY}{_MONTH} {{1,2}}\d{{1,2}},? (?:\d{{4}},? )?{_TIME}",
    rf"[\[(]?{_DAY}\d{{1,2}}[ /-]{_MONTH}[ /-]\d{{2,4}}[ :T]{_TIME}",
    rf"[\w.:-]{{1,60}} \S{{1,60}} \S{{1,60}} \[\d\d/{_MONTH}/\d{{4}}[: ]{_TIME}",
    r"\d{6} \d{6} \d+ [A-Z]+ ",
    r"\d{8}-\d\d?:\d\d?:\d\d?",
    r"\d{4}\.\d\d\.\d\d ",
    r"[IWEFD]\d{4} \d\d:\d\d:\d\d\.\d+ ",
    r"\[ *\d{1,9}\.\d{2,9}s?\]",
    r"(?:time|ts|timestamp|t|at)=\"?[\dT:.Z+-]{8,40}\"? ",
    r"\d{10}(?:\.\d{1,9})?[ \t]",
)
HEAD = re.compile(rf"{_BEFORE}(?:{'|'.join(_STAMPS)})")
LINE = re.compile(rf"(?:{'|'.join(_STAMPS)}|{HEAD.pattern})(?=[^\n]{{0,200}}?[A-Za-z]{{3}})")
"""Surely a line of a log."""

_CLOCK = re.compile(
    rf"{_BEFORE}[\[(]?{_TIME}(?:[.,]\d{{1,9}})?[\])]?[ \t|:]+(?:AM |PM )?(?=[^\n]{{0,200}}?[A-Za-z]{{3}})"
)
_LEVELLED = re.compile(
    rf"{_BEFORE}(?:\[ ?{_LEVEL} ?\]|{_LEVEL}(?:[:|]|  ?(?=[\[\w(])| - )|\[(?i:{_LEVEL})\]|(?i:debug|info|warn|error):\s|[^\n]{{0,120}}level=(?<!\wlevel=)\"?[a-z]{{4,8}}\b)"
)
_EPOCH = re.compile(r"(?:[\w.:/-]{1,60} ){0,6}1[0-7]\d{8}(?:\.\d{1,6})? (?=[^\n]{0,200}?[A-Za-z]{3})")
_TAIL = re.compile(
    rf"[\d:.,TZ+\]) -]{{0,40}}(?:\[?{_LEVEL}\]?\b[: ]{{0,3}})?(?:[\w./-]{{1,60}} )?(?:[\w./()-]{{1,60}}\[\d+\]: ?)?"
)  # fraction and zone, level, host, program and process id
_PRINTS_LOGS = r"\.log\b|/var/log/|\b(?:journalctl|dmesg)\b|\b(?:docker|podman|kubectl|compose|pm2|heroku|fly)\b.*\blogs?\b|\bsyslog\b"
_HISTORY = r"\bgit\b.*\b(?:log|reflog|shortlog|blame|show|diff)\b"
_FEWEST = 5
_GLANCE = 24
"""Lines of which one must have a log's head: where three in ten have one, that fails twice in ten thousand times."""


_HEADED = re.compile(f"{LINE.pattern}|{_CLOCK.pattern}|{_LEVELLED.pattern}")
_SURELY = (
    (LINE, 0.6, 0.9),
    (LINE, 0.3, 0.7),
    (_CLOCK, 0.6, 0.75),
    (_LEVELLED, 0.6, 0.7),
    (_EPOCH, 0.6, 0.65),
    (_HEADED, 0.6, 0.65),
)
"""Heads, the share of lines that must have one, and how sure that is."""


def head(line: str) -> int:
    """Characters of a line's head: its time, level, host and process id, which vary without saying anything."""
    found = HEAD.match(line) or _CLOCK.match(line)
    tail = _TAIL.match(line, found.end()) if found else None
    return tail.end() if tail else 0


def score(probe: Probe) -> float:
    """How surely a text is a log."""
    goes_on = continues(probe.text)
    lines = [line[:400] for line in probe.lines if not goes_on(line)]
    if len(lines) < _FEWEST or probe.ran(_HISTORY):
        return 0.0
    hint = 0.05 if probe.ran(_PRINTS_LOGS) else 0.0
    few = lines[:: max(1, len(lines) // _GLANCE)]
    seen = any(pattern.match(line) for pattern in (LINE, _CLOCK, _LEVELLED, _EPOCH) for line in few)
    if (not seen and not hint) or _tabular(lines):
        return 0.0
    for pattern, least, sure in _SURELY if seen else ():
        if mostly(pattern, lines, least):
            return sure + hint
    return 0.5 + hint if hint and _repeats(lines) else 0.0


def most(probe: Probe) -> float:
    """What `score` gives at most."""
    return 0.95 if probe.ran(_PRINTS_LOGS) else 0.9


def _tabular(lines: list[str]) -> bool:
    """Whether most lines have the same separators after their first cell: data with times in it, not a log."""
    for separator in (",", ";", "\t"):
        numbers = [line.count(separator) for line in lines]
        if sum(map((2).__le__, numbers)) < 0.9 * len(lines):
            continue
        counts = Counter(numbers)
        usual = max(counts, key=lambda count: (counts[count], count))
        if usual >= 2 and counts[usual] >= 0.9 * len(lines):
            cells = [cell for line in lines[1:30] for cell in line.split(separator)]
            if sum(1 for cell in cells if len(cell.split()) > 3) < 0.1 * len(cells) and not sum(
                1 for line in lines if _LEVEL_WORD.search(line)
            ) > 0.6 * len(lines):
                return True
    return False


_LEVEL_WORD = re.compile(rf"(?i)(?<![\w]){_LEVEL}(?![\w])")


def _repeats(lines: list[str]) -> bool:
    """Whether most lines are of a kind that comes again, in words."""
    masked = mask([line.translate({48 + digit: "0" for digit in range(10)}) for line in lines])
    again = sum(1 for line in masked if masked.count(line) > 1)
    wordy = sum(1 for line in masked if len(line.replace(SLOT, " ").split()) >= 4)
    return again >= 0.5 * len(lines) and wordy >= 0.6 * len(lines)
