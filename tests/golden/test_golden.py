"""Goldens: what each compressor makes of a text, as files a person can read.

A golden is `tests/golden/<compressor>/<case>.golden`: remarks, then sections that open with a line `=== name`:
`command`, `query` and `level` (optional, one line each), `input`, `output`.

`UPDATE_GOLDEN=1 pytest tests/golden` writes the outputs anew; it still fails where a law breaks (never longer in
tokens, deterministic, a handle where something is missing).
"""

import os
import re
from pathlib import Path

import pytest

from headroom import Settings, compress_text, retrieve
from headroom.compression import markers, router
from headroom.originals.store import MemoryStore
from headroom.tokens import count

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/*.golden"))
SECTION = re.compile(r"^=== (command|query|level|input|output)$\n?", re.MULTILINE)


def read(path):
    text = path.read_bytes().decode("utf-8")
    pieces = SECTION.split(text)
    parts = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    return pieces[0], {name: body if name in ("input", "output") else body.strip() for name, body in parts.items()}


def write(path, remarks, parts):
    order = [name for name in ("command", "query", "level", "input", "output") if name in parts]
    body = "".join(f"=== {name}\n{parts[name]}" + ("" if parts[name].endswith("\n") else "\n") for name in order)
    path.write_bytes((remarks + body).encode("utf-8"))


@pytest.mark.parametrize("path", CASES, ids=[f"{path.parent.name}/{path.stem}" for path in CASES])
def test_golden(path):
    remarks, parts = read(path)
    source = parts["input"].removesuffix("\n")
    store = MemoryStore()
    settings = Settings(level=parts.get("level", "balanced"), min_tokens=0)
    made = compress_text(source, parts.get("command"), parts.get("query"), settings=settings, store=store)
    again = compress_text(source, parts.get("command"), parts.get("query"), settings=settings, store=MemoryStore())
    assert made.failures == ()
    assert made.text == again.text, "not deterministic"
    assert count(made.text) <= count(source), "longer than the original"
    if made.edit and not made.edit.lossless:
        assert markers.HANDLE.search(made.text), "something is missing and no handle says where it is"
    if made.edit:
        assert retrieve(made.edit.handle, store=store) == source
    if os.environ.get("UPDATE_GOLDEN"):
        write(path, remarks, {**parts, "output": made.text})
    assert read(path)[1].get("output", "").removesuffix("\n") == made.text.removesuffix("\n")


@pytest.mark.parametrize("path", CASES, ids=[f"{path.parent.name}/{path.stem}" for path in CASES])
def test_own_output_stays(path):
    _, parts = read(path)
    store, settings = MemoryStore(), Settings(level=parts.get("level", "balanced"), min_tokens=0)
    source = parts["input"].removesuffix("\n")
    made = compress_text(source, parts.get("command"), parts.get("query"), settings=settings, store=store)
    again = compress_text(made.text, parts.get("command"), parts.get("query"), settings=settings, store=store)
    assert again.text == made.text


def test_every_compressor_has_goldens():
    assert {entry.name for entry in router.TABLE} <= {path.parent.name for path in CASES}
