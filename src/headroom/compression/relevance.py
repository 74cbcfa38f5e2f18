"""What makes a unit worth keeping: rarity, anomaly, and relevance to the question. The only place that scores.

Severity words are not enough: the decisive line is often an INFO that was printed once. So *rare* comes first, *red*
second, *asked for* third.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, islice

RED = re.compile(
    r"(?i:(?<![\w-])(?:errors?|err|fatal|fail(?:ed|ure|ures|s|ing)?|exception|critical|panic(?:ked)?|abort(?:ed)?|alert|emerg(?:ency)?"
    r"|warn(?:ing|ings)?|denied|refused|unreachable|timed?[ -]?out|timeout|corrupt(?:ed)?|invalid|segfault|killed|oom|traceback"
    r"|cannot|could not|can't|unable to|not found|no such|rejected|unexpected|deadlock|crash(?:ed)?)(?![\w-]))"
    r"|(?:Error|Exception|Failure|Warning)\b|\bE\d{4}\b"
)
"""A line that reports trouble, in the words programs use for it."""
_RED_STEMS = (
    *("err", "fail", "fatal", "warn", "excep", "critical", "panic", "abort", "alert", "emerg", "denied", "refused"),
    *("unreach", "time", "corrupt", "invalid", "segf", "kill", "oom", "traceback", "cannot", "could not", "can't"),
    *("unable", "not found", "no such", "reject", "unexp", "deadlock", "crash"),
)
"""In lower case, one for each word of `RED`: to look for all of them takes a tenth of the time."""
_RED_CODE = re.compile(r"E\d{4}")

_WORD = re.compile(r"[^\W_]+(?:[-_./:@#+$%&=][^\W_]+)*")
_QUOTED = re.compile(r"[\"'`]([^\"'`\n]{2,120})[\"'`]")
_CAMEL = re.compile(r"[a-z][A-Z]")
_STOP_WORDS = """
a about above after all also an and any anything are as at be been but by can could describe did do does each
explain find first for from get give had has have here how i if in into is it its just know like list look
make may me more most my need no not now of off on one only open or our out over please point read say see
should show so some summarise summarize tell than that the their them then there these they this those to
unusual up use used was we went were what when where which who whose why will with would wrong you your
output response api table log file files test tests record cat bash command head tail grep run name
"""
_STOP = frozenset(_STOP_WORDS.split())


class Query:
    """What the agent is after: its tool call and the user's words before the result.

    Attributes:
        text: the words as given.
        terms: lower-case words that say something.
        keys: the specific ones (identifiers, paths, numbers, quoted strings), as written, longest first: worth an exact look-up.
    """

    def __init__(self, text: str = "") -> None:
        """Args: text: any words; an empty query matches nothing."""
        self.text = text[:8000]

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.terms)

    @cached_property
    def terms(self) -> frozenset[str]:
        """Lower-case words that say something."""
        return frozenset(
            word for word in map(str.lower, _WORD.findall(self.text)) if len(word) > 1 and word not in _STOP
        )

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Identifiers, paths, numbers and quoted strings, as written, longest first."""
        found = {match.strip() for match in _QUOTED.findall(self.text)}
        for word in _WORD.findall(self.text):
            specific = any(map(str.isdigit, word)) or any(sign in word for sign in "_./:@#-") or _CAMEL.search(word)
            if len(word) >= 3 and specific and word.lower() not in _STOP:
                found.add(word)
        found.update(
            word
            for word in self.text.split()
            if len(word) >= 8 and any(sign in word for sign in "/_={}") and not word.endswith("?")
        )
        found.update(word.rstrip(",.;:?!") for word in tuple(found))
        return tuple(sorted((word for word in found if len(word) >= 3), key=lambda word: (-len(word), word)))


def is_red(text: str) -> bool:
    """Whether a text reports trouble (`RED`)."""
    lowered = text.lower()
    if not any(stem in lowered for stem in _RED_STEMS) and not _RED_CODE.search(text):
        return False
    return RED.search(text) is not None


def hits(query: Query, texts: Sequence[str], most: int = 5) -> set[int]:
    """Indices of texts that hold one of the query's keys, for keys that are in at most `most` texts (a key in every text says nothing)."""
    found: set[int] = set()
    joined = "\n".join(texts) if query.keys else ""
    starts = _starts(texts)
    for key in query.keys[:64]:
        at = list(islice(_holding(key, joined, starts), most + 1))
        if len(at) <= most:
            found.update(at)
    return found


def _starts(texts: Sequence[str]) -> list[int]:
    """Where each text begins once they are joined by line feeds, and one past the end."""
    return list(accumulate((len(text) + 1 for text in texts), initial=0))


