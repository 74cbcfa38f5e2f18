"""What the compressor of test, build and lint output promises: red whole, every place listed, green counted, no false green."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from payloads import DAMAGES, body
from report_reader import PLACED, lines_of, squeezed, unfold

from headroom import Settings, compress_text, retrieve
from headroom.compression.compressors.test_output import COMPRESSOR
from headroom.compression.contract import Probe
from headroom.originals.store import MemoryStore
from headroom.tokens import count

HERE = Path(__file__).parent.parent
SEEDS = {
    path.stem: re.split(r"^=== \w+$\n", path.read_text("utf-8"), flags=re.MULTILINE)[-2].removesuffix("\n")
    for path in sorted((HERE / "golden/test_output").glob("*.golden"))
}
RED = re.compile(
    r"E  +\S|.*\b(?:FAILED|FAIL|ERROR)\b|.*\berror\b|\s*[✕✖\u00d7] |\s*not ok |.*panicked at|\s+\d+\) \S|Ran \d+|\s*\d+ (?:failing|passing)|test result:"
    r"|Tests:|.*\d+ (?:passed|failed)\b|✖|# (?:pass|fail)|make:",
    re.IGNORECASE,
)
"""Lines that say what failed, or how many: written for this test, from the tools' formats."""
CLOSING = re.compile(
    r"=+ .*\d (?:passed|failed).* =+$|Ran \d+ tests|FAILED \(|test result: |error: test failed|Tests: |Test Suites: | +Tests?(?: Files)?  +\d"
    r"|  \d+ (?:passing|failing|pending)|\u2716 \d+ problems|# (?:tests|pass|fail) |FAIL\t|ok  \t|Would install |make: "
)
"""The lines in which a run says how it ended."""
ADDRESS = re.compile(r"0x[0-9a-f]+")
MARKER = re.compile(r"\[(\d+)(?:-(\d+))? omitted: (\d+) lines?\b(.*?)(?:\. Full text: h:[0-9a-f]{12})?\]")


def made(text, level="balanced", command=None, store=None):
    store = store or MemoryStore()
    result = compress_text(text, command, settings=Settings(level=level, min_tokens=0, repeats=False), store=store)
    assert result.failures == ()
    if result.edit:
        assert retrieve(result.edit.handle, store=store) == text
    return result


@st.composite
def outputs(draw):
    """A real output, often damaged, or two of them one after the other."""
    text = draw(st.sampled_from(sorted(SEEDS.values())))
    for _ in range(draw(st.integers(0, 3))):
        text = draw(st.sampled_from(DAMAGES))(draw, text)
    return text


def mine(result):
    return result.edit is not None and result.edit.compressor == "test_output"


@pytest.mark.parametrize("name", SEEDS)
def test_claims_its_own(name):
    assert COMPRESSOR.score(Probe(SEEDS[name])) >= 0.5


@settings(max_examples=80, deadline=None)
@given(outputs())
def test_lossless_reads_back(text):
    result = made(text, "lossless")
    assume(mine(result))
    assert result.edit.lossless
    assert set(MARKER.findall(result.text)) <= set(MARKER.findall(text))
    assert lines_of(unfold(body(result))) == lines_of(text)


@pytest.mark.parametrize("level", ["lossless", "balanced", "aggressive"])
@pytest.mark.parametrize("name", SEEDS)
def test_red_lines_stay(name, level):
    text = SEEDS[name]
    told = Counter(ADDRESS.sub("", line) for line in lines_of(unfold(body(made(text, level)))).elements())
    for line, times in lines_of(text).items():
        if RED.match(line) and "... ok" not in line:
            assert told[ADDRESS.sub("", line)] >= times, f"{times} times: {line}"


@settings(max_examples=80, deadline=None)
@given(outputs())
def test_every_place_stays_with_its_message(text):
    result = made(text)
    assume(mine(result))
    places = Counter(squeezed(line) for line in unfold(result.text).split("\n") if PLACED.match(line))
    for line, times in Counter(squeezed(line) for line in text.split("\n") if PLACED.match(line)).items():
        if not re.search(r": note:", line):
            assert places[line] >= times


