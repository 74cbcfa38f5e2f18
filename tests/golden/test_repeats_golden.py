"""Goldens of whole conversations: what the model reads where it has been shown something before.

A conversation is `tests/golden/repeats/<case>.conversation`: remarks, then sections that open with a line `=== name`:
`user`; `call NAME` with the shell command, or the arguments as JSON; `result`; and, behind each result that became
shorter, `becomes` with what the model reads in its place.

`UPDATE_GOLDEN=1 pytest tests/golden` writes the `becomes` sections anew.
"""

import json
import os
import re
from pathlib import Path

import pytest

from headroom import compress, retrieve
from headroom.compression import markers
from headroom.originals.store import MemoryStore
from headroom.tokens import count

CASES = sorted((Path(__file__).parent / "repeats").glob("*.conversation"))
SECTION = re.compile(r"^=== (user|call [^\n]+|result|becomes)$\n?", re.MULTILINE)


def read(path):
    remarks, *pieces = SECTION.split(path.read_bytes().decode("utf-8"))
    return remarks, [(name, body.removesuffix("\n")) for name, body in zip(pieces[::2], pieces[1::2], strict=True)]


def messages_of(sections):
    """The conversation in Anthropic's shape, and the place of each result's section in it."""
    messages, places = [], {}
    for number, (name, body) in enumerate(sections):
        if name == "user":
            messages.append({"role": "user", "content": body})
        elif name.startswith("call "):
            arguments = json.loads(body) if body.startswith("{") else {"command": body}
            call = {"type": "tool_use", "id": f"call_{number}", "name": name.removeprefix("call "), "input": arguments}
            messages.append({"role": "assistant", "content": [call]})
        elif name == "result":
            made_by = messages[-1]["content"][0]["id"]
            messages.append(
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": made_by, "content": body}]}
            )
            places[number] = len(messages) - 1
    return messages, places


def run(sections):
    """The sections with what each result became, by our own hand."""
    messages, places = messages_of(sections)
    store = MemoryStore()
    made = compress(messages, store=store)
    assert made.failures == ()
    again = []
    for number, (name, body) in enumerate(sections):
        if name != "becomes":
            again.append((name, body))
        if name == "result":
            text = made[places[number]]["content"][0]["content"]
            if text != body:
                assert count(text) < count(body)
                if "same " in text:
                    assert [retrieve(handle, store=store) for handle in markers.HANDLE.findall(text)] == [body]
                again.append(("becomes", text))
    return again


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_conversation(path):
    remarks, sections = read(path)
    made = run(sections)
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_bytes((remarks + "".join(f"=== {name}\n{body}\n" for name, body in made)).encode("utf-8"))
    assert read(path)[1] == made


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_every_case_has_a_reference(path):
    assert any("same " in body for name, body in read(path)[1] if name == "becomes")


def test_there_are_cases():
    assert len(CASES) >= 6
