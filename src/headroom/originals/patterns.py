"""Regular expressions from outside, kept from hanging: what a model asks for is searched in text that anyone wrote.

* A repeated group that can match one text in several ways (`(a+)+`, `(a|b)*`) takes exponential time: refused.
* Other repeats take a power of the length: a long line is tried in pieces that overlap.
* A search that takes too long all the same is refused, never answered in part.
"""

from __future__ import annotations

import re
import time

from headroom.errors import SliceError

WINDOW = 20_000
"""Characters tried at once when a pattern repeats; `a.*x` on a line of `a` takes the square of it, 0.2 s."""
_SECONDS = 5.0
"""For one search over a whole text; looked at between lines, so a single line may take longer."""
_MANY = 10
"""A count from which a repeat is as bad as an unbounded one."""
_LONGEST = 1_000
"""Characters of a pattern."""

_IDLE = re.compile(r"\A(?:\.\*\??)+(?![*+?{])|(?<!\\)(?:\.\*\??)+\Z")
"""`.*` at either end: says nothing about whether a pattern is found, and costs the square of the line."""
_TOKEN = re.compile(
    r"\\. | \[\^?\]?(?:\\.|[^\]\\])*\] | \(\?\#[^)]*\) | \(\?[aiLmsux]+\)"  # single characters, remarks, flags
    r"| (?P<open>\((?:\?[^()|*+{\[\\]*?[:=!>])?) | (?P<close>\)) | (?P<or>\|)"
    r"| (?P<repeat>[*+?]|\{(?P<least>[0-9]*)(?P<to>,?)(?P<most>[0-9]*)\})[?+]?",
    re.VERBOSE | re.DOTALL,
)


class Pattern:
    """A regular expression and the time left to search for it.

    Raises:
        SliceError: it is not one, or could take for ever.
    """

    def __init__(self, expression: str) -> None:
        """Compile and check `expression`; the time starts."""
        if not isinstance(expression, str) or len(expression) > _LONGEST:
            raise SliceError(f"a pattern must be a string of at most {_LONGEST} characters")
        try:
            re.compile(expression)
            self._compiled = re.compile(_IDLE.sub("", expression))
        except (re.error, OverflowError, RecursionError) as error:
            raise SliceError(
                f"{expression!r} is not a regular expression ({error}): to find it as it stands, escape it with \\"
            ) from error
        self._repeats = _repeats(self._compiled.pattern)
        self._deadline = time.monotonic() + _SECONDS

    def found(self, text: str) -> bool:
        """Whether the pattern is found in a line or a record, its line end aside.

        Raises:
            SliceError: the time is up.
        """
        end = len(text)
        while end and text[end - 1] in "\r\n":
            end -= 1
        step = WINDOW // 2 if self._repeats else max(end, 1)
        for start in range(0, max(end - step, 1), step):
            if time.monotonic() > self._deadline:
                raise SliceError(
                    f"the search took more than {_SECONDS:g} seconds: simplify the pattern, or narrow it down with lines="
                )
            if self._compiled.search(text, start, min(end, start + 2 * step)):
                return True
        return False


def _repeats(expression: str) -> bool:
    """Whether the pattern has an unbounded repeat, or one as bad.

    Raises:
        SliceError: one repeats a group that can match the same text in several ways.
    """
    several = [False]  # whether the group being read, and each around it, has a choice in it
    after: tuple[int, bool] = (-1, False)  # where the group read last ends, and whether it has a choice
    found = False
    for token in _TOKEN.finditer(expression):
        if token["open"]:
            several.append(False)
        elif token["close"] and len(several) > 1:
            after = (token.end(), several.pop())
            several[-1] |= after[1]
        elif token["or"]:
            several[-1] = True
        elif token["repeat"]:
            fixed = token["least"] and (not token["to"] or token["least"] == token["most"])
            many = (
                token["repeat"] in "*+"
                or (token["to"] and not token["most"])
                or int(token["most"] or token["least"] or 0) >= _MANY
            )
            if many and after == (token.start(), True):
                raise SliceError(
                    f"{expression!r} could take for ever: it repeats a group that has a repeat, a ? or a | inside."
                    " Write it without the outer repeat, or with a set: [\\w.]+ for (\\w+\\.)+"
                )
            several[-1] |= not fixed
            found |= bool(many)
    return found
