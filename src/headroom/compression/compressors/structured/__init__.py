r"""SmartCrusher: JSON and its relatives, written short.

First without loss: compact, arrays of records as tables, repeated objects and long strings once, JSON strings opened.
Where that is still long, values that can be worked out from others are said once for all rows. Then, unless the level
is `lossless`, opaque strings are cut, long texts go to whoever knows their kind, and in very long arrays rows are left
out that nothing makes stand out. Records that the question names are spelled out whole.

Values, types, rows and their order are kept exactly, numbers as they are written. Not kept: white space between
tokens, escapes that need not be (`\u00e9` becomes the letter), the order of keys in records that differ in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from headroom.compression import markers
from headroom.compression.compressors.structured import again, embedded, pool, pruning, reading, rows
from headroom.compression.compressors.structured.pruning import Left
from headroom.compression.compressors.structured.reading import Document, Record, Value, Verbatim, quote, write
from headroom.compression.compressors.structured.selection import Selection
from headroom.compression.compressors.structured.writing import Writer
from headroom.compression.contract import Compressor, Context, Folded, Probe
from headroom.tokens import count

_WORDY = {"balanced": 20_000, "aggressive": 4_000, "lossless": 20_000}
"""Tokens up to which all values stay word for word, since an agent copies them."""
_LONG = {"balanced": 24_000, "aggressive": 6_000}
"""Tokens above which values and rows are left out: about what an agent's file viewer shows at once."""
_LONG_ASKED = 2_000
"""The same where the question names records: they are spelled out, and the others matter less."""
_OPAQUE_GAIN = 2_000
"""Characters of opaque strings that are worth a note about them."""
_TEXT = 400
"""Characters from which a string is long enough for a compressor of its own."""
_TEXTS = 64
"""Strings that are routed, the longest ones: each costs a look by every compressor."""
_FEW_TEXTS = 8
_LONGER_TEXT = 4_000
"""The same in a document that is too long to be shown whole: its other texts are cut."""
_LINES = 20
"""Strings in an array from which they are looked at as lines."""
_MOST = 16_000_000
"""Characters of a text that is still read as a whole: its values take about ten times the memory."""
_SURELY_LONG = 16
"""Characters of compact JSON a token of the limit: no lossless form of ordinary JSON is four times shorter, so none is tried."""
_WHOLE = 1_000_000
"""A budget that leaves nothing out."""
_SIZES = (400, 200, 100)

_LINE = re.compile(
    r'\s*(?:[{}\[\]][\]},\s]*$|"(?:[^"\\\n]|\\.)*"\s*:\s*\S|\{\s*".*\}\s*,?$|\[\s*[\[{"].*\]\s*,?$|\s(?:"(?:[^"\\\n]|\\.)*"|-?\d[\d.eE+-]*|true|false|null),?$)'
)


@dataclass(slots=True)
class _Draft:
    """A document on its way: what it is now, and what has been left out."""

    source: str
    document: Document
    value: Value
    context: Context
    asked: frozenset[str]
    left: Left
    longest: int = 0
    """Characters of its longest string, or more."""
    routed: bool = False
    """A text inside it was made shorter with loss."""
    _gathered: tuple[Value, pool.Pool] | None = None
    """What was gathered from the value as it was written last."""

    def text(self, *, hard: bool) -> str:
        """The document written short."""
        if self._gathered is None or self._gathered[0] is not self.value:
            self._gathered = self.value, pool.gather(self.value)
        writer = Writer(self._gathered[1], hard=hard)
        made = writer.lines(self.value) if self.document.lines else writer.document(self.value)
        return again.shorten(made) if self.longest >= again.LONG else made


def _score(probe: Probe) -> float:
    text = probe.text
    if not reading.begins(text) or len(text) > _MOST:
        return 0.0
    last = text[-200:].rstrip()[-1:]
    if last in ("]", "}"):
        return 0.95
    return 0.6 if text.lstrip()[:1] == "{" or probe.share(_LINE) > 0.5 else 0.55


def _compress(text: str, context: Context) -> Folded | None:
    document = reading.read(text) if len(text) <= _MOST else None
    if document is None:
        return None
    as_lines = _strings(document, context)
    if as_lines is not None:
        return as_lines
    value = embedded.open_strings(document.value) if '\\"' in text else document.value
    draft = _Draft(text, document, value, context, _asked(value, context), Left())
    made = _shortest(draft)
    if document.tail:
        made += f"\n{markers.note('the original is cut off here; it ends:')}\n{document.tail}"
    says = draft.left.says()
    if says:
        made += "\n" + markers.note(says, context.handle())
    return Folded(made, lossless=not says and not draft.routed)