def _holding(word: str, joined: str, starts: Sequence[int]) -> Iterator[int]:
    """Indices of the texts that hold a word; searched at C speed, however many texts there are."""
    at = joined.find(word)
    while at >= 0:
        index = bisect_right(starts, at) - 1
        yield index
        at = joined.find(word, starts[index + 1])


def scores(query: Query, texts: Sequence[str]) -> list[float]:
    """How much each text answers the query, 0 or more: words in common, weighted by how few texts have them (BM25's idf), by text length."""
    if not query or not texts:
        return [0.0] * len(texts)
    lowered = list(map(str.lower, texts))
    joined, starts = "\n".join(lowered), _starts(lowered)
    likely = sorted({index for term in query.terms for index in _holding(term, joined, starts)})
    bags = {index: query.terms.intersection(map(str.lower, _WORD.findall(texts[index]))) for index in likely}
    seen = Counter(term for bag in bags.values() for term in bag)
    total = len(texts)
    weight = {term: math.log(1 + (total - number + 0.5) / (number + 0.5)) for term, number in seen.items()}
    made = [0.0] * total
    for index, bag in bags.items():
        made[index] = sum(sorted(weight[term] for term in bag)) / (1.0 + len(texts[index]) / 2000)
    return made


def rare(keys: Sequence[Hashable], most: int = 1) -> set[int]:
    """Indices of keys that occur at most `most` times."""
    number = Counter(keys)
    return {index for index, key in enumerate(keys) if number[key] <= most}


def outliers(numbers: Sequence[float], far: float = 6.0, first: int = 0) -> set[int]:
    """Indices of numbers far from the rest: over `far` median absolute deviations off the median (Iglewicz and Hoaglin 1993 take 3.5).

    Where over half of the numbers are one and the same, every other number that is itself rare is far. Only those from
    index `first` on are judged.
    """
    if len(numbers) < 8:
        return set()
    ordered = sorted(numbers)
    middle = ordered[len(ordered) // 2]
    deviations = sorted([abs(number - middle) for number in ordered])  # falls, then rises: sorted in one go
    spread = deviations[len(deviations) // 2] * 1.4826
    judged = enumerate(numbers[first:], first)
    if spread == 0:
        few = max(1, len(numbers) // 50)
        number_of = Counter(numbers)
        return {i for i, number in judged if number != middle and number_of[number] <= few}
    return {i for i, number in judged if abs(number - middle) > far * spread}


SAID_CHARS = 400_000
"""Of what stands above, the latest so many characters are looked at: 100,000 tokens, some 15 ms."""
FEW = 3
"""Of the words asked about, a text singles out up to so many, or an eighth: one that says most of them lists them."""
_NAME = re.compile(r"[^\W\d]\w+")


def named(words: Collection[str], texts: Sequence[str]) -> set[str]:
    """Which identifiers some texts single out.

    A text that says many of them (a listing of a file's functions, the file itself) says nothing about any. A plain word such
    as `open` counts only where it is written as code is: `open(`, `.open`, "`open`", `in open`.
    """
    found: set[str] = set()
    wanted, left = frozenset(words), SAID_CHARS
    for text in reversed(texts):
        there = wanted.intersection(_NAME.findall(text[-left:]))
        said = {word for word in there if not _is_plain(word) or _as_code(word).search(text)}
        if len(said) <= max(FEW, len(wanted) // 8):
            found |= said
        left -= len(text)
        if left <= 0:
            break
    return found


def _is_plain(word: str) -> bool:
    return word.isalpha() and (word.islower() or word.istitle())


@lru_cache(maxsize=512)
def _as_code(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b{word}(?:[(`<]|'|\")|(?:[`.#]|::|->|\b(?:in|def|func|fn|function) ){word}\b")


def places(name: str, texts: Sequence[str], most: int = 12) -> set[int]:
    """The line numbers of a file that some texts point at: `app.py:88`, `app.py", line 88`, hits below its path.

    A text that points at more than `most` lines says nothing about any.
    """
    found: set[int] = set()
    left = SAID_CHARS
    pointed = re.compile(rf"(?<![\w.-]){re.escape(name)}(?:\"?, line |[:(])(\d{{1,7}})\b")
    headed = re.compile(rf"(?<![^\s/]){re.escape(name)}\n((?:\d{{1,7}}[:-].*(?:\n|\Z))+)")
    for text in reversed(texts):
        if name in text:
            here = {int(number) for number in pointed.findall(text[-left:])}
            here |= {int(line) for hits in headed.findall(text[-left:]) for line in _HIT.findall(hits)}
            found |= here if len(here) <= most else set()
        left -= len(text)
        if left <= 0:
            break
    return found


_HIT = re.compile(r"^(\d+):", re.MULTILINE)
