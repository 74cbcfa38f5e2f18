"""Logs: each kind of entry once, as printed, with how often and where it came; what is rare or red stays verbatim.

Rules:
* A kind is shown by its first entry, verbatim. So are entries that came once, entries whose values are rare or far off
  within their kind, what the query names, and the last lines of the log.
* Kinds that differ in a word are different kinds. Only where showing each once would not fit the budget, kinds that
  differ in one or two words share an example, and the words are listed.
* Where even that does not fit, what has the most words of its own goes first, and the rest is counted.
* A stack trace is shown whole, once.
* At level `lossless` only runs of identical lines are folded.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby, islice

from headroom.compression import markers
from headroom.compression.compressors import log_looks
from headroom.compression.compressors.log_records import Entries
from headroom.compression.compressors.log_templates import SLOT, Family, families, mine
from headroom.compression.compressors.log_values import LEAST, look
from headroom.compression.contract import Compressor, Context, Folded
from headroom.compression.relevance import hits
from headroom.tokens import count

_FEWEST_LINES = 10
"""A shorter log is read at a glance."""
_WORTH = 0.75
"""A result longer than this share of the log, in tokens, is not worth its changed looks."""
_LAST_LINES = 2
"""How a run ended: a summary and an exit line."""
_HITS = 12
"""Entries that a query may name; more would be the log again."""
_LEAST_ALIKE = {"balanced": 4, "aggressive": 3}
"""Kinds that a family needs: with fewer, the lines themselves read better than one line and a list."""
_PREFIX_TOKENS = (3, 7)
"""What `812: ` costs, and `12-340 x87: `."""
_LONG = 4_000
"""Characters: a line of a thousand tokens is a dump."""
_SHOWN_OF_LONG = 1_500
"""Characters shown of a line longer than `_LONG`, of which a third from its end."""
_LONG_TRACE = 120
"""Lines: a longer stack is a recursion, or no stack."""
_SHOWN_OF_TRACE = 60
"""Lines shown of an entry longer than `_LONG_TRACE`, of which a quarter from its end."""
_TRACE_LINES = 3
"""Lines under an entry from which on a trace that was shown before is only named."""
_WORDS_LISTED = 12
"""Words named of a family that differs in more than fit `_WORD_TOKENS`."""
_WORDS_COUNTED = 200
"""Words looked at: more never fit."""
_WORD_TOKENS = 400
"""Tokens for one family's words: a tenth of a short log's budget."""
_AGAIN = re.compile(r"(?m)^\[line above repeated ")
_CLOCK = re.compile(r"\d\d:\d\d:\d\d")


@dataclass(slots=True)
class _Plan:
    """What to show."""

    entries: Entries
    level: str
    budget: int
    extra: int
    """Tokens for second examples and notes."""
    shown: dict[int, int] = field(default_factory=dict)
    """Entry to the kind it stands for; -1: for itself only."""
    hosts: dict[int, int] = field(default_factory=dict)
    """Kinds counted under another kind that is like them."""
    words: dict[int, list[str]] = field(default_factory=dict)
    """By hosting kind: the words in which those under it differ."""
    dropped: list[int] = field(default_factory=list)
    """Kinds of which nothing is shown."""
    notes: dict[int, str] = field(default_factory=dict)


def budget(tokens: int, level: str) -> int:
    """Tokens that examples may take of a log.

    Two fifths of a short log: those that need as much have as many kinds of lines. Then 6 % more, up to what an agent
    reads in one go.
    """
    allowed = min(max(300, tokens * 2 // 5), 4_000 + tokens * 6 // 100, 16_000)
    return allowed // 2 if level == "aggressive" else allowed


def compress(text: str, context: Context) -> Folded | None:
    """Each kind of entry once; `None` for a short log or one in which nothing comes again."""
    if text.count("\n") + 1 < _FEWEST_LINES:
        return None
    if context.level == "lossless":
        return _runs(text)
    entries = Entries(mine(text))
    alone = sum(1 for kind in entries.kinds if kind.count == 1)
    tokens = count(text)
    if not entries.kinds or (alone > 0.8 * len(entries) and tokens < 8_000):
        return None
    plan = _Plan(entries, context.level, budget(tokens, context.level), max(100, min(2_000, tokens // 100)))
    _choose(plan)
    _ends_and_hits(plan, context)
    _inside(plan)
    result = _render(plan, context)
    return Folded(result, lossless=False) if count(result) <= _WORTH * tokens else None


def _runs(text: str) -> Folded | None:
    """Runs of identical lines folded; `None` where there is none, or where a line looks like our remark."""
    if _AGAIN.search(text):
        return None
    out: list[str] = []
    for line, run in groupby(text.split("\n")):
        number = sum(1 for _ in run)
        folds = number > 2 and len(line) * (number - 1) > 60
        out += [line, markers.note(f"line above repeated {number - 1} times")] if folds else [line] * number
    folded = "\n".join(out)
    return Folded(folded, lossless=True) if len(folded) < len(text) else None


def _cost(plan: _Plan, kind: int) -> int:
    found = plan.entries.kinds[kind]
    return count(_cut(plan, found.first)[0]) + _PREFIX_TOKENS[found.count > 1]


def _choose(plan: _Plan) -> None:
    """Which kinds to show, and under which the others are counted."""
    kinds = plan.entries.kinds
    costs = [_cost(plan, kind) for kind in range(len(kinds))]
    left = plan.budget - sum(costs)
    visible = set(range(len(kinds)))
    if left < 0:
        names = [plan.entries.mined.names[kind.line] for kind in kinds]
        groups = families(names, visible, _LEAST_ALIKE[plan.level])
        worth = _worth(plan, names)
        visible = _fit(plan, costs, groups, worth)
    for kind in visible:
        plan.shown[kinds[kind].first] = kind


def _worth(plan: _Plan, names: list[str]) -> list[float]:
    """Of each kind, how much it says that others do not: red, seldom, in words of its own."""
    bags = [set(name.split()) for name in names]
    number = Counter(word for bag in bags for word in bag)
    made = []
    for kind, bag in zip(plan.entries.kinds, bags, strict=True):
        own = sum(1 for word in bag if number[word] <= 2)
        made.append(2.0 * kind.red + min(own, 6) / 2 + (1.0 if kind.count <= 2 else 0.0))
    return made


def _fit(plan: _Plan, costs: list[int], groups: list[Family], worth: list[float]) -> set[int]:
    """The kinds to show within the budget: one of each family and all without family, best first; then the rest."""
    kinds = plan.entries.kinds
    hosts = {kind: family.members[0] for family in groups for kind in family.members[1:]}
    visible: set[int] = set()

    def fill(candidates: Iterable[int], left: int) -> int:
        for kind in sorted(candidates, key=lambda kind: (-worth[kind] - (kinds[kind].count > 8), kind)):
            if costs[kind] <= left:
                left -= costs[kind]
                visible.add(kind)
        return left

    left = fill((kind for kind in range(len(kinds)) if kind not in hosts), plan.budget)
    left = fill((kind for kind in hosts if kinds[kind].red), left)
    # Words that name a user or a package are listed; only where there is much room do their lines stand there too.
    fill((kind for kind in hosts if not kinds[kind].red), left - plan.budget // 2)
    plan.hosts = {kind: host for kind, host in hosts.items() if kind not in visible and host in visible}
    plan.dropped = [kind for kind in range(len(kinds)) if kind not in visible and kind not in plan.hosts]
    for family in groups:
        hidden = [kind for kind in family.members if kind in plan.hosts]
        if hidden:
            plan.words[family.members[0]] = _words(plan, family, hidden)
    return visible


def _words(plan: _Plan, family: Family, hidden: list[int]) -> list[str]:
    """The words in which hidden kinds differ, as printed; all of them where they are few."""
    entries = plan.entries
    found: dict[str, None] = {}
    for kind in hidden:
        masked = entries.mined.names[entries.kinds[kind].line].split()
        printed = entries.text(entries.kinds[kind].first).split("\n", 1)[0].split()
        split = printed if len(printed) == len(masked) else [word.replace(SLOT, "*") for word in masked]
        found[" ".join(split[at] for at in family.differ)] = None
        if len(found) > _WORDS_COUNTED:
            break
    words = list(found)
    return words if count(", ".join(words)) <= min(plan.budget // 8, _WORD_TOKENS) else words[:_WORDS_LISTED]


def _ends_and_hits(plan: _Plan, context: Context) -> None:
    """The last lines of the log, and the lines that the query names."""
    entries = plan.entries
    wanted = list(range(max(0, len(entries) - _LAST_LINES), len(entries)))
    text, starts = entries.mined.text, entries.mined.starts
    found: set[int] = set()
    for key in context.query.keys[:64]:
        word = re.escape(key)  # first in the pattern: a literal start is searched for at C speed
        places = islice(re.finditer(rf"{word}(?<![A-Za-z0-9]{word})(?![A-Za-z0-9])", text), 100)
        found.update(bisect_right(starts, place.start()) - 1 for place in places)
    lines = sorted(found)
    named = hits(context.query, [entries.mined.lines(line, line + 1) for line in lines])
    wanted += [bisect_right(entries.bounds, lines[at]) - 1 for at in sorted(named)][:_HITS]
    for entry in wanted:
        if entries.kind_of[entry] >= 0:
            plan.shown.setdefault(entry, -1)


def _inside(plan: _Plan) -> None:
    """Rare and far values within kinds, the last entry of red kinds, and what else varies, while the extra tokens last."""
    entries, kinds, members = plan.entries, plan.entries.kinds, plan.entries.members()
    notes: list[tuple[int, str]] = []
    for number, kind in enumerate(kinds):
        if kind.count >= LEAST:
            found = look(
                partial(_first_lines, entries, members[number]),
                kind.count,
                log_looks.head(entries.text(kind.first)[:400]),
            )
            for at in found.picked:
                _extra(plan, members[number][at])
            if found.says:
                notes.append((number, found.says))
    for number, says in sorted(notes, key=lambda note: -kinds[note[0]].count):
        price = count(says) + 2
        if price <= plan.extra and number not in plan.hosts and number not in plan.dropped:
            plan.extra -= price
            plan.notes[number] = says
    for kind in kinds:
        if kind.red and kind.count > 2:
            _extra(plan, kind.last)


def _first_lines(entries: Entries, members: Sequence[int], start: int, end: int) -> list[str]:
    text, starts = entries.mined.text, entries.mined.starts
    firsts = map(entries.bounds.__getitem__, members[start:end])
    return [text[starts[first] : starts[first + 1] - 1] for first in firsts]


def _extra(plan: _Plan, entry: int) -> None:
    price = count(_cut(plan, entry)[0]) + 4
    if price <= plan.extra and entry not in plan.shown:
        plan.extra -= price
        plan.shown[entry] = -1


def _cut(plan: _Plan, entry: int, first_line: int = 1) -> tuple[str, int]:
    """An entry without the middle of a very long line or trace; and how many of its lines that shows, at least in part."""
    text = plan.entries.text(entry)
    lines = text.split("\n")
    if len(lines) > _LONG_TRACE:
        head, tail = lines[: _SHOWN_OF_TRACE * 3 // 4], lines[-(_SHOWN_OF_TRACE // 4) :]
        hidden = plan.entries.span(entry)[0] + len(head) + first_line
        gap = markers.omitted(
            hidden, hidden + len(lines) - _SHOWN_OF_TRACE - 1, f"{len(lines) - _SHOWN_OF_TRACE} lines of this entry"
        )
        return "\n".join([*map(_shorter, head), gap, *map(_shorter, tail)]), _SHOWN_OF_TRACE
    return "\n".join(map(_shorter, lines)), len(lines)


def _shorter(line: str) -> str:
    if len(line) <= _LONG:
        return line
    tail = _SHOWN_OF_LONG // 3
    gap = markers.note(f"{len(line) - _SHOWN_OF_LONG:,} characters left out here")
    return f"{line[: _SHOWN_OF_LONG - tail]}{gap}{line[-tail:]}"


def _render(plan: _Plan, context: Context) -> str:
    """The text: a remark, the entries in order, and what was left out."""
    entries, kinds = plan.entries, plan.entries.kinds
    total = len(entries.mined.kinds)
    under: dict[int, list[int]] = {}
    for kind, host in plan.hosts.items():
        under.setdefault(host, []).append(kind)
    out = [
        markers.note(
            f"log of {total:,} lines, {len(kinds):,} kinds; each kind once: lines, times, first entry"
            if len(kinds) > 1
            else f"log of {total:,} lines of one kind: lines, times, first entry"
        )
    ]
    bodies: dict[bytes, int] = {}
    shown = 0
    for entry in sorted(plan.shown):
        kind = plan.shown[entry]
        body, lines = _body(plan, entry, bodies, context.first_line)
        shown += lines
        out.append(f"{_where(plan, entry, kind, under.get(kind, []), context.first_line)}: {body}")
    says = f"{total - shown:,} of {total:,} lines left out: like those above"
    alone = Counter(entries.kind_of[entry] for entry in plan.shown)  # an end or a hit of a kind that is not shown
    dropped = [kind for kind in plan.dropped if kinds[kind].count > alone[kind]]
    if dropped:
        lost = sum(kinds[kind].count - alone[kind] for kind in dropped)
        red = sum(1 for kind in dropped if kinds[kind].red)
        says += f", and {lost:,} entries of {len(dropped):,} other kinds ({red:,} with errors or warnings)"
    return "\n".join([*out, markers.note(says, context.handle())])


def _where(plan: _Plan, entry: int, kind: int, under: list[int], first_line: int) -> str:
    """`812`, or `12-340 x87 (port 1024 to 65000)`."""
    entries = plan.entries
    first, last = entries.span(entry)
    same = [entries.kinds[kind], *(entries.kinds[other] for other in under)] if kind >= 0 else []
    times = sum(kind.count for kind in same)
    if times <= 1:
        return markers.span(first + first_line, last + first_line)
    end = max(kind.last for kind in same)
    if times == 2 and not under:
        return f"{first + first_line}, {entries.span(end)[0] + first_line}"
    notes = []
    if entries.kinds[kind].red and times > 4 and end not in plan.shown:
        clock = _CLOCK.search(entries.text(end)[:80])
        notes += [f"until {clock.group()}"] if clock else []
    notes += [plan.notes[kind]] if kind in plan.notes else []
    if under:
        words = plan.words.get(kind, [])
        more = len(under) - len(words)
        notes.append(
            f"{len(under)} more kinds differ in: {', '.join(words)}{f' and {more} others' if more > 0 else ''}"
        )
    remark = f" ({'; '.join(notes)})" if notes else ""
    return f"{markers.span(first + first_line, entries.span(end)[1] + first_line)} x{times}{remark}"


def _body(plan: _Plan, entry: int, bodies: dict[bytes, int], first_line: int) -> tuple[str, int]:
    """An entry as printed, its stack trace only where the same was not shown before; and how many lines that shows."""
    entries = plan.entries
    first, last = entries.span(entry)
    if last - first < _TRACE_LINES:
        return _cut(plan, entry, first_line)
    trace = entries.mined.kinds[first + 1 : last + 1].tobytes()
    seen = bodies.setdefault(trace, first)
    if seen == first:
        return _cut(plan, entry, first_line)
    same = markers.note(f"{last - first} more lines, as under line {seen + first_line}")
    return f"{entries.mined.lines(first, first + 1)}\n{same}", 1


COMPRESSOR = Compressor(
    name="logs",
    promise="every kind of line once as printed with its count, what came once, rare values, red lines, stack traces, the last lines",
    score=log_looks.score,
    compress=compress,
    line=log_looks.LINE,
    most=log_looks.most,
)
