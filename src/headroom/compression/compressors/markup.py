"""HTML and XML: what a reader of the page would see, as text; tags, scripts, styles and page furniture go.

HTML becomes text with headings, links, lists, tables and code kept, in the page's order (`markup_page`). XML becomes an
outline (`markup_outline`). Both are lossy and say so in a last line.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

from headroom.compression import markers
from headroom.compression.compressors.markup_outline import outline
from headroom.compression.compressors.markup_page import Writer
from headroom.compression.contract import Compressor, Context, Folded, Probe

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_HTML = re.compile(
    r"\A\s*(?:<\?xml\b[^>]*\?>\s*)?(?:<!--(?:[^-]|-(?!->))*-->\s*){0,9}(?:<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>])",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"</?(?:div|p|span|a|li|ul|ol|td|tr|table|script|style|section|article|h[1-6]|br|img|meta|link)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
_XML = re.compile(
    r"\A\s*(?:<\?xml\b|<(?:rss|feed|svg|urlset|sitemapindex|testsuites?|project|\w+:Envelope|plist|manifest|configuration)[\s>])"
)
_HEADERS = re.compile(r"\A(?:HTTP/[\d.]+ \d{3}[^\n]*\n(?:[\w-]+:[^\n]*\n){0,80}\r?\n){1,5}")
"""What `curl -i` prints first; it stays."""
_GONE = (
    "script, style, noscript, template, svg, iframe, object, embed, link, meta, base, canvas, map, [hidden], [aria-hidden=true], input, select, textarea"
    ", datalist, dialog:not([open])"
)
_FURNITURE = "nav, footer, aside, form, [role=navigation], [role=banner], [role=contentinfo], [role=search], [role=complementary]"
_REMARKS = ("aside", "footer")
"""Furniture that is part of the text where it stands within it: a note in an article, who said a quotation."""
_MAIN = "main, [role=main], article"
_DATA = 'script[type="application/ld+json"], script[type="application/json"]'
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
MAX_CHARS = 8_000_000
"""Above this a document is not a page that anyone reads as one."""
MAX_STEPS = 250_000_000
"""The parser looks through all open elements at each tag, a nanosecond or two for each: elements nested more than some 15,000
deep would take it seconds."""
_NESTING = re.compile(
    r"<(/?)(?!(?:p|li|d[dt]|t[dhr]|tbody|thead|tfoot|option|br|hr|img|input|meta|link|wbr|source|area|col|base|embed|param|track)\b)[a-zA-Z]",
    re.IGNORECASE,
)
"""A tag that opens or closes a level: not of an element that is empty, or that the next one of its kind closes."""
MAIN_SHARE = 0.6
"""A `<main>` or `<article>` with this share of the page's words is the page; with less, the whole body is."""
MIN_FURNITURE_TEXT = 2500
"""Characters from which `aside`, `form` and the like hold too much to be furniture: some pages put everything in a form."""
MAX_LINKS = 0.5
"""The share of its words that are links, above which a remark is a menu."""
EMPTY_PAGE = 400
"""Characters of text under which a page is drawn by scripts: then the data they draw is what it says."""
LONG_BUTTON = 24
"""Characters from which a button says more than what it does: questions that open their answers are buttons."""


def score(probe: Probe) -> float:
    """A document type, or text that is mostly tags."""
    start = probe.text[:8000]
    if "<" not in start:
        return 0.0
    start = _HEADERS.sub("", start)
    if _HTML.match(start) or _XML.match(start):
        return 0.92
    if not start.lstrip().startswith("<"):
        return 0.0
    sample = probe.text[:20_000]
    tags = sum(len(match[0]) for match in _TAG.finditer(sample))
    return 0.75 if tags > 0.3 * len(sample) else 0.0


