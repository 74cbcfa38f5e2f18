"""Repeats: whoever has only the compressed conversation finds every hidden line above, word for word.

The oracle is a reader (`repeats_reader`) that takes each reference at its word. What it puts together must be the original, numbers and signs aside, and numbers as the reference says.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repeats_reader import CODE, Reader, check, result, sessions

from headroom import Settings
from headroom.blocks import Block, Call
from headroom.compression import markers, pipeline
from headroom.compression.repeats import MIN_SAVED, Shown
from headroom.tokens import count

EXACT = Settings(tools={"*": "exact"}, min_tokens=0)


@settings(max_examples=150, deadline=None)
@given(sessions())
def test_a_reader_finds_every_hidden_line_above(blocks):
    made = pipeline.run(blocks, EXACT, {})
    assert not made.failures
    check(blocks, made)


@settings(max_examples=50, deadline=None)
@given(sessions(), st.integers(0, 7))
def test_what_follows_changes_nothing(blocks, size):
    whole, part = pipeline.run(blocks, EXACT, {}), pipeline.run(blocks[:size], EXACT, {})
    assert part.edits == whole.edits[: len(part.edits)]
    assert not [edit for edit in whole.edits[len(part.edits) :] if edit.path in {block.path for block in blocks[:size]}]


@settings(max_examples=50, deadline=None)
@given(sessions())
def test_no_reference_reaches_over_a_boundary(blocks):
    edges = [at for at, block in enumerate(blocks) if block.role == "boundary"] or [0]
    after = blocks[edges[-1] :]
    made = {edit.path: edit.text for edit in pipeline.run(blocks, EXACT, {}).edits}
    alone = {edit.path: edit.text for edit in pipeline.run(after, EXACT, {}).edits}
    assert {block.path: made.get(block.path) for block in after} == {
        block.path: alone.get(block.path) for block in after
    }


@settings(max_examples=50, deadline=None)
@given(sessions())
def test_off_makes_no_new_reference_and_leaves_what_was_sent(blocks):
    off = Settings(tools={"*": "exact"}, min_tokens=0, repeats=False)
    assert not [edit for edit in pipeline.run(blocks, off, {}).edits if "repeats" in edit.compressor]
    before = pipeline.run(blocks, EXACT, {})
    decided = {decision.key: decision for decision in before.decisions}
    assert pipeline.run(blocks, off, decided).edits == before.edits


# ---------------------------------------------------------------- cases


def conversation(*turns):
    """Blocks of (command, text)."""
    return [result(number, command, text) for number, (command, text) in enumerate(turns)]


def texts(blocks, how=EXACT):
    made = pipeline.run(blocks, how, {})
    followed = check(blocks, made)
    assert bool(followed) == any("repeats" in edit.compressor for edit in made.edits)
    return {edit.path[0]: edit.text for edit in made.edits}


READ = CODE.rstrip("\n")
NUMBERED = "\n".join(f"{number:6}\t{line}" for number, line in enumerate(READ.split("\n"), 1))


def test_the_same_file_again_is_one_line():
    made = texts(conversation(("cat src/store.py", READ), ("cat src/store.py", READ)))
    assert made == {1: f"[same 32 lines as in `cat src/store.py` above. Full text: h:{markers.handle_of(READ)}]"}


def test_a_part_is_named_by_its_first_words():
    part = "\n".join(READ.split("\n")[7:19])
    made = texts(conversation(("cat src/store.py", READ), ("sed -n '8,19p' src/store.py", part)))
    assert made[1].startswith(
        '[12 lines from "def get(self, name):..." on: same as in `cat src/store.py` above. Full text: h:'
    ) or (
        made[1].startswith(
            '[12 lines from "def get(self, name): if" on: same as in `cat src/store.py` above. Full text: h:'
        )
    )


def test_words_that_stand_twice_are_counted_or_made_longer():
    twice = READ + "\n" + READ
    part = "\n".join(READ.split("\n")[7:19])
    made = texts(conversation(("cat src/store.py", twice), ("tail src/store.py", "# the end\n" + part)))
    assert made[1].startswith('# the end\n[12 lines from the 1st "')


def test_after_an_edit_only_the_change_is_shown():
    edited = READ.replace("self.values[name] = value", "self.values[name] = list(value)\n        self.dirty = True")
    made = texts(conversation(("cat src/store.py", READ), ("cat src/store.py", edited)))
    first, second = [line for line in made[1].split("\n") if line.startswith("[")]
    assert first.startswith('[15 lines from "class Store:')
    assert second.startswith('[15 lines from "def ')
    assert second.endswith(" on: same as there]")
    assert [line for line in made[1].split("\n") if not line.startswith("[")] == [
        "        self.values[name] = list(value)",
        "        self.dirty = True",
        "",
    ]


def test_text_put_between_is_told_from_text_put_in_place_of():
    lines = READ.split("\n")
    between = "\n".join([*lines[:16], "    # new", *lines[16:]])
    instead = "\n".join([*lines[:16], "    # new", *lines[17:]])
    first = texts(conversation(("cat src/store.py", READ), ("cat src/store.py", between)))[1]
    second = texts(conversation(("cat src/store.py", READ), ("cat src/store.py", instead)))[1]
    assert "[the next 16 lines there]" in first
    assert "the next" not in second


def test_numbers_are_never_lost():
    edited = NUMBERED.split("\n")
    moved = "\n".join(["     1\timport os", *(f"{number:6}\t{line[7:]}" for number, line in enumerate(edited, 2))])
    made = texts(conversation(("nl -ba src/store.py", NUMBERED), ("nl -ba src/store.py", moved)))
    assert made[1].split("\n")[0].split() == ["1", "import", "os"]
    assert (
        made[1]
        .split("\n")[1]
        .startswith("[lines 2-33: same as lines 1-32 in `nl -ba src/store.py` above. Full text: h:")
    )


def test_a_jump_in_the_numbers_ends_a_reference():
    lines = NUMBERED.split("\n")
    jumping = "\n".join(lines[:12] + lines[16:31])
    made = texts(conversation(("nl -ba a | sed", jumping), ("nl -ba a | sed", jumping)))
    notes = [line for line in made[1].split("\n") if line.startswith("[lines")]
    assert notes[0].startswith("[lines 1-12: same as in ")
    assert notes[1] == "[lines 17-31: same as there]"


def test_numbered_lines_do_not_refer_to_lines_without_numbers():
    made = texts(conversation(("cat src/store.py", READ), ("nl -ba src/store.py", NUMBERED)))
    assert "[" not in made.get(1, "")[:1]
    assert "return self.values[name]" in made.get(1, NUMBERED)


def test_lines_without_numbers_are_named_by_numbers_above():
    part = "\n".join(READ.split("\n")[7:19])
    made = texts(conversation(("nl -ba src/store.py", NUMBERED), ("sed -n '8,19p' src/store.py", part)))
    assert made[1].startswith("[12 lines: same as lines 8-19 in `nl -ba src/store.py` above. Full text: h:")


@pytest.mark.parametrize("separator", ["\t", "→", ":", ": ", "|", "| ", "-", "  "])
def test_every_tools_numbers_come_off(separator):
    numbered = "\n".join(f"{number}{separator}{line}" for number, line in enumerate(READ.split("\n"), 1))
    part = "\n".join(READ.split("\n")[2:17])
    made = pipeline.run(conversation(("view src/store.py", numbered), ("sed -n '3,17p' src/store.py", part)), EXACT, {})
    assert made.edits
    assert "same as lines " in made.edits[0].text


def test_the_line_that_a_search_matched_stays():
    numbered = READ.split("\n")
    found = "\n".join(f"{at + 1}{':' if at == 8 else '-'}{numbered[at]}" for at in range(1, 18))
    made = texts(conversation(("nl -ba src/store.py", NUMBERED), ("grep -n -C8 'not in' src/store.py", found)))
    assert "9:        if name not in self.values:" in made.get(1, found)


def test_a_diff_of_what_was_written():
    added = "\n".join(
        f"    def test_{name}(self):\n        assert Store('x').get('{name}') is None"
        for name in ("one", "two", "three", "four", "five")
    )
    call = Call("w", "Write", json.dumps({"file_path": "tests/test_store.py", "content": added}))
    diff = (
        "diff --git a/t b/t\n--- a/t\n+++ b/t\n@@ -1,2 +1,12 @@\n import store\n"
        + "\n".join(f"+{line}" for line in added.split("\n"))
        + "\n x = 1"
    )
    blocks = [Block((0,), added, "call", call), result(1, "git diff", diff)]
    made = pipeline.run(blocks, EXACT, {})
    assert check(blocks, made) == 1
    assert "[10 added lines" in made.edits[0].text or "[same 10 added lines" in made.edits[0].text
    assert "as you wrote in `Write tests/test_store.py` above" in made.edits[0].text
    assert "\n x = 1" in made.edits[0].text


def test_one_reference_never_covers_two_signs():
    lines = READ.split("\n")
    diff = "@@ -1,16 +1,32 @@\n" + "\n".join((" " if at < 16 else "+") + line for at, line in enumerate(lines))
    made = texts(conversation(("cat src/store.py", READ), ("git diff", diff)))
    assert "context lines" in made[1]
    assert "added lines" in made[1]


def test_the_same_command_run_thrice_is_counted():
    runs = [f"{READ}\n\nfinished in 0.1{number}s" for number in range(3)]
    made = texts(conversation(*(("pytest -q", run) for run in runs)))
    assert "in `pytest -q` above" in made[1]
    assert "in the 1st `pytest -q` above" in made[2]
    for number in (1, 2):
        assert f"finished in 0.1{number}s" in made[number]


def test_what_compression_took_away_is_no_target():
    log = "\n".join(
        f"2026-01-01 10:00:{number % 60:02} INFO worker {number} took its next job from the queue"
        for number in range(300)
    )
    blocks = [result(0, "cat app.log", log), result(1, "tail -n 50 app.log", "\n".join(log.split("\n")[100:150]))]
    made = pipeline.run(blocks, Settings(), {})
    shown = {edit.path[0]: edit.text for edit in made.edits}
    reader = Reader()
    reader.above.append((blocks[0], shown.get(0, blocks[0].text)))
    if "same as" in shown.get(1, ""):
        reader.read(blocks[1], shown[1])


def test_the_user_and_the_output_of_an_unknown_call_are_sources():
    blocks = [
        Block((0,), f"Here it is:\n{READ}", "user"),
        Block((1,), READ, "result", editable=True),
        Block((2,), READ, "result", editable=True),
    ]
    made = pipeline.run(blocks, EXACT, {})
    assert check(blocks, made) == 2
    assert "as in what the user gave above" in made.edits[0].text


def test_a_system_prompt_is_no_source():
    blocks = [Block((0,), READ, "system"), *conversation(("x", "y"), ("cat src/store.py", READ))[1:]]
    assert not pipeline.run(blocks, EXACT, {}).edits


def test_line_ends_count():
    windows = READ.replace("\n", "\r\n")
    assert not texts(conversation(("cat a", READ), ("cat b", windows)))
    assert texts(conversation(("cat a", windows), ("cat b", windows)))


def test_what_the_user_protected_stays():
    kept = f"<headroom:keep>\n{READ}\n</headroom:keep>"
    assert not texts(conversation(("cat a", READ), ("cat b", kept)))
    assert not texts(conversation(("cat a", kept), ("cat b", kept)))
    made = texts(conversation(("cat a", READ), ("cat b", f"{READ}\n{kept}")))
    assert made[1].endswith(kept)


def test_a_long_line_alone_is_a_repeat():
    line = json.dumps({"name": "x" * 50, "items": list(range(80))})
    made = texts(conversation(("curl a", line), ("curl b", f"HTTP/1.1 200 OK\n\n{line}")))
    assert made[1].startswith("HTTP/1.1 200 OK\n\n[same 1 line as in `curl a` above. Full text: h:")


def test_a_reference_saves_what_it_promises():
    blocks = conversation(("cat a", READ), ("cat b", "\n".join(READ.split("\n")[3:7])))
    for edit in pipeline.run(blocks, EXACT, {}).edits:
        assert count(edit.text) + MIN_SAVED <= count(blocks[1].text)


def test_pieces_put_together_are_the_text():
    shown = Shown()
    shown.add(result(0, "cat a", READ), READ)
    for text in (f"new\n{READ}\nnew", f"new\n{READ}\n", f"{READ}\r\nx", READ + "\n\n\n"):
        pieces = shown.fold(text, 11, lambda: "0" * 12)
        lines = text.split("\n")
        for piece in pieces:
            if not piece.reference:
                own = piece.text.removesuffix("\n").split("\n")
                assert lines[piece.first_line - 11 : piece.first_line - 11 + len(own)] == own
        assert pieces[-1].text.endswith("\n") == text.endswith("\n")


def test_a_huge_or_repetitive_text_does_not_explode():
    shown = Shown()
    for number in range(12):
        shown.add(result(number, f"cat {number}", "x\nx\nq\n" * 3000), "x\nx\nq\n" * 3000)
    assert shown.fold("\n".join(f"x\nx\n{number}" for number in range(20_000)), 1, lambda: "0" * 12) is None
    assert shown.fold("line of a huge text\n" * 1_000_000, 1, lambda: "0" * 12) is None


def test_how_a_run_ended_is_said_again():
    first = [
        *(f"tests/test_a.py::test_{n} PASSED" for n in range(30)),
        "FAILED tests/test_a.py::test_x - assert 1 == 2",
    ]
    again = "\n".join(["collected 31 items", *first, "1 failed, 30 passed in 0.51s"])
    blocks = conversation(("pytest -v", "\n".join([*first, "1 failed, 30 passed in 0.51s"])), ("pytest -v", again))
    [made] = [text for at, text in texts(blocks).items() if at == blocks[-1].path[0]]
    assert made.endswith("1 failed, 30 passed in 0.51s")
    assert len(made) < len(again) / 4
