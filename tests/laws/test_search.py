"""Search results: every path, number and text stays; a fold reads back; what is thinned out is said."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
import search_reader
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from payloads import DAMAGES, SEEDS, body, golden_inputs

import headroom
from headroom import Settings, compress_text
from headroom.compression import markers
from headroom.compression.compressors import search
from headroom.compression.contract import Probe
from headroom.originals.store import MemoryStore
from headroom.tokens import count

ONLY = Settings(level="lossless", min_tokens=0, kinds=dict.fromkeys(("numbered", "repeated", "listing"), "off"))
SOURCE = Path(headroom.__file__).parent
PATHS = [
    "src/app.py",
    "./lib/a-1-b.js",
    "C:\\src\\Main.cs",
    "a.c",
    "docs/long name.md",
    "./docs/my notes.md",
    "Makefile",
    ".gitignore",
]
TEXTS = [
    "    return self.x",
    "return self.x",
    "",
    "12:5: odd",
    "-- ",
    "--",
    "a:b:c",
    "def run(self):",
    "// 40,77: x",
    "path:",
    "é漢 = 1",
    "x" * 300,
]


@cache
def seeds():
    found = [text for command, text in golden_inputs() if "grep" in command or command.startswith("rg")]
    for arguments in (
        ["-rn", "Folded"],
        ["-rn", "-C2", "handle"],
        ["-r", "Path"],
        ["-rnc", "import"],
        ["-rl", "import"],
    ):
        run = subprocess.run(
            ["grep", *arguments, "--include=*.py", "."],
            cwd=SOURCE / "wire",
            capture_output=True,
            text=True,
            check=False,
        )
        found.append(run.stdout.rstrip("\n"))
    return [text[:6000] for text in found if text]


@st.composite
def results(draw):
    """What a search printed: made of odd parts, or real and damaged."""
    if draw(st.booleans()):
        numbers = draw(st.booleans())
        lines = []
        for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=6)):
            at = 0
            for text in draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=8)):
                at += draw(st.integers(1, 50))
                lines.append(f"{path}:{at}:{text}" if numbers else f"{path}:{text}")
        return "\n".join(lines)
    text = draw(st.sampled_from(seeds()))
    for _ in range(draw(st.integers(0, 3))):
        text = draw(st.sampled_from(DAMAGES))(draw, text)
    return text


class Bare:
    """The context of a text on its own."""

    def __init__(self, level="lossless", query=""):
        self.level, self.command, self.first_line = level, "grep -rn x .", 1
        self.query = search.relevance.Query(query)

    def handle(self):
        return markers.handle_of("x")


@settings(max_examples=400)
@given(results())
def test_a_fold_reads_back(text):
    folded = search.compress(text, Bare())
    assume(folded is not None)
    assert folded.lossless
    assert search_reader.read(folded.text) == text


@pytest.mark.parametrize("text", seeds())
def test_every_hit_stays(text):
    made = compress_text(text, "grep -rn x .", settings=ONLY, store=MemoryStore())
    shown = made.text.split("\n")
    texts = {line.split(":", 1)[-1] for line in shown} | set(shown)
    for line in text.split("\n"):
        match = re.fullmatch(r"((?:[A-Z]:)?[^:\n]+):(\d+):(.*)", line)
        if match:
            assert match[1] in made.text
            assert re.search(rf"(?<!\d){match[2]}(?!\d)", made.text)
            assert match[3] in texts or line in shown


def test_most_of_these_seeds_become_shorter():
    saved = [compress_text(text, "grep -rn x .", settings=ONLY, store=MemoryStore()) for text in seeds()]
    assert sum(made.text != text for made, text in zip(saved, seeds(), strict=True)) >= len(seeds()) / 2


def huge():
    lines = [
        f"./pkg/module_{file}.py:{line}:    value_{file} = compute(value_{line}, {line})"
        for file in range(60)
        for line in range(5, 200, 4)
    ]
    lines[1500] = "./pkg/module_30.py:121:    raise QuotaExceeded(limit)"
    return lines


@pytest.mark.parametrize("level", ["balanced", "lossless"])
def test_only_a_huge_result_is_thinned_out(level):
    lines = huge()
    text = "\n".join(lines)
    made = compress_text(
        text, "grep -rn x .", "where is QuotaExceeded raised?", settings=Settings(level=level), store=MemoryStore()
    )
    if level == "lossless":
        assert made.edit.lossless
        assert search_reader.read(body(made)) == text
        return
    assert "121:    raise QuotaExceeded(limit)" in made.text
    assert all(f"./pkg/module_{file}.py\n" in made.text for file in range(60))
    assert markers.HANDLE.search(made.text)
    assert count(made.text) < 10_000
    hidden = set()
    for first, last in re.findall(r"^\[(\d+)(?:-(\d+))? omitted", made.text, re.MULTILINE):
        hidden.update(range(int(first), int(last or first) + 1))
    shown = set(made.text.split("\n"))
    for number, line in enumerate(lines, 1):
        path, at, words = line.split(":", 2)
        del path
        assert (f"{at}:{words}" in shown or line in shown) != (number in hidden)


def test_a_minified_hit_is_cut_around_the_match():
    line = "dist/app.js:1:" + "a();" * 900 + "fetchUser(7);" + "b();" * 900
    text = "\n".join([line, *(f"src/api.js:{n}:fetchUser({n})" for n in range(1, 9))])
    made = compress_text(text, "grep -rn fetchUser .", settings=Settings(min_tokens=0), store=MemoryStore())
    assert "fetchUser(7);" in made.text
    assert len(made.text) < 1500
    assert markers.HANDLE.search(made.text)
    kept = compress_text(text, "grep -rn fetchUser .", settings=ONLY, store=MemoryStore())
    assert "a();" * 900 in kept.text


NOT_A_SEARCH = [
    "03-17 16:13:38.811  1702  2395 D WindowManager: printFreezingDisplayLogs\n03-17 16:13:38.819  1702  8671 D PowerManagerService: acquire lock\n"
    * 10,
    "2024-01-01T10:11:12 INFO started\n2024-01-01T10:11:13 INFO ready\n" * 10,
    "\n".join(f"http://host{n}:80/index.html:12:ok" for n in range(20)),
    "\n".join(f"'app.py:{n}': 'x'," for n in range(20)),
    "server:\n  port: 80\n  host.name: example.com\n  path: /a/b\nlogging:\n  level: info\n" * 4,
    "\n".join(f"src/a.c:{n}:4: error: expected ';' before '}}' token" for n in range(5, 60, 5)),
    "\n".join(f"src/a.py:{n}: error: Incompatible types in assignment  [assignment]" for n in range(5, 60, 5)),
    "\n".join(f"src/a.py:{n}:{n}: E501 Line too long ({n} > 88)" for n in range(5, 60, 5)),
    "\n".join(f"10.0.0.{n}:8080: connection refused" for n in range(20)),
    "\n".join(f"/usr/lib/ruby/net/http.rb:{n}:in `connect'" for n in (960, 955, 930, 920, 900, 880)),
    "\n".join(f"10/Oct/2000:13:55:{n} -0700" for n in range(10, 40)),
]


@pytest.mark.parametrize("text", NOT_A_SEARCH)
def test_what_only_looks_like_one_is_not_claimed(text):
    assert search.score(Probe(text)) == 0.0


def test_no_sample_of_another_kind_is_claimed():
    for command, text in SEEDS:
        if not re.search(r"grep|^rg|vimgrep", command):
            assert search.score(Probe(text, command)) == 0.0, command


@pytest.mark.parametrize(
    "line",
    ["a" * 2_000_000, "a.b" * 700_000, "/" * 2_000_000, "a.c:1:" + "x.y" * 700_000, " " * 2_000_000, "a-1-" * 500_000],
)
def test_a_line_of_megabytes_does_not_hang(line):
    search.score(Probe(line, "grep x"))
    search.compress("\n".join([line] * 2), Bare())