def compress(text: str, context: Context) -> Folded | None:
    """The document as text; nothing at the lossless level, since tags cannot be read back."""
    if context.level == "lossless" or len(text) > MAX_CHARS:
        return None
    headers = _HEADERS.match(text[:20_000])
    head, document = (headers[0], text[headers.end() :]) if headers else ("", text)
    if _XML.match(document[:4000]) and not _HTML.match(document[:4000]):
        written, left_out = outline(document), "XML as an outline; tags, comments and blanks left out"
    else:
        written, left_out = _page(document, context)
    if not written:
        return None
    return Folded(f"{head}{written}\n{markers.note(left_out, context.handle())}", lossless=False)


def _page(text: str, context: Context) -> tuple[str, str]:
    """The page as text, and what was left out of it."""
    if text.count("<") ** 2 > MAX_STEPS and _steps(text) > MAX_STEPS:
        return "", ""
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - 35 ms, and only pages need it

    tree = LexborHTMLParser(text.encode("utf-8", "replace").decode("utf-8"))
    title = tree.css_first("head title")
    said_title = _BLANKS.sub(" ", title.text()).strip() if title else ""
    data = [node.text() for node in tree.css(_DATA)]
    body = tree.body
    if body is None:
        return "", ""
    _remove_what_nobody_sees(body)
    total = _size(body)
    main = max(body.css(_MAIN), key=_size, default=None)
    left_out = ["tags, scripts and styles"]
    if main is not None and _size(main) >= MAIN_SHARE * total:
        if total - _size(main) > 0:
            left_out.append(f"{total - _size(main)} characters outside <{main.tag}>")
        body = main
    menus = _remove_furniture(body, total)
    writer = Writer()
    content = writer.write(body)
    if menus:
        left_out.append(f"{menus} menus and side blocks")
    if writer.images:
        left_out.append(f"{writer.images} images")
    if data and len(content) < EMPTY_PAGE:
        content = "\n\n".join([content, *(_data(one, context) for one in data)]).strip()
    elif data:
        left_out.append(f"{len(data)} blocks of script data")
    if said_title and said_title not in content[:500]:
        content = f"{said_title}\n\n{content}"
    return content.strip(), f"page as text; {', '.join(left_out)} left out"


def _steps(text: str) -> int:
    """How many elements are open, summed over all tags of a page."""
    return sum(accumulate(-1 if closes else 1 for closes in _NESTING.findall(text)))


def _remove_what_nobody_sees(body: LexborNode) -> None:
    """Take scripts, styles and hidden parts out, the innermost first: what stands in them goes with them."""
    for node in reversed(body.css(_GONE)):
        node.decompose()
    for node in reversed(body.css("button")):
        if _size(node) < LONG_BUTTON and (node.parent is None or (node.parent.tag or "")[:1] != "h"):
            node.decompose()


def _remove_furniture(body: LexborNode, total: int) -> int:
    """Take menus and side blocks out; how many they were."""
    removed = 0
    for node in reversed(body.css(_FURNITURE)):
        size = _size(node)
        if node.mem_id == body.mem_id or size >= min(MIN_FURNITURE_TEXT, 0.3 * total):
            continue
        if node.tag in _REMARKS and _is_remark(node, size):
            continue
        removed += 1
        node.decompose()
    return removed


def _is_remark(node: LexborNode, size: int) -> bool:
    """Whether a side block stands within the text and says more than links."""
    parent = node.parent
    while parent is not None and parent.tag not in ("main", "article", "blockquote", "figure"):
        parent = parent.parent
    return parent is not None and sum(map(_size, node.css("a"))) <= MAX_LINKS * size


def _data(text: str, context: Context) -> str:
    folded = context.route(text)
    return folded.text if folded else text.strip()


def _size(node: LexborNode) -> int:
    return len(_BLANKS.sub(" ", node.text(deep=True) or ""))


COMPRESSOR = Compressor(
    name="markup",
    promise="All text of the main content, headings, link addresses, tables and code; every element, attribute and text of XML.",
    score=score,
    compress=compress,
    data=False,
)
