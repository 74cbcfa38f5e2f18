"""Every example of docs/format.md is what the compressors make today.

    ```shown COMMAND     an earlier result in the conversation
    ```input COMMAND     what a command printed; with `escaped` before the command \\x1b is an escape
    ```output            what the model reads instead
    ```quote KIND/CASE   lines of the output of tests/golden/KIND/CASE.golden, in order; `...` stands for others

`UPDATE_GOLDEN=1` writes the outputs anew.
"""

import os
import re
from pathlib import Path

import pytest

from headroom import Settings, compress, retrieve
from headroom.compression import markers
from headroom.originals.store import MemoryStore

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs/format.md"
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))
FENCE = re.compile(r"^(`{3,})(shown|input|output|quote)\b ?(.*)\n((?:.*\n)*?)\1$", re.MULTILINE)


def blocks():
    return [(match[2], match[3], match[4].removesuffix("\n")) for match in FENCE.finditer(PAGE.read_text("utf-8"))]


def examples():
    """Earlier results, command, input and output of each example."""
    found, shown, given = [], [], None
    for kind, said, text in blocks():
        if kind == "shown":
            shown.append((said, text))
        elif kind == "input":
            given = (said, text)
        elif kind == "output":
            found.append((shown, *given, text))
            shown = []
    return found


def written(results, store):
    """What the model reads in the place of the last result."""
    messages = [{"role": "user", "content": "Go on."}]
    for number, (command, text) in enumerate(results):
        use = {"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": {"command": command}}
        result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": text}
        messages += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    compressed = compress(messages, settings=Settings(min_tokens=0), store=store)
    assert compressed.failures == ()
    return compressed[-1]["content"][0]["content"]


def made(example, store):
    """What the compressors make of an example, and the input as it was printed."""
    shown, command, given, _ = example
    if command.startswith("escaped "):
        command, given = command.removeprefix("escaped "), given.encode().decode("unicode_escape")
    return written([*shown, (command, given)], store), given


@pytest.mark.skipif(UPDATE, reason="the outputs are being written anew")
@pytest.mark.parametrize("example", examples(), ids=[example[1] for example in examples()])
def test_example(example):
    store = MemoryStore()
    text, given = made(example, store)
    assert text != given
    for handle in markers.HANDLE.findall(text):
        assert retrieve(handle, store=store) == given
    assert text == example[3]


@pytest.mark.skipif(not UPDATE, reason="only with UPDATE_GOLDEN=1")
def test_outputs_are_written_anew():
    outputs = iter([made(example, MemoryStore())[0] for example in examples()])

    def anew(match):
        return f"{match[1]}output\n{next(outputs)}\n{match[1]}" if match[2] == "output" else match[0]

    PAGE.write_text(FENCE.sub(anew, PAGE.read_text("utf-8")), "utf-8")
    assert next(outputs, None) is None


@pytest.mark.parametrize(("case", "text"), [(said, text) for kind, said, text in blocks() if kind == "quote"])
def test_quote(case, text):
    golden = (ROOT / f"tests/golden/{case}.golden").read_text("utf-8")
    lines = iter(golden[golden.index("\n=== output\n") :].split("\n"))
    missing = [line for line in text.split("\n") if line != "..." and line not in lines]
    assert missing == []


def test_there_are_examples():
    assert len(examples()) >= 8
