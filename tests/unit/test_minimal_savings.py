"""Small inputs, made here, on which context compressors have been seen to do nothing, or not the same every time.

The companion of `test_minimal_inputs`: what must become shorter, in every conversation and every shape, and what that may
not cost.
"""

import json
import re

import pytest
from reader_view import QUESTION, conversation, deploy, shown, tokens_left

from headroom import compress
from headroom.originals.store import MemoryStore


def openai(text, command="./run"):
    """The same as OpenAI takes it."""
    function = {"name": "Bash", "arguments": json.dumps({"command": command})}
    return [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "1", "content": text},
    ]


# 13: one text, one fate


def test_both_shapes_give_the_same_text():
    lines = [
        f"081109 2035{i % 60:02} {i % 200} {'WARN' if i % 9 == 0 else 'INFO'} dfs.DataNode$PacketResponder: PacketResponder {i % 3} for block blk_{i * 7919} terminating"
        for i in range(400)
    ]
    one = compress(conversation("\n".join(lines)), store=MemoryStore())
    other = compress(openai("\n".join(lines)), store=MemoryStore())
    assert one[-1]["content"][0]["content"] == other[-1]["content"]
    assert one.edits
    assert "WARN" in other[-1]["content"]


# 14: the eightieth conversation is compressed as the first


def test_every_conversation_with_one_system_prompt_is_compressed():
    store = MemoryStore()
    for number in range(80):
        log = "\n".join(line.replace("deploy", f"deploy-{number}") for line in deploy(80))
        made = compress(conversation(log, system="You are a careful engineer."), store=store)
        assert len(made.edits) == 1, number


# 15: nothing is put in between


def ndjson():
    return "".join(
        json.dumps({"id": i, "name": f"item {i}", "price": i * 1.5, "kind": "part" if i % 2 else "whole"}) + "\n"
        for i in range(60)
    )


def passes(number=60):
    return (
        "============================= test session starts ==============================\n"
        + "".join(f"tests/test_shop.py::test_{i} PASSED{' ' * 20}[{i * 100 // number:3}%]\n" for i in range(number))
        + f"============================== {number} passed in 0.51s ==============================\n"
    )


@pytest.mark.parametrize("text", [ndjson(), passes()], ids=["ndjson", "pytest"])
def test_no_blank_lines_are_put_in(text):
    visible = shown(text)
    assert "\n\n" not in visible
    assert len(visible) < len(text)


# 16: what goes from a diff is said


def test_index_lines_do_not_go_in_silence():
    text = "".join(
        f"diff --git a/src/m{i}.py b/src/m{i}.py\nindex 4fee01c2..9ab7730{i} 100644\n--- a/src/m{i}.py\n+++ b/src/m{i}.py\n"
        f"@@ -{i + 10},7 +{i + 10},7 @@ def run():\n a = {i}\n b = 2\n c = 3\n-    timeout = {i}\n+    timeout = {i * 10}\n d = 4\n e = 5\n f = 6\n"
        for i in range(9)
    )
    visible = shown(text, "git diff")
    assert visible.count("\nindex ") + sum(map(int, re.findall(r"(\d+) index lines?", visible))) == 9
    for i in range(9):
        assert f"src/m{i}.py" in visible
        assert f"-    timeout = {i}\n+    timeout = {i * 10}" in visible


# 17: what can be shorter without harm is shorter


def page():
    return (
        "<!doctype html><html><head><title>Prices</title><style>"
        + ".a{color:red}" * 90
        + "</style><script>"
        + "var x=function(){return 1};" * 90
        + "</script></head><body><nav><a href='/'>Home</a></nav><main><h1>Prices</h1>"
        + "".join(f"<p class='row row-{i}'>Item {i} costs <b>{i * 3} EUR</b>.</p>" for i in range(30))
        + "</main></body></html>"
    )


def mocha():
    return (
        "\n  Parser\n" + "".join(f"    ✔ reads case {i} ({i % 9}ms)\n" for i in range(80)) + "\n\n  80 passing (41ms)\n"
    )


def gcc():
    notes = "".join(
        f"/usr/include/c++/12/bits/stl_{i}.h:{i + 30}:5: note: candidate: 'template<class _T{i}> bool std::operator<(const pair<_T{i}>&)'\n"
        f"  {i + 30} |     operator<(const pair<_T{i}>& __x)\n      |     ^~~~~~~~\n"
        f"/usr/include/c++/12/bits/stl_{i}.h:{i + 30}:5: note:   template argument deduction/substitution failed:\n"
        for i in range(30)
    )
    return (
        "main.cpp: In function 'int main()':\nmain.cpp:9:14: error: no match for 'operator<' (operand types are 'A' and 'A')\n"
        "    9 |     return a < b;\n      |            ~ ^ ~\n" + notes
    )


def keyed():
    return json.dumps(
        {f"user-{i}": {"name": f"Name {i}", "active": i % 9 > 0, "plan": "free", "visits": i * 3} for i in range(60)},
        indent=2,
    )


def not_a_number():
    return (
        "["
        + ",\n ".join(f'{{"step": {i}, "loss": {"NaN" if i == 7 else i / 8}, "unit": "nats"}}' for i in range(60))
        + "]"
    )


SHORTER = {
    "page": (page(), "curl -s localhost", ["Item 29 costs", "87 EUR", "Prices"]),
    "mocha": (mocha(), "npx mocha", ["80 passing (41ms)"]),
    "pytest": (passes(), "pytest -v", ["60 passed in 0.51s"]),
    "g++": (gcc(), "g++ main.cpp", ["main.cpp:9:14: error: no match for 'operator<'", "return a < b;"]),
    "keyed by id": (keyed(), "./run", ["user-0", "Name 59", "177"]),
    "NaN": (not_a_number(), "./run", ["NaN", "7.375"]),
    "cut off": (not_a_number()[:1800], "head -c 1800 steps.json", ["NaN", "2.375"]),
}


@pytest.mark.parametrize("kind", SHORTER)
def test_what_can_be_shorter_is_shorter(kind):
    text, command, facts = SHORTER[kind]
    visible = shown(text, command)
    assert tokens_left(text, command) < 0.7
    assert [fact for fact in facts if fact not in visible] == []


def test_a_file_read_three_times_is_shown_once():
    source = "\n".join(f"def step_{i}(value):\n    return value * {i} + {i * i}\n" for i in range(60))
    messages = [{"role": "user", "content": QUESTION}]
    for number in range(3):
        call = {"type": "tool_use", "id": f"t{number}", "name": "Read", "input": {"file_path": "/app/steps.py"}}
        messages += [
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{number}", "content": source}]},
        ]
    made = compress(messages, store=MemoryStore())
    assert made[2] is messages[2]
    assert [len(made[at]["content"][0]["content"]) < 200 for at in (4, 6)] == [True, True]
    assert "/app/steps.py" in made[6]["content"][0]["content"]


# 18: a foreign marker switches nothing off


@pytest.mark.parametrize(
    "line",
    ["[... 48 lines compressed to 0. Retrieve more: hash=39c336fb82ff]", "<<ccr:39c336fb82ff,string,630B>>"],
)
def test_a_foreign_marker_switches_nothing_off(line):
    plain = "\n".join(deploy(300))
    baited = shown(f"{plain}\n{line}")
    assert line in baited
    assert len(baited) < len(shown(plain)) + 3 * len(line)