def _strings(document: Document, context: Context) -> Folded | None:
    """An array of strings (paths, log lines) as whoever knows such lines writes them."""
    items = document.value
    if (
        type(items) is not list
        or len(items) < _LINES
        or document.tail
        or document.lines
        or not all(type(item) is str and "\n" not in item for item in items)
    ):
        return None
    folded = context.route("\n".join(items))
    return Folded(f"[{len(items)} strings, one a line:\n{folded.text}\n]", folded.lossless) if folded else None


def _asked(value: Value, context: Context) -> frozenset[str]:
    """The texts of records that the question names."""
    found: list[str] = []

    def visit(item: Value) -> None:
        if type(item) is list:
            records = [record.text for record in item if type(record) is Record]
            if len(records) > 2:
                found.extend(records[index] for index in rows.wanted(context.query, records))
            else:
                list(map(visit, item))
        elif type(item) is Record:
            list(map(visit, item.values()))
        elif type(item) is reading.Embedded:
            visit(item.value)

    if context.query:
        visit(value)
    return frozenset(found)


def _shortest(draft: _Draft) -> str:
    """Harder and harder, until it is short enough."""
    level = draft.context.level
    wordy = _LONG_ASKED if draft.asked else _WORDY[level]
    longest = draft.longest = max(map(len, draft.source.split('"')))
    if level != "lossless" and longest >= pruning.OPAQUE_LENGTH:
        _opaque(draft)
    size = len(write(draft.value))
    surely = size > _SURELY_LONG * wordy
    if longest >= _TEXT:
        _route(draft, *((_LONGER_TEXT, _FEW_TEXTS) if surely else (_TEXT, _TEXTS)))
    if not surely:
        made = draft.text(hard=False)
        if count(made) <= wordy:
            return made
    hard = draft.text(hard=True)
    if level == "lossless":
        return hard
    limit = _LONG_ASKED if draft.asked else _LONG[level]
    if draft.asked:
        return _fit(draft, hard, limit)
    return hard if count(hard) <= limit else _fit(draft, hard, limit)


def _fit(draft: _Draft, hard: str, limit: int) -> str:
    """With long values cut and rows left out."""
    tokens = count(hard)
    if tokens > limit:
        spare = len(hard) * limit // tokens
        long = pruning.lengths(draft.value) if draft.longest > pruning.SHORTEST_CUT else []
        cuts = (len(hard) - sum(size - cut for size in long if size * 2 >= cut * 3) for cut in _SIZES)
        size = next((cut for cut, left in zip(_SIZES, cuts, strict=True) if left <= spare), _SIZES[-1])
        draft.value = pruning.cut_long(draft.value, size, draft.asked, draft.left)
        if not draft.asked and draft.left.texts:
            hard = draft.text(hard=True)
            if count(hard) <= limit:
                return hard
    budget = limit * 6 // 10 if tokens > limit else _WHOLE  # what rows refer to, and headings, take the rest
    draft.value = Selection(draft.context.query, budget, draft.asked, draft.left).of(draft.value)
    return draft.text(hard=True)


def _opaque(draft: _Draft) -> None:
    left = Left()
    value = pruning.cut_opaque(draft.value, draft.asked, left)
    if len(write(draft.value)) - len(write(value)) >= _OPAQUE_GAIN:
        draft.value, draft.left.strings = value, left.strings


def _route(draft: _Draft, least: int, most: int) -> None:
    """Texts inside of at least so many characters, and at most so many of them, go to whoever knows their kind."""
    long: dict[str, Value] = {}

    def note(text: str) -> Value:
        if len(text) >= least:
            long.setdefault(text, text)
        return text

    pruning.Change(note).of(draft.value)
    for text in sorted(long, key=len, reverse=True)[:most]:
        folded = draft.context.route(text)
        if folded is not None:
            draft.routed = draft.routed or not folded.lossless
            long[text] = Verbatim(quote(folded.text))
    if any(type(value) is Verbatim for value in long.values()):
        draft.value = pruning.Change(lambda text: long.get(text, text), asked=draft.asked).of(draft.value)


COMPRESSOR = Compressor(
    name="structured",
    promise="JSON: each record's shape and types, rare values, outliers, words of trouble, records asked for; hashes and base64 aside, "
    "all values up to 24,000 tokens (2,000 where the question names records)",
    score=_score,
    compress=_compress,
    line=_LINE,
)
