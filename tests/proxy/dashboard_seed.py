"""A ledger and a store as a proxy leaves them after some work: made by the engine and the ledger themselves.

`HOSTILE` stands wherever a client, a tool or a provider can put a text of its own.
"""

from headroom import engine, wire
from headroom.blocks import Failure
from headroom.compression import cache
from headroom.ledger.entry import Edited, Entry, Segment
from headroom.ledger.ledger import Ledger
from headroom.originals.store import MemoryStore
from headroom.settings import Settings
from headroom.wire.usage import Usage

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
MODEL = "claude-sonnet-4-5"


def log(salt, lines=400):
    """A log with one decisive line, which holds what a hostile server may print."""
    said = [
        f"12:{at // 60:02}:{at % 60:02} INFO {salt} served request {7000 + 13 * at} in 20 ms" for at in range(lines)
    ]
    said[250] = f"12:04:10 ERROR {salt} session_timeout changed 3600 -> 36 {HOSTILE}"
    return "\n".join(said)


def pytest_run(salt):
    """Many passing tests and a failing one."""
    passed = [f"tests/test_{salt}.py::test_case_{at} PASSED" for at in range(120)]
    passed.insert(70, f"tests/test_{salt}.py::test_rate FAILED")
    head = ["============ test session starts ============", "collected 121 items", ""]
    tail = [
        "",
        "=== FAILURES ===",
        "____ test_rate ____",
        "E   assert 3600 == 36",
        "=== 1 failed, 120 passed in 2.10s ===",
    ]
    return "\n".join([*head, *passed, *tail])


OUTPUTS = (("Bash", "cat app.log", log), ("Bash", "pytest -v", pytest_run), (HOSTILE, "tail -n 400 app.log", log))


def conversation(name, first=None):
    """A conversation whose every tool result is long; `first` may take the place of the first one."""
    messages = [{"role": "user", "content": f"Why is {name} slow?"}]
    for at, (tool, command, output) in enumerate(OUTPUTS):
        call = {"type": "tool_use", "id": f"t{at}", "name": tool, "input": {"command": command}}
        result = {
            "type": "tool_result",
            "tool_use_id": f"t{at}",
            "content": (not at and first) or output(f"{name}{at}"),
        }
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return messages


def requests(name, store, first=None):
    """What the ledger is told of each request of a conversation: segments so far, and the edits that are new."""
    blocks, _ = wire.read(conversation(name, first))
    keys = dict(zip((block.path for block in blocks), cache.keys(blocks), strict=True))
    edits, _ = engine.edit(blocks, Settings(), store)
    segments = [Segment(2000)]
    for edit, (tool, _, _) in zip(edits, OUTPUTS, strict=True):
        segments += [Segment(50), Segment(edit.tokens_after, edit.tokens_before - edit.tokens_after, edit.compressor)]
        told = (edit.compressor, tool, edit.lossless, edit.tokens_before, edit.tokens_after)
        yield tuple(segments), (Edited(keys[edit.path], edit.handle, *told),)


def entry(at, name, segments, edits=(), **changed):
    """One answered request; what it read before is read from the cache."""
    last = sum(segment.tokens for segment in segments[-2:])
    read = sum(segment.tokens for segment in segments) - last
    known = {
        "conversation": name,
        "tag": "",
        "agent": "claude-code",
        "provider": "anthropic",
        "route": "messages",
        "model": MODEL,
        "status": 200,
        "streamed": True,
        "round": 0,
        "usage": Usage(0, read, last, 0, 120),
        "subscription": False,
        "marked": False,
        "added_ms": 2.0,
        "first_byte_ms": 400.0,
        "total_ms": 2000.0,
    }
    return Entry(**{**known, "at": at, "segments": segments, "edits": edits, **changed})


TROUBLE = {
    "strange": {"model": HOSTILE, "agent": HOSTILE},
    "broken": {
        "tag": HOSTILE,
        "cache_break": f"system prompt: byte 1,204, looks like a date {HOSTILE}",
        "failures": (Failure("pipeline", f"ValueError: {HOSTILE}"),),
        "retrievals": 1,
    },
    "steady": {},
}
"""Conversations, oldest first, and what is not usual in their entries."""
TURN, APART = 4000, 50_000
"""Seconds between requests, and between conversations."""


def seed(path, now, differences=None):
    """A ledger at `path`, and its store: some conversations of three requests each, the last one `TURN` before `now`."""
    ledger, store = Ledger(path), MemoryStore()
    differences = TROUBLE if differences is None else differences
    for place, (name, differs) in enumerate(differences.items(), 1 - len(differences)):
        for turn, (segments, edits) in enumerate(requests(name, store)):
            ledger.add(entry(now + APART * place - TURN * (3 - turn), name, segments, edits, **differs))
    return ledger, store
