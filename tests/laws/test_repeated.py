"""Lines printed over and over: a reader who repeats what the note says has the original again."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payloads import outputs

from headroom import Settings, compress_text
from headroom.compression.compressors import repeated
from headroom.compression.compressors.repeated import COMPRESSOR
from headroom.compression.contract import Probe
from headroom.originals.store import MemoryStore
from headroom.tokens import count

NOTE = re.compile(r"\[the (?:line|(\d) lines) above, (\d+) times in all\]")


def unfold(text):
    """What a reader makes of it: the lines above a note, as often as it says."""
    made = []
    for line in text.split("\n"):
        note = NOTE.fullmatch(line)
        if note:
            size = int(note[1] or 1)
            made += made[-size:] * (int(note[2]) - 1)
        else:
            made.append(line)
    return "\n".join(made)


def fold(text):
    made = COMPRESSOR.compress(text, None)
    return text if made is None else made.text


WORDS = ["Waiting for the database to come up...", "retry", "", "  at x (y.js:1)", "a", "[1 line above]"]


@st.composite
def loops(draw):
    lines = []
    for _ in range(draw(st.integers(1, 6))):
        group = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9))
        lines += group * draw(st.integers(1, 12))
    return "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n"]))


@settings(max_examples=300, deadline=None)
@given(loops())
def test_the_original_can_be_put_back(text):
    made = fold(text)
    assert unfold(made) == text
    assert fold(made) == made


@settings(max_examples=60, deadline=None)
@given(outputs())
def test_real_output_can_be_put_back(output):
    text = output[1]
    made = fold(text)
    assert unfold(made) == text


@settings(max_examples=60, deadline=None)
@given(loops())
def test_never_longer(text):
    made = compress_text(text, "run", settings=Settings(min_tokens=0, kinds={}), store=MemoryStore())
    assert count(made.text) <= count(text)
    assert made.failures == ()


@pytest.mark.parametrize(("size", "times"), [(1, 4), (1, 300), (2, 9), (3, 40), (6, 5), (8, 4)])
def test_a_group_is_shown_once_with_its_count(size, times):
    group = [f"step {number}: waiting for the server to answer" for number in range(size)]
    text = "\n".join(["start", *group * times, "end"])
    said = "line" if size == 1 else f"{size} lines"
    assert fold(text) == "\n".join(["start", *group, f"[the {said} above, {times} times in all]", "end"])


def test_three_times_is_no_loop():
    text = "\n".join(["start", *["waiting for the server to answer"] * 3, "end"])
    assert fold(text) == text


def test_blank_lines_and_short_ones_stay():
    for text in ("a" + "\n" * 30 + "b", "\n".join(["}"] * 6)):
        assert fold(text) == text


def test_a_text_with_such_a_note_stays():
    text = "x y z\n" * 40 + "[the line above, 40 times in all]"
    assert fold(text) == text


def test_what_is_claimed():
    assert COMPRESSOR.score(Probe("waiting\n" * 40)) >= 0.5
    assert COMPRESSOR.score(Probe("\n".join(f"line {number} of prose" for number in range(200)))) == 0.0
    assert (
        COMPRESSOR.score(
            Probe('[\n  {\n    "id": 1\n  },\n  {\n    "id": 2\n  },\n  {\n    "id": 3\n  },\n  {\n    "id": 4\n  }\n]')
        )
        == 0.0
    )
    assert COMPRESSOR.score(Probe("")) == 0.0


def test_huge_text_does_not_hang():
    assert unfold(fold("x y z\n" * 900_000)) == "x y z\n" * 900_000
    for text in (
        "ab" * 2_000_000,
        "\n" * 2_000_000,
        "".join(f"a\nb\nc\nd\ne\nf\ng\nh\n{number}\n" for number in range(100_000)),
        "".join(f"{number}\n" for number in range(300_000)),
    ):
        assert fold(text) == text
    assert repeated.MAX_CHARS < 5_400_000