@settings(max_examples=80, deadline=None)
@given(outputs())
def test_gaps_name_the_lines_that_are_missing(text):
    assume("omitted:" not in text)
    result = made(text)
    assume(mine(result))
    clean = text.replace("\r\n", "\n").split("\n")
    hidden = []
    for first, last, number, what in MARKER.findall(result.text):
        span = clean[int(first) - 1 : int(last or first)]
        if "listed elsewhere" not in what:
            assert len(span) == int(number)
            hidden += span
    for line in hidden:
        assert not re.search(r"\bFAIL(?:ED)?\b|\bERROR\b|not ok|[✕✖\u00d7]|: error\b", line)
    if "[the " not in result.text and "omitted: " in result.text and "listed elsewhere" not in result.text:
        shown = [
            line
            for line in result.text.split("\n")
            if not MARKER.fullmatch(line) and not re.match(r"\[\d+ (?:of|lines)", line)
        ]
        assert Counter(shown) + Counter(hidden) == Counter(clean)


@pytest.mark.parametrize("level", ["lossless", "balanced", "aggressive"])
@pytest.mark.parametrize("name", sorted(set(SEEDS) - {"tsc"}))
def test_closing_lines_stay_as_printed(name, level):
    """`tsc` prints none."""
    closing = [line for line in SEEDS[name].split("\n") if CLOSING.match(line)]
    assert closing
    shown = made(SEEDS[name], level).text.split("\n")
    assert [line for line in closing if line not in shown] == []


@pytest.mark.parametrize("name", SEEDS)
def test_own_output_is_left_alone(name):
    store = MemoryStore()
    once = made(SEEDS[name], store=store).text
    assert made(once, store=store).text == once


def test_problems_stand_under_their_own_file():
    """FIELD: eslint output of many files with the same problems, of which a part used to be shown without its heading."""
    blocks = []
    for file in range(20):
        rows = [
            f"  {line}:1  error  Unexpected var in {file if line == 12 else 'loop'}  no-var" for line in range(12, 18)
        ]
        blocks.append(f"/app/src/file{file}.js\n" + "\n".join(rows))
    text = "\n\n".join(blocks) + "\n\n✖ 120 problems (120 errors, 0 warnings)"
    result = made(text)
    assert count(result.text) < 0.7 * count(text)
    before, after = _by_file(text), _by_file(unfold(result.text))
    assert before == after
    assert len(after) == 20


def _by_file(text):
    files = {}
    for line in text.split("\n"):
        if line.startswith("/"):
            rows = files.setdefault(line, Counter())
        elif line.strip() and line[0] in " \t0123456789":
            rows[squeezed(line)] += 1
    return files


def test_green_run_is_counted_and_says_so_in_its_own_words():
    passed = "\n".join(f"tests/test_a.py::test_{i} PASSED [{i:3}%]" for i in range(100))
    text = f"===== test session starts =====\ncollected 100 items\n\n{passed}\n\n===== 100 passed in 0.10s ====="
    result = made(text)
    assert "[4-103 omitted: 100 lines, 100 passed tests. Full text: h:" in result.text
    assert result.text.endswith("\n\n===== 100 passed in 0.10s =====")
    assert count(result.text) < 0.1 * count(text)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(
            f"Requirement already satisfied: package{i} in ./lib/python3.11/site-packages (1.{i})" for i in range(40)
        ),
        "\n".join(f"ok  \texample.com/module/pkg{i}\t0.0{i:02}s" for i in range(40)),
        "\n".join(f"gcc -Wall -O2 -c src/file{i}.c -o build/file{i}.o" for i in range(40)),
    ],
    ids=["pip", "go", "make"],
)
def test_nothing_but_green_still_ends_with_a_line_of_its_own(text):
    result = made(text)
    assert mine(result)
    assert text.split("\n")[-1] in result.text.split("\n")


def test_a_failure_among_steps_keeps_the_step_it_belongs_to():
    steps = [f"gcc -Wall -O2 -c src/file{i}.c -o build/file{i}.o" for i in range(30)]
    steps.insert(20, "src/file19.c:7:3: error: unknown type name 'sizet'\n    7 |   sizet n;\n      |   ^~~~~")
    result = made("\n".join([*steps, "make: *** [Makefile:9: build/file19.o] Error 1"]))
    assert (
        "gcc -Wall -O2 -c src/file19.c -o build/file19.o\nsrc/file19.c:7:3: error: unknown type name 'sizet'"
        in result.text
    )
    assert result.text.count("gcc ") < 4


def test_a_problem_cut_off_is_never_folded_into_others():
    lines = [f"src/a{i}.py:{i}: error: Function is missing a type annotation  [no-untyped-def]" for i in range(1, 30)]
    lines.insert(10, "ched text from somewhere")
    result = made("\n".join(lines))
    at = result.text.split("\n").index("ched text from somewhere")
    assert result.text.split("\n")[at - 1] == lines[9]


