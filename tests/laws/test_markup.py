"""HTML and XML: every visible word of the main content, every heading, link address, table cell and line of code stays.

The oracle reads the page with the standard library's parser, not with the compressor's.
"""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payloads import SEEDS

from headroom import Settings, compress_text, retrieve
from headroom.compression import markers
from headroom.compression.compressors.markup import COMPRESSOR
from headroom.compression.contract import Probe
from headroom.originals.store import MemoryStore

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
UNSEEN = {
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "iframe",
    "object",
    "canvas",
    "map",
    "select",
    "textarea",
    "head",
    "button",
    "title",
}
FURNITURE = {"nav", "footer", "aside", "form"}


class Seen(HTMLParser):
    """The words and addresses that a reader of a well-formed page sees outside menus and side blocks."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.stack, self.words, self.links = [], [], []

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        hidden = tag in UNSEEN | FURNITURE or "hidden" in named or named.get("aria-hidden") == "true" or "role" in named
        if tag not in VOID:
            self.stack.append((tag, hidden))
        href = (named.get("href") or "").strip()
        if tag == "a" and not self.off() and href and not href.startswith(("#", "javascript:", "data:")):
            self.links.append(href)

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def off(self):
        return any(hidden for _, hidden in self.stack)

    def handle_data(self, data):
        if not self.off():
            self.words += data.split()


def seen(page):
    reader = Seen()
    reader.feed(page)
    return reader


def made_of(text, command="curl http://x", level="balanced"):
    return compress_text(text, command, settings=Settings(level=level, min_tokens=0), store=MemoryStore())


def plain(text):
    """Words without the signs that markdown puts around them."""
    return re.sub(r"[`|\\\[\]()<>]", " ", text).split()


def assert_nothing_lost(page, made):
    reader = seen(page)
    have = " ".join(plain(made))
    for word in reader.words:
        for part in plain(word):
            assert part in have
    for link in reader.links:
        assert link in made


PARAGRAPH = "The <b>quick</b> brown <a href='/fox?a=1&amp;b=2'>fox</a> jumps over <code>lazy(dog)</code> &amp; 3 &lt; 4 caf&eacute;."
PAGE = f"""<!DOCTYPE html>
<html><head><title>How foxes jump</title><style>p {{ color: red }}</style><script>var hidden = "secretword";</script></head>
<body><header><nav><ul><li><a href="/">Home</a></li><li><a href="/about">About</a></li></ul></nav></header>
<main><h1>How foxes jump</h1><p>{PARAGRAPH}</p>
<h2>Steps</h2><ol start="3"><li>Crouch<ul><li>low</li><li>lower</li></ul></li><li>Leap</li></ol>
<pre><code class="language-python">def jump(height):
  if height &gt; 2:
      return  "high"

    # odd indent
