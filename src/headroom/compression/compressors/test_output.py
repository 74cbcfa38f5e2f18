"""What test, build and lint tools print: red whole, green counted, one message at many places once with every place.

Rules:
* A failing test keeps its heading, text, assertion, differences and frames as printed. The same text again becomes a list of the headings
  it stood under.
* A problem keeps its lines as printed. One message at three places or more is printed once, with every other place under
  its own file.
* Passed tests and steps that went well are hidden and counted. Closing lines, counts and exit lines stay as printed, and
  so does every line that no rule knows.
* Level `lossless` hides nothing: it only lists what repeats word for word.
"""

from __future__ import annotations

from headroom.compression.compressors.reports import candidates, failures, green, looks, places, problems
from headroom.compression.compressors.reports.sheet import Sheet
from headroom.compression.contract import Compressor, Context, Folded, Probe

SURELY = 0.8
"""A score that only the forms of reports reach."""


def compress(text: str, context: Context) -> Folded | None:
    """The output with what repeats listed once, and what went well counted."""
    if problems.NOTE.search(text):
        return None
    lossless = context.level == "lossless"
    sheet = Sheet(text)
    failures.fold(sheet, context)
    found = places.problems(sheet)
    if not lossless:
        candidates.hide(sheet, found)
    problems.fold(sheet, found, lossless=lossless)
    if not lossless:
        green.hide(sheet, context.query)
    return sheet.result(context) or _left_alone(text, context)


def _left_alone(text: str, context: Context) -> Folded | None:
    """A report that is surely ours stays as it is: a log compressor must not thin out its red lines."""
    return Folded(text, lossless=True) if looks.score(Probe(text, context.command)) >= SURELY else None


COMPRESSOR = Compressor(
    name="test_output",
    promise="Every failing test with its text, every problem with its message and place, every count and closing line.",
    score=looks.score,
    compress=compress,
    line=looks.LINE,
    most=looks.most,
)
