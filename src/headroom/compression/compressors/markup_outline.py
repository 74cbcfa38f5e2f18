"""XML as an outline: one element a line, its attributes and text behind its name, children indented by one blank.

    testsuite name="shop" tests="3" failures="1"
     testcase name="test_pay"
      failure message="assert 1 == 2":
        def test_pay():
            assert 1 == 2

Text of several lines stands below its element, its own indentation kept.
"""

from __future__ import annotations

import re
from xml.parsers import expat

_MANY_LINES = re.compile(rb'="[^"<\n]*\n[^"<]*"')
"""An attribute of several lines, such as the message of a failed test."""
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
MAX_DEPTH = 200
"""Elements inside elements, above which indentation alone would be longer than the tags."""
MAX_REST = 0.2
"""The share of a document that may stand behind its last whole element: cut-off output ends like that."""


class _TooDeepError(Exception):
    """An outline of this would be longer than the document."""


class _Outline:
    """Handlers for expat that write the outline."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0
        self.text: list[str] = []
        self.open = False

    def start(self, name: str, attributes: list[str]) -> None:
        self.flush()
        pairs = zip(attributes[::2], attributes[1::2], strict=True)
        written = "".join(f' {key}="{_quoted(value)}"' for key, value in pairs)
        self.lines.append(f"{' ' * self.depth}{name}{written}")
        self.depth += 1
        self.open = True
        if self.depth > MAX_DEPTH:
            raise _TooDeepError

    def end(self, name: str) -> None:
        del name
        self.flush()
        self.depth -= 1
        self.open = False

    def data(self, data: str) -> None:
        self.text.append(data)

    def flush(self) -> None:
        said = "".join(self.text)
        self.text.clear()
        if not said.strip():
            return
        indent = " " * self.depth
        if "\n" not in said.strip():
            said = said.strip()
            if self.open:
                self.lines[-1] += f": {said}"
            else:
                self.lines.append(indent + said)
            return
        if self.open:
            self.lines[-1] += ":"
        self.lines += [f"{indent} {line.rstrip()}".rstrip() for line in said.strip("\r\n").split("\n")]


def _quoted(value: str) -> str:
    return value.replace('"', "&quot;")


def outline(text: str) -> str | None:
    """The document as an outline; `None` where it is no XML, or holds entities, which may stand for gigabytes."""
    if _ENTITY.search(text):
        return None
    handlers = _Outline()
    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = handlers.start
    parser.EndElementHandler = handlers.end
    parser.CharacterDataHandler = handlers.data
    body = (
        re.sub(r"\A<\?xml[^>]*\?>", "", text.strip()).strip().encode("utf-8", "replace")
    )  # we encode it anew, whatever it says
    body = _MANY_LINES.sub(lambda value: value[0].replace(b"\n", b"&#10;"), body)  # a parser makes them blanks
    rest = b""
    try:
        parser.Parse(body, True)
    except _TooDeepError:
        return None
    except expat.ExpatError:
        rest = body[parser.ErrorByteIndex :]
        if not handlers.lines or len(rest) > MAX_REST * len(body):
            return None
        handlers.flush()
        if not rest.strip():
            rest = b"(the document ends here, cut off)"
    return "\n".join([*handlers.lines, *([rest.decode("utf-8", "replace")] if rest else [])])