</code></pre>
<table><thead><tr><th>Animal</th><th>Height | m</th></tr></thead><tbody><tr><td>Fox</td><td>2.5</td></tr><tr><td><a href="https://x.org/dog">Dog</a></td><td>1.1</td></tr></tbody></table>
<dl><dt>Vulpes</dt><dd>the genus of foxes</dd></dl>
<blockquote><p>Leap!</p><footer>Old Fox, 1901</footer></blockquote>
<aside class="note">Mind the gap between the stones.</aside>
<a href="/card"><h3>A card</h3><p>with text</p></a><a href="/icon"><svg><path d="M0 0"/></svg></a>
<h3><button aria-expanded="false">Can foxes fly?</button></h3><p>No.</p>
<p>{"Filler words that make this page long enough to be worth it. " * 10}</p></main>
<aside><a href="/ad">Buy</a> <a href="/ad2">now</a></aside><footer>Imprint</footer><script type="application/ld+json">{{"@type": "Article"}}</script></body></html>
"""


def test_a_page_reads_as_its_text():
    made = made_of(PAGE)
    text = made.text
    assert made.edit.compressor == "markup"
    assert "## Steps" in text
    assert "# How foxes jump" in text
    assert "[fox](/fox?a=1&b=2)" in text
    assert "`lazy(dog)` & 3 < 4 café." in text
    assert "3. Crouch" in text
    assert "4. Leap" in text
    assert "- lower" in text
    assert '```\ndef jump(height):\n  if height > 2:\n      return  "high"\n\n    # odd indent\n```' in text
    assert "| Animal | Height \\| m |" in text
    assert "| [Dog](https://x.org/dog) | 1.1 |" in text
    assert "Vulpes\nthe genus of foxes" in text
    assert "Old Fox, 1901" in text
    assert "Mind the gap" in text
    assert "(/card)" in text
    assert "</icon>" in text
    assert "Can foxes fly?" in text
    for gone in ("secretword", "color: red", "<p>", "Imprint", "Buy"):
        assert gone not in text
    last = text.rstrip().split("\n")[-1]
    assert last.startswith("[page as text; tags, scripts and styles")
    assert "1 blocks of script data" in last
    assert markers.HANDLE.search(last)


INLINE = ["{}", "<b>{}</b>", "<a href='/to/{}'>{}</a>", "<code>{}</code>", "<span>{}</span>", "{}<br>", "<em>{} &amp; co</em>", "<p>{}</p>", "<h2>{}</h2>",
          "<ul><li>{}</li><li>b</li></ul>", "<table><tr><td>{}</td><td>2</td></tr></table>", "<pre>{}\n  x</pre>", "<dl><dt>{}</dt><dd>d</dd></dl>",
          "<table><tr><td><table><tr><td>{}</td><td>in</td></tr></table></td></tr></table>", "<div><div>{}</div></div>", "<figure><img alt='seen {}'><figcaption>{}</figcaption></figure>",
          "<nav><a href='/m'>menu</a></nav>{}", "<script>no('{}')</script>", "<details><summary>{}</summary>more</details>", "<!-- gone -->{}", "<ol><li value='7'>{}</li></ol>",
          "<a href='/b/{}'><h3>{}</h3><p>card</p></a>", "<td>{}</td>", "<button>{}</button>"]  # fmt: skip


@st.composite
def pages(draw):
    parts = []
    for number in range(draw(st.integers(1, 25))):
        shape = draw(st.sampled_from(INLINE))
        parts.append(shape.replace("{}", f"word{number}"))
    inside = "\n".join(parts)
    main = draw(
        st.sampled_from(["<main>{}</main>", "<article>{}</article>", "{}", "<div><article>{}</article></div>"])
    ).replace("{}", inside)
    filler = "<div class='a-very-long-class-name another-class-name'></div>" * 30
    return f"<!doctype html><html><head><title>t</title></head><body>{filler}{main}</body></html>"


@settings(max_examples=120, deadline=None)
@given(pages())
def test_no_word_and_no_address_of_the_content_is_lost(page):
    made = made_of(page)
    assert made.failures == ()
    if made.edit:
        assert_nothing_lost(page, made.text)


@settings(max_examples=60, deadline=None)
@given(
    pages(),
    st.integers(0, 3000),
    st.sampled_from(["", "\x00", "<", "</div>", "\ud800", "é漢", "<table>", "&#0;", "\r\n"]),
)
def test_damaged_pages_neither_fail_nor_grow(page, at, odd):
    for text in (
        page[: at % len(page)],
        page[: at % len(page)] + odd + page[at % len(page) :],
        page.replace("\n", "\r\n"),
    ):
        made = made_of(text)
        assert made.failures == ()
        if made.edit:
            assert made.tokens_after < made.tokens_before


def test_truncated_pages_keep_what_they_say():
    cut = PAGE[: PAGE.index("<blockquote>") + 20]
    assert "the genus of foxes" in made_of(cut).text


def test_a_form_around_a_page_is_no_furniture():
    body = "".join(f"<p>Paragraph {number} of the page inside the form says something.</p>" for number in range(60))
    text = made_of(f"<html><body><form action='/x'><div>{body}</div></form></body></html>").text
    assert "Paragraph 59 of" in text
    assert "<p>" not in text


def test_a_page_drawn_by_scripts_is_its_data():
    data = '{"@type": "Product", "name": "Chair", "price": "49.90"}'
    page = f"<!doctype html><html><head><script>{'var a = 1;' * 100}</script><script type='application/ld+json'>{data}</script></head><body><div id='root'></div></body></html>"
    assert "49.90" in made_of(page).text


def test_a_page_of_nothing_stays():
    page = "<!doctype html><html><body><div></div></body></html>" + " " * 500
    assert made_of(page).text == page


def test_headers_before_a_page_stay():
    headers = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nx-request-id: 77ab\r\n\r\n"
    text = made_of(headers + PAGE, "curl -i http://x").text
    assert "x-request-id: 77ab" in text
    assert "## Steps" in text


def test_nesting_has_no_limit():
    deep = (
        "<html><body><main>"
        + "<div>" * 10_000
        + f"<p>{PARAGRAPH * 20}</p>"
        + "</div>" * 10_000
        + "</main></body></html>"
    )
    made = made_of(deep)
    assert made.failures == ()
    assert "brown [fox]" in made.text
    for tag in ("b", "table><tr><td", "ul><li", "pre", "code", "a href='/x'", "blockquote"):
        page = f"<html><body>{f'<{tag}>' * 3000}inside{'<p>more words here</p>' * 300}</body></html>"
        made = made_of(page)
        assert made.failures == ()
        assert "inside" in made.text


def test_hidden_parts_inside_hidden_parts():
    page = f"<html><body><div hidden><script>a</script><div aria-hidden='true'><style>b</style></div></div><nav><aside><form>c</form></aside></nav>{PAGE}</body></html>"
    assert "## Steps" in made_of(page).text


# ---------------------------------------------------------------- XML

RSS = (
    """<?xml version="1.0" encoding="ISO-8859-1"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title><link>https://x.org/</link>