def test_a_line_asked_for_stays():
    text = (
        "\n".join(f"tests/test_{i // 10}.py::test_case_{i} PASSED [{i:3}%]" for i in range(100)) + "\n100 passed in 1s"
    )
    result = compress_text(
        text, "pytest -v", "did test_case_57 pass?", settings=Settings(min_tokens=0), store=MemoryStore()
    )
    assert "tests/test_5.py::test_case_57 PASSED" in result.text
    assert "tests/test_5.py::test_case_58" not in result.text


def others():
    yield from (HERE / "laws").glob("*.py")
    yield from (HERE.parent / "src").rglob("*.py")
    yield from (HERE.parent).glob("*.md")
    for kind in ("logs", "search", "diff", "git_log", "listing", "table", "structured"):
        yield from (HERE / "golden" / kind).glob("*.golden")


@pytest.mark.parametrize("path", sorted(others()), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_other_text_is_not_claimed(path):
    assert COMPRESSOR.score(Probe(path.read_text("utf-8"))) < 0.5


def pytest_failure(name, error, address, line):
    return "\n".join(
        [
            f"____________________ {name} ____________________",
            "",
            f"    def {name}(client):",
            f">       client.get('/')  # <Client at {address}>",
            "",
            f"tests/test_client.py:{line}: ",
            "_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _",
            "",
            "    def get(self, path):",
            ">       raise ConnectionError(path)",
            f"E       ConnectionError: {error}",
            "",
            "client.py:12: ConnectionError",
        ]
    )


def test_texts_that_differ_only_in_name_address_and_line_are_told_once_with_their_lines():
    names = [f"test_page_{i}" for i in range(8)]
    blocks = [pytest_failure(name, "/ is down", f"0x7f00{i}abc", 10 + i) for i, name in enumerate(names)]
    text = "=========== FAILURES ===========\n" + "\n".join(blocks) + "\n=========== 8 failed in 0.31s ==========="
    result = made(text)
    assert result.text.count("ConnectionError: / is down") == 1
    for i, name in enumerate(names[1:], 1):
        assert f"{name} (tests/test_client.py:{10 + i})" in result.text
    assert "Full text: h:" in result.text
    assert result.text.split("\n")[-2] == "=========== 8 failed in 0.31s ==========="
    assert made(text, "lossless").text.count("ConnectionError: / is down") == 8


def test_a_failure_with_another_error_is_never_told_with_the_others():
    errors = ["/ is down", "/ is down", "timeout after 3600", "/ is down", "/ is down"]
    blocks = [pytest_failure(f"test_page_{i}", error, "0x7f00aabc", 10 + i) for i, error in enumerate(errors)]
    text = "=========== FAILURES ===========\n" + "\n".join(blocks) + "\n=========== 5 failed in 0.31s ==========="
    result = made(text)
    at = result.text.index("E       ConnectionError: timeout after 3600")
    assert "__ test_page_2 __" in result.text[:at]
    assert "test_page_2" not in result.text[at:]


def rust_error(path, line, message="cannot find value `limit` in this scope"):
    return f"error[E0425]: {message}\n  --> {path}:{line}:9\n   |\n{line:2} |         limit\n   |         ^^^^^ not found in this scope\n"


def test_every_arrow_of_rustc_stays():
    """FIELD: a quarter of rustc's `-->` lines, and error blocks cut in half."""
    blocks = [rust_error(f"src/part{i % 4}.rs", 10 + i) for i in range(24)]
    blocks.insert(7, rust_error("src/odd.rs", 99, "cannot find value `size` in this scope"))
    result = made("\n".join([*blocks, "error: could not compile `demo` (lib) due to 25 previous errors"]))
    assert count(result.text) < 0.4 * count("\n".join(blocks))
    for i in range(24):
        assert f"  --> src/part{i % 4}.rs:{10 + i}:9" in result.text.split("\n")
    assert rust_error("src/odd.rs", 99, "cannot find value `size` in this scope") in result.text
    assert "24 previous" not in result.text
    assert "error: could not compile `demo` (lib) due to 25 previous errors" in result.text


def test_errors_with_source_code_stay_whole_while_they_are_few():
    text = "\n".join(rust_error("src/lib.rs", 10 + i) for i in range(5)) + "\nerror: could not compile `demo`"
    assert made(text).text == text
