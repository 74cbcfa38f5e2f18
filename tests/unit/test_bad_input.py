"""Input that nobody meant to send: nothing crashes, nothing hangs, nothing is lost.

Whatever comes, the result is right or it is the original; what could not be handled is a recorded failure; and what earlier
turns of the conversation became stands, byte for byte. How long this takes is `pytest`'s timeout's to judge.
"""

import base64
import json
import random

import pytest
from reader_view import conversation, deploy

from headroom import compress, compress_text, retrieve
from headroom.compression import markers
from headroom.originals.store import MemoryStore

LOG = "\n".join(deploy(120))
RECORDS = json.dumps([{"id": i, "name": f"user{i}", "active": True, "plan": "free"} for i in range(60)], indent=1)
LONG = 400_000
DEEP = 50_000
RANDOM = random.Random(7)

TEXTS = {
    "empty": "",
    "one newline": "\n",
    "newlines": "\n" * LONG,
    "blanks": " " * LONG,
    "tabs": "\t" * LONG,
    "nul": "\x00" * LONG,
    "escapes": "\x1b[" * LONG,
    "unfinished escape": "\x1b]0;" + "title " * 20_000,
    "carriage returns": "\r" * LONG,
    "overwritten": "abc\r" * (LONG // 4),
    "backspaces": "ab\x08" * (LONG // 3),
    "binary": RANDOM.randbytes(LONG).decode("latin-1"),
    "invalid UTF-8": RANDOM.randbytes(LONG).decode("utf-8", "surrogateescape"),
    "lone surrogates": "\ud800\udfff a\udcff\n" * 5000,
    "private and unassigned": "\ue000\U000f0000\U0010ffff\u0378" * 5000,
    "combining": "a" + "\u0301" * LONG,
    "right to left": "\u202e\u05d0\u05d1 log\u2069\n" * 5000,
    "line separators": "a\u2028b\x0bc\x0cd\x85e\x1cf\n" * 5000,
    "mixed line ends": "one two\r\nthree four\n\rfive\r" * 5000,
    "one long line": "x" * LONG,
    "one long line of words": "word " * (LONG // 5),
    "one long line of digits": "1234567890" * (LONG // 10),
    "one long line of dashes": "-" * LONG,
    "one long line of hex": RANDOM.randbytes(LONG // 2).hex(),
    "hex by lines": "\n".join(RANDOM.randbytes(57).hex() for _ in range(LONG // 115)),
    "base64": base64.encodebytes(RANDOM.randbytes(LONG // 2)).decode(),
    "brackets": "[" * LONG,
    "braces": '{"a":' * (LONG // 5),
    "closing": "]}" * (LONG // 2),
    "deep arrays": "[" * DEEP + "]" * DEEP,
    "deep objects": '{"a":' * DEEP + "1" + "}" * DEEP,
    "deep in records": json.dumps([{"id": 1}]) + "\n" + "[" * DEEP + "]" * DEEP,
    "deep in a string": json.dumps([{"id": i, "raw": "[" * 5000 + "]" * 5000} for i in range(20)]),
    "deep HTML": "<!doctype html><html><body>" + "<div>" * (LONG // 10) + "x" + "</div>" * (LONG // 10),
    "unclosed HTML": "<html><body>" + "<p><b><a href=" * (LONG // 14),
    "deep XML": '<?xml version="1.0"?>' + "<a>" * DEEP + "</a>" * DEEP,
    "entities": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><x>'
    + "&b;" * 9999
    + "</x>",
    "not a number": "[" + "NaN,Infinity,-Infinity,1e999," * 5000 + "-0.0]",
    "huge numbers": "[" + ",".join(["9" * 5000] * 60) + "]",
    "JSON with surrogates": json.dumps([{"id": i, "text": "\ud800 \udc00"} for i in range(200)]),
    "JSON cut in an escape": json.dumps([{"id": i, "text": "é" * 40} for i in range(200)])[:-20] + "\\u00",
    "JSON with a key again": "[" + ",".join(['{"a":1,"a":"two","a":null}'] * 400) + "]",
    "quotes": '"' * LONG,
    "backslashes": '["' + "\\" * LONG + '"]',
    "commas": "," * LONG,
    "CSV of one column": "a\n" * (LONG // 2),
    "CSV never closed": 'a,b,c\n1,2,"' + "x,y\n" * (LONG // 4),
    "wide CSV": ",".join(["1"] * (LONG // 20)) + "\n" + ",".join(["2"] * (LONG // 20)) + "\n",
    "ragged CSV": "".join("a,b," * (i % 9) + "c\n" for i in range(9000)),
    "bars": "| " * (LONG // 2),
    "rules": "+---+---+\n" * (LONG // 10),
    "many columns": " ".join("A" * 3 for _ in range(200)) + "\n" + ("1 " * 200 + "\n") * 300,
    "hunk headers": "@@ -1,3 +1,3 @@\n" * (LONG // 16),
    "hunks that lie": "--- a/x\n+++ b/x\n" + "@@ -1,9999 +1,9999 @@\n a\n" * (LONG // 30),
    "file headers": "diff --git a/x b/x\n" * (LONG // 19),
    "commits": ("commit " + "a" * 40 + "\n") * (LONG // 48),
    "boxes": "│   " * 40 + "├── a\n",
    "boxes by thousands": ("│   " * 40 + "├── a\n") * 1500,
    "places": "a.py:1:" * (LONG // 7),
    "places by lines": "".join(f"a.py:{10**i}:x\n" for i in range(400)),
    "times": "12:34:56 " * (LONG // 9),
    "stack frames": "    at f (a.js:1:2)\n" * (LONG // 20),
    "the same error": "E   assert 1 == 2\n" * (LONG // 18),
    "failing tests": "____ test ____\n" * (LONG // 15),
    "carets": "a.c:1:1: error: x\n    ^\n" * (LONG // 24),
    "fences": "```\n" * (LONG // 4),
    "tags": "<document>" * (LONG // 10),
    "keep": "<headroom:keep>" * (LONG // 15),
    "keep closed first": "</headroom:keep><headroom:keep>" * 999,
    "frames": "<output>\n" * (LONG // 9) + "</output>\n" * (LONG // 10),
    "look-alike markers": "[1-9 omitted: 9 lines. Full text: h:0123456789ab]\n" * 4000,
    "markers of others": "[... Retrieve more: hash=abcdef123456]\n<<ccr:39c336fb82ff,string,630B>>\n" * 3000,
    "repeats of two": "a b c d\n1 2 3 4\n" * 9000,
    "nearly repeats": "".join(f"line {i % 3}{'x' * (i % 2)}\n" for i in range(20_000)),
}
COMMANDS = ("", "cat file", "git log -p", "pytest -v", "ls -laR", "grep -rn x .", "psql -c 'SELECT 1'")


@pytest.mark.parametrize("name", TEXTS)
def test_any_text_comes_back_shorter_or_as_it_was(name):
    text = TEXTS[name]
    store = MemoryStore()
    made = compress_text(text, COMMANDS[len(name) % len(COMMANDS)], store=store)
    assert made.failures == ()
    if made.edit is None:
        assert made == text
    else:
        assert len(made) < len(text)
        assert retrieve(made.edit.handle, store=store) == text
    again = compress_text(made.text, store=store)
    assert again == made


@pytest.mark.parametrize("name", TEXTS)
def test_any_text_in_a_conversation_harms_no_other(name):
    before = [{"role": "user", "content": "go"}, *conversation(LOG)[1:]]
    alone = compress(before, store=MemoryStore())
    after = conversation(TEXTS[name][:20_000], "./other")[1:]
    made = compress([*before, *after, *conversation(RECORDS, "./third")[1:]], store=MemoryStore())
    assert made.failures == ()
    assert made[: len(before)] == alone
    assert len(made[-1]["content"][0]["content"]) < len(RECORDS)


# Values that have no place in a message: the turn they come in is left alone, those before it stand


def deep(levels, wrap):
    value = "x" * 100
    for _ in range(levels):
        value = wrap(value)
    return value


VALUES = {
    "a lone surrogate": "\ud800",
    "not a number": float("nan"),
    "infinity": float("inf"),
    "deep lists": deep(DEEP, lambda value: [value]),
    "deep dicts": deep(DEEP, lambda value: {"a": value}),
    "bytes": b"\xff\xfe",
    "a set": {1, 2},
    "an object": object(),
    "a huge number": 10**5000,
    "itself": (circle := {}),
}
circle["again"] = circle


def turns(number):
    messages = [{"role": "user", "content": "go"}]
    for turn in range(number):
        text = "\n".join(line.replace("deploy", f"deploy-{turn}") for line in deploy(60))
        use = {"type": "tool_use", "id": f"t{turn}", "name": "Bash", "input": {"command": f"./run {turn}"}}
        result = {"type": "tool_result", "tool_use_id": f"t{turn}", "content": text}
        messages += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    return messages


PLACES = {
    "a call's input": lambda value: [
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "odd", "name": "Bash", "input": {"command": value}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "odd", "content": RECORDS}]},
    ],
    "the whole input": lambda value: [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "odd", "name": "Bash", "input": value}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "odd", "content": RECORDS}]},
    ],
    "a result": lambda value: [
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": value}]}
    ],
    "a part of a result": lambda value: [
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": value}]}],
        }
    ],
    "content": lambda value: [{"role": "user", "content": value}],
    "a block": lambda value: [{"role": "user", "content": [value]}],
    "a role": lambda value: [{"role": value, "content": "x"}],
    "a type": lambda value: [{"role": "user", "content": [{"type": value, "text": RECORDS}]}],
    "an id": lambda value: [
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": value, "content": RECORDS}]}
    ],
    "a flag": lambda value: [
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t1", "is_error": value, "content": RECORDS}],
        }
    ],
    "an unknown key": lambda value: [{"role": "user", "content": [{"type": "text", "text": "x", "extra": value}]}],
    "OpenAI arguments": lambda value: [
        {"role": "assistant", "tool_calls": [{"id": "odd", "function": {"name": "Bash", "arguments": value}}]},
        {"role": "tool", "tool_call_id": "odd", "content": RECORDS},
    ],
    "a Responses item": lambda value: [
        {"type": "function_call", "call_id": "odd", "name": "Bash", "arguments": value},
        {"type": "function_call_output", "call_id": "odd", "output": RECORDS},
    ],
    "a Gemini part": lambda value: [
        {"role": "model", "parts": [{"functionCall": {"name": "Bash", "args": value}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "Bash", "response": {"output": value}}}]},
    ],
    "a message": lambda value: [value],
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", VALUES)
def test_what_comes_at_turn_twelve_leaves_the_turns_before_it(place, name):
    before = turns(11)
    sound = compress(before, store=MemoryStore())
    assert len(sound.edits) == 11
    odd = PLACES[place](VALUES[name])
    store = MemoryStore()
    made = compress([*before, *odd, {"role": "user", "content": "and now?"}], store=store)
    assert made[: len(before)] == sound
    assert len(made) == len(before) + len(odd) + 1
    edited = {edit.path[0] for edit in made.edits}
    for index, given in enumerate(odd, len(before)):
        assert (made[index] is given) == (index not in edited)
    assert compress([*before, *odd], store=store)[: len(before)] == sound


def test_deep_arguments_as_text_are_read_or_left_alone():
    for arguments in ("[" * DEEP + "]" * DEEP, '{"a":' * DEEP, '{"command": "ls"', "\ud800", "NaN", "null", "[]", ""):
        messages = PLACES["OpenAI arguments"](arguments)
        made = compress(messages, store=MemoryStore())
        assert made.failures == ()
        assert len(made[1]["content"]) < len(RECORDS)


@pytest.mark.parametrize(
    "message",
    [
        None,
        5,
        [],
        {},
        {"role": "user"},
        {"content": "x"},
        {"role": "user", "content": 5},
        {"type": "nothing"},
        object(),
    ],
)
def test_messages_that_are_none_pass_through_and_are_reported(message):
    messages = [*conversation(LOG), message]
    made = compress(messages, store=MemoryStore())
    assert made[:3] == compress(messages[:3], store=MemoryStore())
    assert made[3] is message
    assert [failure.path for failure in made.failures] == [(3,)]
    assert made.failures[0].where == "wire"


# Markers


def test_markers_of_another_store_are_only_text():
    theirs, ours = MemoryStore(), MemoryStore()
    foreign = compress_text(LOG, store=theirs)
    assert foreign.edit
    for command in ("cat notes.txt", "./run"):
        text = f"{foreign}\n{RECORDS}"
        made = compress(conversation(text, command), store=ours)
        assert made.failures == ()
        assert foreign.edit.handle in made[2]["content"][0]["content"]
        assert [retrieve(edit.handle, store=ours) for edit in made.edits] == [text] * len(made.edits)
    kept = compress(conversation(f"{foreign}\n{foreign}"), store=ours)
    assert foreign.edit.handle in kept[2]["content"][0]["content"]


def test_a_handle_in_the_text_is_not_taken_for_its_own():
    text = f"{LOG}\n[1-9 omitted: 9 lines. Full text: h:{markers.handle_of(LOG)}]\n{LOG.replace('deploy', 'rollback')}"
    store = MemoryStore()
    made = compress_text(text, store=store)
    assert retrieve(made.edit.handle, store=store) == text
    assert made.edit.handle != markers.handle_of(LOG)


def test_encoded_bytes_are_no_list_of_paths():
    assert compress_text(TEXTS["base64"], store=MemoryStore()) == TEXTS["base64"]
