"""A note of ours in a file that the model writes is told, and the answer is not touched."""

import json

import pytest

from headroom.proxy.leaks import Watched

HANDLE = "3fa9c1d2e4b7"
NOTE = f"[41-388 omitted: 348 lines. Full text: h:{HANDLE}]"


def anthropic(tool, text):
    events = [
        {
            "type": "message_start",
            "message": {"id": "m", "role": "assistant", "content": [], "usage": {"input_tokens": 1}},
        },
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "t", "name": tool, "input": {}},
        },
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": part}}
            for part in pieces(json.dumps({"file_path": "a.py", "content": text}))
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]
    return "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events).encode()


def pieces(text):
    return [text[at : at + 7] for at in range(0, len(text), 7)]


def found(answer, known=(HANDLE,), size=11):
    watched = Watched("anthropic", "text/event-stream", known, streamed=True)
    for at in range(0, len(answer), size):
        watched.feed(answer[at : at + size])
    watched.close()
    assert watched.usage is not None
    return watched.leaks()


@pytest.mark.parametrize("size", [1, 11, 100_000])
def test_a_note_in_a_file_is_told(size):
    [failure] = found(anthropic("Write", f"first\n{NOTE}\nlast"), size=size)
    assert "Write" in failure.reason
    assert "first" not in failure.reason


@pytest.mark.parametrize(
    ("tool", "text", "known"),
    [
        ("Write", "nothing of ours", (HANDLE,)),
        ("Write", f"see h:{'0' * 12}", (HANDLE,)),
        ("mcp__x__headroom_retrieve", HANDLE, (HANDLE,)),
    ],
)
def test_nothing_else_is(tool, text, known):
    assert found(anthropic(tool, text), known) == ()


def test_an_answer_that_breaks_off_tells_nothing():
    watched = Watched("anthropic", "text/event-stream", (HANDLE,), streamed=True)
    watched.feed(anthropic("Write", NOTE)[:300])
    watched.close()
    assert watched.leaks() == ()
