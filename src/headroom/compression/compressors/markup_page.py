"""A parsed page as text, written in one walk without recursion: pages nest as deep as they like.

Headings become `## `, links `[text](address)`, list items `- ` and `1. `, tables rows of `| a | b |`, code stays as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_BLOCK = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "html",
        "legend",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "caption",
    ]
)
_ONE_LINE = frozenset(("dt", "dd", "tr", "option"))
"""Blocks that follow one another without a blank line."""
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_CODE = frozenset(("code", "kbd", "samp", "tt"))
_BUFFERED = frozenset(("a", "pre", "td", "th", *_CODE))
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
_SPACED = re.compile(r" *\n *")
_MANY_LINES = re.compile(r"\n{3,}")
_BULLET = re.compile(r"^((?:-|\d+\.) )\n+", re.MULTILINE)
_HELD = re.compile(r"\x00(\d+)\x00")
_NOWHERE = ("#", "javascript:", "data:", "about:")
_ARRANGES = "table, p + p, ul, ol, dl, h1, h2, h3, pre, div + div"
"""What cells hold in a table that only arranges a page."""
MAX_TABLES = 20
"""Tables inside tables, above which they surely arrange the page."""


class _Table:
    """A table being written: its rows as they fill up; `None` in one that only arranges the page."""

    def __init__(self, *, layout: bool) -> None:
        self.layout = layout
        self.row: list[str] = []


class Writer:
    """Writes the text below one element.

    Attributes:
        images: pictures without a description that were passed over.
    """

    def __init__(self) -> None:
        """Nothing written yet."""
        self.images = 0
        self._out: list[str] = []
        self._buffers: list[list[str]] = []
        self._held: list[str] = []
        self._tables: list[_Table] = []
        self._counters: list[int | None] = []
        self._pre = 0
        self._code = 0

    def write(self, root: LexborNode) -> str:
        """The text of everything below an element."""
        node = root.child
        while node is not None:
            self._enter(node)
            if node.child is not None:
                node = node.child
                continue
            self._leave(node)
            while node is not None and node.next is None:
                node = node.parent
                if node is None or node.mem_id == root.mem_id:
                    return self._tidy()
                self._leave(node)
            node = node.next if node is not None else None
        return self._tidy()

    def _enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "-text":
            content = (node.text_content or "").replace("\x00", "")
            self._out.append(content if self._pre else _BLANKS.sub(" ", content))
        elif tag in _BUFFERED:
            self._buffers.append(self._out)
            self._out = []
            self._pre += tag == "pre"
            self._code += tag in _CODE
        elif tag == "br":
            self._out.append("\n")
        elif tag == "img":
            said = _BLANKS.sub(" ", node.attributes.get("alt") or "").strip()
            self._out.append(f"[image: {said}]" if len(said) > 3 else "")
            self.images += len(said) <= 3
        elif tag in _HEADINGS:
            self._out.append(f"\n\n{_HEADINGS[tag]} ")
        elif tag == "li":
            self._out.append(f"\n{self._bullet(node)} ")
        elif tag in _BLOCK:
            self._out.append("\n")
            if tag in ("ul", "ol"):
                start = node.attributes.get("start") or "1"
                self._counters.append((int(start) if start.isdecimal() else 1) if tag == "ol" else None)
            elif tag == "table":
                self._tables.append(_Table(layout=self._arranges(node)))
            elif tag == "tr" and self._tables:
                self._tables[-1].row = []

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _BUFFERED:
            said, self._out = "".join(self._out), self._buffers.pop()
            if tag == "pre":
                self._pre -= 1
                self._hold(said)
            elif tag == "a":
                self._link(node, said)
            elif tag in _CODE:
                self._code -= 1
                self._out.append(said if self._pre or self._code or not said.strip() else f"`{said.strip()}`")
            else:
                self._cell(said)
        elif tag in _HEADINGS or tag == "p":
            self._out.append("\n")
        elif tag in _BLOCK:
            if tag in ("ul", "ol"):
                self._counters.pop()
            elif tag == "table":
                self._tables.pop()
            elif tag == "tr" and self._tables and not self._tables[-1].layout and self._tables[-1].row:
                self._out.append(f"| {' | '.join(self._tables[-1].row)} |")
                self._tables[-1].row = []
            self._out.append("" if tag in _ONE_LINE else "\n")

    def _bullet(self, node: LexborNode) -> str:
        if not self._counters or self._counters[-1] is None:
            return "-"
        value = node.attributes.get("value") or ""
        number = int(value) if value.isdecimal() else self._counters[-1]
        self._counters[-1] = number + 1
        return f"{number}."

    def _hold(self, code: str) -> None:
        """Put code aside, so that nobody tidies it."""
        if self._pre:
            self._out.append(code)
            return
        self._held.append(_HELD.sub(lambda match: self._held[int(match[1])], code).strip("\n"))
        self._out.append(f"\n\x00{len(self._held) - 1}\x00\n")

    def _cell(self, said: str) -> None:
        if not self._tables or self._tables[-1].layout or "\x00" in said:
            self._out.append(f"\n{said}\n")
        else:
            self._tables[-1].row.append(_BLANKS.sub(" ", said).strip().replace("|", "\\|"))

    def _link(self, node: LexborNode, said: str) -> None:
        address = (node.attributes.get("href") or "").strip()
        bare = said.strip()
        if self._pre or self._code or not address or address.startswith(_NOWHERE):
            self._out.append(said)
        elif not bare:
            self._out.append(f" <{address}> ")
        elif "\n" in bare or "\x00" in bare:
            self._out.append(f"{said.rstrip()} ({address})\n")
        else:
            self._out.append(said.replace(bare, f"[{bare}]({address})", 1))

    def _arranges(self, node: LexborNode) -> bool:
        """Whether a table only arranges the page: it holds other tables, paragraphs, lists, or a single column."""
        if len(self._tables) > MAX_TABLES or (node.attributes.get("role") in ("presentation", "none")):
            return True
        if any(cell.css_first(_ARRANGES) is not None for cell in node.css("td, th")):
            return True
        return node.css_first("td + td, th + th, td + th, th + td") is None

    def _tidy(self) -> str:
        text = _SPACED.sub("\n", "".join(self._out))
        text = _MANY_LINES.sub("\n\n", _BULLET.sub(r"\1", text)).strip()
        return _HELD.sub(lambda match: f"```\n{self._held[int(match[1])]}\n```", text)
