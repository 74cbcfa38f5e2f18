"""Numbered lines: the number column comes off the left edge and can be put back; what is behind the numbers is untouched."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from payloads import SEEDS

from headroom import Settings, compress, compress_text
from headroom.compression.compressors.numbered import COMPRESSOR
from headroom.compression.contract import Probe
from headroom.originals.store import MemoryStore

FREE = Settings(min_tokens=0, repeats=False)


def numbered(lines, first=1, sign="\t", width=6):
    return "\n".join(f"{number:{width}}{sign}{line}" for number, line in enumerate(lines, first))


def unfold(text):
    """What a reader who knows `nl` puts back: numbers right-aligned in six columns."""
    return re.sub(r"^(\d{1,5})(?=[\t→])", lambda match: match[1].rjust(6), text, flags=re.MULTILINE)


LINES = st.lists(
    st.sampled_from(["import os", "", "    return 1", "12\tx", "     3\tquoted", "\t", "→", "é漢", "x = '  7→'"]),
    min_size=8,
    max_size=60,
)


@settings(max_examples=120, deadline=None)
@given(
    LINES,
    st.sampled_from([1, 7, 95, 996, 9_990, 99_985, 999_990]),
    st.sampled_from(["\t", "→"]),
    st.sampled_from(["", "\n", "\r\n"]),
)
def test_every_line_can_be_put_back(lines, first, sign, end):
    text = numbered(lines, first, sign) + end
    made = compress_text(text, "nl -ba a.py", settings=FREE, store=MemoryStore())
    assert unfold(made.text) == text
    if made.edit:
        assert made.edit.lossless
        assert made.edit.compressor == "numbered"
    if first == 1 and len(lines) > 20:
        assert made.edit


@settings(max_examples=60, deadline=None)
@given(
    LINES,
    st.integers(0, 2000),
    st.sampled_from(["", "\n", "no number here\n", "12\tnarrow\n", "\x00", "\ud800", "      7\tseven columns\n"]),
)
def test_damage_changes_nothing_but_the_blanks(lines, at, odd):
    text = numbered(lines)
    text = text[: at % len(text)] + odd + text[at % len(text) :]
    made = compress_text(
        text, "cat -n a.py", settings=Settings(min_tokens=0, repeats=False, level="lossless"), store=MemoryStore()
    )
    assert made.failures == ()
    if made.edit and made.edit.compressor == "numbered":
        assert unfold(made.text) == text


def test_text_that_looks_folded_already_stays():
    text = numbered(["import os"] * 30) + "\n7\tnot from nl"
    assert COMPRESSOR.compress(text, None) is None


def test_an_exact_read_is_folded_too():
    text = numbered([f"value_{number} = {number}" for number in range(60)])
    call = {"type": "tool_use", "id": "t", "name": "Read", "input": {"file_path": "a.py"}}
    answer = {"type": "tool_result", "tool_use_id": "t", "content": text}
    messages = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [answer]},
    ]
    made = compress(messages, store=MemoryStore())
    assert made[2]["content"][0]["content"] == "\n".join(
        f"{number + 1}\tvalue_{number} = {number}" for number in range(60)
    )


def test_only_such_columns_are_claimed():
    lines = [f"value_{number}" for number in range(40)]
    assert COMPRESSOR.score(Probe(numbered(lines))) >= 0.5
    assert COMPRESSOR.score(Probe(numbered(lines, sign="→"))) >= 0.5
    for text in (numbered(lines, width=4), numbered(lines, width=7), numbered(lines, sign=" "), "\n".join(lines), ""):
        assert COMPRESSOR.score(Probe(text)) == 0.0
    for command, text in SEEDS:
        if not re.match(r" *\d+[\t→]", text):
            assert COMPRESSOR.score(Probe(text, command)) == 0.0, command