"""
    + "".join(
        f"<item><title>Item {n}</title><link>https://x.org/{n}</link><dc:creator>Ann &amp; Bob</dc:creator><description><![CDATA[<p>Text {n}</p>]]></description></item>\n"
        for n in range(12)
    )
    + "</channel></rss>"
)
JUNIT = (
    """<?xml version="1.0"?>
<testsuites><testsuite name="shop" tests="3" failures="1" time="0.1">
<testcase classname="tests.test_pay" name="test_ok" time="0.01"/>
<testcase classname="tests.test_pay" name="test_refused" time="0.02"><failure message="assert &quot;paid&quot; == 1">def test_refused():
        charge(3)
&gt;       assert state == 1
E       AssertionError: assert "paid" == 1</failure></testcase>
"""
    + "".join(
        f'<testcase classname="tests.test_cart" name="test_{n}" time="0.0{n}"></testcase>' + chr(10) for n in range(9)
    )
    + """<testcase classname="tests.test_pay" name="test_late" time="0.03"><skipped message="slow"/></testcase></testsuite></testsuites>
"""
)
POM = (
    """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><!-- kept by hand -->
<dependencies>"""
    + "".join(
        f"<dependency><groupId>org.x</groupId><artifactId>a{n}</artifactId><version>1.{n}</version></dependency>\n"
        for n in range(9)
    )
    + "</dependencies></project>"
)
SITEMAP = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    + "".join(
        f"<url><loc>https://x.org/page/{n}</loc><lastmod>2026-01-{n:02}</lastmod><priority>0.{n % 9}</priority></url>\n"
        for n in range(1, 20)
    )
    + "</urlset>"
)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10">'
    + "".join(
        f'<g id="g{n}"><title>part {n}</title><rect x="{n}" y="1" width="2" height="3"></rect></g>\n' for n in range(20)
    )
    + "</svg>"
)
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>' + "".join(f'<entry><title type="html">Entry {n}</title><link href="https://x.org/e{n}" rel="alternate"></link><content>Some <b xmlns="">mixed {n}</b> tail</content></entry>\n' for n in range(9)) + "</feed>"  # fmt: skip
DOCUMENTS = {"rss": RSS, "junit": JUNIT, "pom": POM, "sitemap": SITEMAP, "svg": SVG, "atom": ATOM}


def facts(document):
    """Every element's name in order, its attributes and words."""
    for element in ET.fromstring(document.split("?>", 1)[-1].strip()).iter():
        yield (
            element.tag.rsplit("}", 1)[-1],
            list(element.attrib.values()),
            f"{element.text or ''} {element.tail or ''}".split(),
        )


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_outline_has_every_element_attribute_and_word_in_order(name):
    document = DOCUMENTS[name]
    made = made_of(document)
    assert made.edit, "no saving"
    assert made.edit.compressor == "markup"
    at = 0
    lines = made.text.split("\n")
    names = [match[1] if (match := re.match(r"\s*(?:[\w.-]+:(?=\w))?([\w.-]+)", line)) else "" for line in lines]
    for tag, values, words in facts(document):
        at = names.index(tag, at) + 1
        for value in values:
            assert value.replace('"', "&quot;") in lines[at - 1]
        assert all(word in made.text for word in words)


def test_a_failure_in_a_report_keeps_its_lines():
    text = made_of(JUNIT).text
    for line in (
        "def test_refused():",
        "        charge(3)",
        ">       assert state == 1",
        'E       AssertionError: assert "paid" == 1',
    ):
        assert line in text


def test_a_cut_off_document_says_so():
    made = made_of(SITEMAP[:-40])
    assert made.edit
    assert "https://x.org/page/18" in made.text
    assert "cut off" in made.text or "<" in made.text.split("\n")[-2]


def test_what_is_no_xml_stays():
    broken = RSS.replace("<item>", "<item", 3)
    assert made_of(broken).text == broken
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><x>&c;' + "<y>z</y>" * 50 + "</x>"
    assert made_of(bomb).text == bomb
    deep = "<?xml version='1.0'?>" + "<a>" * 5000 + "x" + "</a>" * 5000
    assert made_of(deep).text == deep


# ---------------------------------------------------------------- claims


def test_other_kinds_are_not_claimed():
    for command, text in SEEDS:
        if not re.match(r"\s*(<|HTTP/)", text):
            assert COMPRESSOR.score(Probe(text, command)) == 0.0, command
    for text in (
        "a < b and c > d",
        "<output>\n1\n</output>",
        "<T> T id(T x) { return x; }",
        "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x",
        "<stdin>:1: error: x",
    ):
        assert COMPRESSOR.score(Probe(text)) == 0.0


def test_level_lossless_leaves_pages_alone():
    assert made_of(PAGE, level="lossless").text == PAGE


def test_the_page_can_be_had_back():
    store = MemoryStore()
    made = compress_text(PAGE, "curl x", store=store)
    assert retrieve(markers.HANDLE.search(made.text)[1], store=store) == PAGE
