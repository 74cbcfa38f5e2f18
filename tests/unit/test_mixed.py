"""Mixed text: the pieces put together are the text, whatever it is, and each part is of one kind."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headroom
from headroom.compression import mixed
from headroom.compression.compressors import TABLE

RECORDS = json.dumps([{"id": number, "name": f"user{number}", "active": True} for number in range(20)], indent=2)
LOG = "\n".join(
    f"2026-11-22 21:01:{number:02},695 INFO shop.api: POST /orders/{number} took 22 ms" for number in range(20)
)

SAMPLES = Path(headroom.__file__).parent / "perf" / "samples"
OUTPUTS = [path.read_bytes().decode()[:8000] for path in sorted(SAMPLES.iterdir()) if path.suffix not in (".py", "")]

FRAMES = [
    ("<returncode>0</returncode>\n<output>\nbody\n</output>", "body"),
    ("<returncode>0</returncode>\n<output>\nbody\nmore\n</output>\n", "body\nmore"),
    ("<output>body</output>", None),
    ("Exit code 1\nbody", "body"),
    ("Command: ls\nDirectory: /x\nOutput: a\nb\nExit Code: 0", "a\nb"),
    ("body\n<shellId: 0 completed with exit code 0>", "body"),
    ("<path>/a.py</path>\n<type>file</type>\n<content>\n1: x\n</content>", "1: x"),
    ("<untrusted_context>\nOutput: x\nbody\nProcess Group PGID: 72\n</untrusted_context>", "x\nbody"),
    ("Output:\nbody\nOutput: x", "body\nOutput: x"),
    ("Output:   1\tx\nbody", "  1\tx\nbody"),
    ("<html>\n<body>\n<p>x</p>\n</body>\n</html>", None),
    ("<project>\n<a>x</a>\n</project>", None),
    ("<headroom:keep>\nbody\n</headroom:keep>", None),
    ("plain\ntext", None),
    ("", None),
    ("<output>\n</output>", None),
]


@pytest.mark.parametrize(("text", "body"), FRAMES, ids=[text[:30] for text, _ in FRAMES])
def test_frame(text, body):
    framed = mixed.frame(text)
    assert (framed and framed[1]) == body
    if framed:
        assert "".join(framed) == text


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(OUTPUTS),
    st.integers(0, 8000),
    st.sampled_from(["", "<output>\n", "<returncode>1</returncode>\n", "Exit code 2\n", "Command: x\nOutput: "]),
    st.sampled_from(["", "\n</output>", "\nExit Code: 0\n"]),
)
def test_the_pieces_are_the_text(output, size, head, tail):
    text = f"{head}{output[:size]}{tail}"
    assert "".join(mixed.frame(text) or (text,)) == text
    assert "".join(part.text for part in mixed.split(text, TABLE)) == text


ODD = [*'`~\n ab{["1]}:,</>', "```", "\n```\n", "<headroom:keep>", "</headroom:keep>", "~~~~"]


@given(st.lists(st.sampled_from(ODD), max_size=60).map("".join))
def test_odd_text_comes_back_too(text):
    assert "".join(part.text for part in mixed.split(text, TABLE)) == text
    assert "".join(mixed.frame(text) or (text,)) == text


def routable(text):
    return [part.text for part in mixed.split(text, TABLE) if part.routable]


def test_a_document_of_json_amid_other_lines():
    assert routable(f"Fetching users...\n{RECORDS}\nDone.\n") == [RECORDS]
    assert routable(f"one\n{RECORDS}\ntwo\n{RECORDS}\nthree") == [RECORDS, RECORDS]
    assert RECORDS not in routable(f"Result: {RECORDS} and more")


def test_small_or_broken_json_is_no_part():
    assert routable('a\n{"a": 1}\nb') == []
    assert RECORDS[:-3] not in routable(f"a\n{RECORDS[:-3]}\nb")


def test_fences():
    text = f"Look:\n```json\n{RECORDS}\n```\nand\n~~~\nx\n~~~\nand ```inline``` too"
    assert routable(text) == [f"{RECORDS}\n", "x\n"]
    assert routable(f"````\n```\n{RECORDS}\n```\n````\n") == [f"```\n{RECORDS}\n```\n"]


def test_what_is_between_two_fences_is_in_neither():
    assert routable(f"```\n{RECORDS}\n```\nbetween\n```\n{LOG}\n```\nend") == [f"{RECORDS}\n", f"{LOG}\n"]


def test_a_fence_that_is_never_closed_hides_nothing():
    assert RECORDS in routable(f"```\n{RECORDS}\nend")


def test_protected_parts_are_nobodys():
    kept = f"<headroom:keep>\n```\n{RECORDS}\n```\n</headroom:keep>"
    parts = mixed.split(f"a\n{kept}\n```\n{RECORDS}\n```\n", TABLE)
    assert [part.text for part in parts if part.routable] == [f"{RECORDS}\n"]
    assert kept in [part.text for part in parts]


def test_kept_lines():
    assert mixed.kept_lines("a\nb") == []
    assert mixed.kept_lines("a\n<headroom:keep>\nb\n</headroom:keep>\nc\n<headroom:keep>d</headroom:keep>") == [
        (1, 4),
        (5, 6),
    ]
    assert mixed.kept_lines("<headroom:keep>\nb") == []


def test_build_output_then_a_log():
    build = "".join(f"[{number}/20] Building CXX object src/part{number}.o\n" for number in range(20))
    parts = mixed.split(f"{build}Starting server\n{LOG}\n", TABLE)
    assert any(part.routable and part.text.startswith("2026") and part.text.count("\n") == 20 for part in parts)


def test_hostile_text_does_not_hang():
    for text in (
        "```a\n" * 100_000,
        "<headroom:keep>\n" * 60_000,
        '{"a\n' * 100_000,
        "[1,\n" * 100_000,
        "<output>\n" * 100_000,
        "\n</output>" * 100_000,
        "~" * 1_000_000,
    ):
        assert "".join(part.text for part in mixed.split(text, TABLE)) == text
        assert "".join(mixed.frame(text) or (text,)) == text
