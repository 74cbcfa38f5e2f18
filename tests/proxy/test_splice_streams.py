"""Playbooks: what the provider sends, event by event, and what the client gets of it.

In a table each line is one event of the provider's, what it may hold, and what becomes of it: `=` as it came, `-` nothing,
or the JSON that the client gets instead.
"""

import json

import pytest
from splice_talk import TALKS, Facts, Played, dump, sse

from headroom.proxy.hidden import Place
from headroom.proxy.splice import CutError, Done, Job, start
from headroom.proxy.splice.framing import Array, Sse
from headroom.proxy.splice.rounds import LAST, NO_MORE

HANDLE = {"handle": "3fa9c1d2e4b7"}
OWN, CALL = ("own", "own1", HANDLE), ("call", "x1", {"command": "ls"})
STREAMS = [("anthropic", "stream"), ("chat", "stream"), ("gemini", "stream"), ("gemini", "array")]
SAID = [
    [("text", 'Just words, with é and 😀 and \\ and "quotes".')],
    [("text", "A list: "), ("call", "x1", {"command": "ls"}), ("call", "x2", {"a": 1})],
    [],
]


def played(name, frame="stream", facts=None, **job):
    talk = TALKS[name]
    content_type = "text/event-stream" if frame == "stream" else "application/json"
    request = talk.request([talk.user("hello")])
    return talk, Played(
        talk, request, Facts() if facts is None else facts, content_type, streamed=frame != "whole", **job
    )


@pytest.mark.parametrize(("name", "frame"), STREAMS)
@pytest.mark.parametrize("items", SAID, ids=["text", "calls", "nothing"])
def test_without_a_call_of_ours_every_event_leaves_as_it_came_and_at_once(name, frame, items):
    talk, play = played(name, frame)
    *events, last = [event.encode() for event in getattr(talk, frame)(items)]
    for event in events:
        assert play.splice.feed(event) == event
    at_once = play.splice.feed(last)
    step = play.splice.finish()
    assert isinstance(step, Done)
    assert not step.remember
    assert (at_once, step.data) == ((b"", last) if frame == "array" else (last, b""))


@pytest.mark.parametrize("name", TALKS)
def test_a_whole_answer_without_a_call_of_ours_is_the_same_bytes(name):
    talk, play = played(name, "whole")
    said = talk.whole(SAID[1]).replace('{"', '{ "').encode()
    assert not play.hear([said[:50], said[50:]])
    assert play.client == said


@pytest.mark.parametrize(("name", "frame"), STREAMS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_events_are_the_same_wherever_the_stream_is_cut(name, frame, end):
    said = TALKS[name]
    said = "".join(getattr(said, frame)([("text", 'é😀 "\\" [{'), CALL])).replace("\n", end).encode()
    framing = Array if frame == "array" else Sse

    def events(at):
        cutter = framing()
        found = [cutter.put(event) for part in (said[:at], said[at:]) for event in cutter.feed(part)]
        return [*found, cutter.rest()]

    whole = events(0)
    assert b"".join(whole) == said
    assert len(whole) > 4
    assert [at for at in range(len(said)) if events(at) != whole] == []


@pytest.mark.parametrize(("name", "frame"), STREAMS)
def test_wherever_the_stream_is_cut_the_client_gets_the_same(name, frame):
    talk = TALKS[name]
    rounds = [[("text", "é😀"), OWN], [("text", "B"), ("own", "own2", HANDLE), CALL]]
    answers = ["".join(getattr(talk, frame)(items, number)).encode() for number, items in enumerate(rounds)]

    def client(at):
        _, play = played(name, frame)
        for answer in answers:
            play.hear([answer[:at], answer[at:]])
        return play.client, play.sent

    whole = client(0)
    assert b"headroom" not in whole[0]
    assert [at for at in range(1, max(map(len, answers)), 11) if client(at) != whole] == []


TABLE = [
    ("message_start", {"message": {"id": "m0", "usage": {"input_tokens": 9, "cache_read_input_tokens": 4}}}, "="),
    ("ping", {}, "="),
    ("content_block_start", {"index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}}, "="),
    ("content_block_delta", {"index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}, "="),
    ("content_block_delta", {"index": 0, "delta": {"type": "signature_delta", "signature": "s0"}}, "="),
    ("content_block_stop", {"index": 0}, "="),
    (
        "content_block_start",
        {"index": 1, "content_block": {"type": "tool_use", "id": "own1", "name": "headroom_retrieve", "input": {}}},
        "-",
    ),
    ("content_block_delta", {"index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"handle": "3f'}}, "-"),
    ("ping", {}, "="),
    ("content_block_delta", {"index": 1, "delta": {"type": "input_json_delta", "partial_json": 'a9c1d2e4b7"}'}}, "-"),
    ("content_block_stop", {"index": 1}, "-"),
    ("news", {"of": "a kind nobody knows"}, "="),
    ("message_delta", {"delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 30}}, "-"),
    ("message_stop", {}, "-"),
    "again",
    ("message_start", {"message": {"id": "m1", "usage": {"input_tokens": 2, "cache_read_input_tokens": 11}}}, "-"),
    ("ping", {}, "="),
    ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}, {"index": 1}),
    ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": '"index":0'}}, {"index": 1}),
    ("content_block_stop", {"index": 0}, {"index": 1}),
    (
        "message_delta",
        {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
        {"usage": {"output_tokens": 35, "input_tokens": 2, "cache_read_input_tokens": 11}},
    ),
    ("message_stop", {}, "="),
]


def test_anthropic_playbook():
    """The last word of the last round is held until what is hidden is durable; everything else at its event."""
    _, play = played("anthropic")
    held = b""
    later = TABLE[TABLE.index("again") :]
    for line in TABLE:
        if line == "again":
            step = play.splice.finish()
            assert step.data == b""
            assert json.loads(step.body)["messages"][1:] == [
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "hm", "signature": "s0"},
                        {"type": "tool_use", "id": "own1", "name": "headroom_retrieve", "input": HANDLE},
                    ],
                },
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "own1", "content": "line 41\nline 42"}],
                },
            ]
            assert b'"input":{"handle": "3fa9c1d2e4b7"}' in step.body, "the model's own spelling"
            continue
        kind, members, becomes = line
        event = sse(kind, {"type": kind} | members)
        expected = "" if becomes == "-" else event if becomes == "=" else sse(kind, {"type": kind} | members | becomes)
        got = play.splice.feed(event.encode())
        if kind in ("message_delta", "message_stop") and line in later:
            assert got == b""
            held += expected.encode()
        else:
            assert got == expected.encode()
    assert play.splice.finish().data == held


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r"])
def test_any_line_end(end):
    talk, play = played("anthropic")
    for number, items in enumerate([[OWN], [("text", "Yes."), CALL]]):
        play.hear([event.replace("\n", end[: len(end) // 2]) for event in talk.stream(items, number)])
    assert b"headroom" not in play.client
    assert play.client.count(b"message_stop") == 2  # its name and its type


def test_comments_and_lines_nobody_knows_pass():
    _, play = played("chat")
    for line in (": OPENROUTER PROCESSING\n\n", "retry: 3000\n\n", "data: not JSON\n\n", "data: {}\ndata: {}\n\n"):
        assert play.splice.feed(line.encode()) == line.encode()


ORDERS = [
    [OWN, CALL],
    [CALL, OWN],
    [("own", "own1", HANDLE), CALL, ("own", "own2", HANDLE), ("call", "x2", {}), ("own", "own3", HANDLE)],
]


@pytest.mark.parametrize("items", ORDERS, ids=["first", "last", "between"])
@pytest.mark.parametrize(("name", "frame"), [*STREAMS, ("anthropic", "whole"), ("chat", "whole"), ("gemini", "whole")])
def test_beside_the_clients_own_calls_ends_the_answer(name, frame, items):
    talk, play = played(name, frame)
    said = getattr(talk, frame)(items)
    assert not play.hear([said] if frame == "whole" else said)
    assert len(play.sent) == 1
    assert len(play.asked) == sum(item[0] == "own" for item in items)
    assert b"own" not in play.client
    assert all(item[1].encode() in play.client for item in items if item[0] == "call")
    assert b"tool_use" in play.client or b'"tool_calls"' in play.client or b'"STOP"' in play.client
    assert b"end_turn" not in play.client


def test_chat_calls_are_numbered_from_0():
    talk, play = played("chat")
    play.hear(talk.stream(ORDERS[2]))
    chunks = [json.loads(event[6:]) for event in play.client.decode().split("\n\n") if event.startswith("data: {")]
    calls = [call for chunk in chunks for choice in chunk["choices"] for call in choice["delta"].get("tool_calls", [])]
    assert [call["index"] for call in calls if "id" in call] == [0, 1]
    assert [call["id"] for call in calls if "id" in call] == ["x1", "x2"]


@pytest.mark.parametrize(("name", "frame"), [*STREAMS, ("anthropic", "whole"), ("chat", "whole"), ("gemini", "whole")])
def test_rounds_are_bounded(name, frame):
    talk, play = played(name, frame, rounds=2)
    hear = (
        (lambda *said: play.hear([talk.whole(*said)]))
        if frame == "whole"
        else (lambda *said: play.hear(getattr(talk, frame)(*said)))
    )
    assert hear([("own", "own0", HANDLE)], 0)
    assert hear([("own", "own1", HANDLE)], 1)
    assert not hear([("text", "Once more: "), ("own", "own2", HANDLE)], 2)
    assert len(play.asked) == 2
    assert LAST.strip() in play.sent[2].decode()
    assert LAST.strip() not in play.sent[1].decode()
    assert b"tool_use" not in play.client
    assert b'tool_calls",' not in play.client.replace(b'"tool_calls":null', b"")
    kept = json.loads(next(value for key, value in play.facts.items() if key.startswith("turn:")))
    assert NO_MORE in kept[-1][1][0]


@pytest.mark.parametrize(("name", "frame"), [*STREAMS, ("anthropic", "whole"), ("chat", "whole"), ("gemini", "whole")])
def test_a_call_that_ran_out_of_tokens_was_never_made(name, frame):
    talk, play = played(name, frame)
    said = getattr(talk, frame)([("text", "Let me "), OWN], 0, length=True)
    assert not play.hear([said] if frame == "whole" else said)
    assert play.asked == []
    assert b"own1" not in play.client
    assert any(word in play.client for word in (b"max_tokens", b'"length"', b"MAX_TOKENS"))
    assert not any(key.startswith("place:") for key in play.facts)


@pytest.mark.parametrize(("name", "frame"), STREAMS)
def test_a_later_round_that_breaks_off_is_a_cut(name, frame):
    talk = TALKS[name]
    answer = getattr(talk, frame)([("text", "B"), CALL], 1)
    for upto in range(len(answer) - (3 if name == "chat" else 1 if frame == "stream" else 2)):
        _, play = played(name, frame)
        assert play.hear(getattr(talk, frame)([("text", "A"), OWN], 0))
        with pytest.raises(CutError):
            play.hear(answer[:upto])


@pytest.mark.parametrize(("name", "frame"), STREAMS)
def test_a_first_round_that_breaks_off_with_our_call_in_it_is_a_cut(name, frame):
    talk, play = played(name, frame)
    with pytest.raises(CutError):
        play.hear(getattr(talk, frame)([("text", "A"), OWN, CALL], 0)[: -3 if name == "chat" else -2])


@pytest.mark.parametrize(("name", "frame"), STREAMS)
def test_an_error_in_a_later_round_is_a_cut_and_in_the_first_one_passes(name, frame):
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    said = "[" + dump(error) + "]" if frame == "array" else sse("error" if name == "anthropic" else "", dump(error))
    talk, play = played(name, frame)
    play.hear([said])
    assert play.client.decode() == said
    talk, play = played(name, frame)
    assert play.hear(getattr(talk, frame)([("text", "A"), OWN], 0))
    with pytest.raises(CutError):
        play.hear([said])


@pytest.mark.parametrize("name", TALKS)
@pytest.mark.parametrize("said", ['{"error":{"message":"busy"}}', "<html>", ""])
def test_a_later_round_that_is_no_answer_is_a_cut(name, said):
    talk, play = played(name, "whole")
    assert play.hear([talk.whole([OWN])])
    assert play.client == b""
    with pytest.raises(CutError):
        play.hear([said])


WRITES = [("Write", True), ("str_replace_based_edit_tool", True), ("apply_patch", True), ("Bash", False)]


@pytest.mark.parametrize(("tool", "leaks"), WRITES)
@pytest.mark.parametrize(("name", "frame"), [*STREAMS, ("anthropic", "whole"), ("chat", "whole"), ("gemini", "whole")])
def test_a_note_of_ours_that_is_written_to_a_file_is_reported(name, frame, tool, leaks):
    """Reading along: nothing is changed, whoever our tool is."""
    talk = TALKS[name]
    said = getattr(talk, frame)([("call", "x1", {"text": "see [3-9 omitted. Full text: h:3fa9c1d2e4b7]"}), OWN])
    data = "".join(said).replace("Bash", tool).encode()
    content_type = "text/event-stream" if frame == "stream" else "application/json"
    job = Job(talk.format, b"{}", Place("p"), lambda _: "", known={"3fa9c1d2e4b7"}, tool="")
    splice = start(job, content_type, frame != "whole")
    client = b"".join(splice.feed(data[at : at + 7]) for at in range(0, len(data), 7))
    step = splice.finish()
    assert client + step.data == data
    assert bool(step.leaks) == leaks
    assert not leaks or "3fa9c1d2e4b7" in step.leaks[0].reason


def test_an_unknown_handle_is_no_leak():
    talk = TALKS["anthropic"]
    said = "".join(talk.stream([("call", "x1", {"text": "h:0123456789ab"})])).replace("Bash", "Write").encode()
    splice = start(
        Job("anthropic", b"{}", Place("p"), lambda _: "", known={"3fa9c1d2e4b7"}, tool=""), "text/event-stream"
    )
    assert splice.feed(said) == said
    assert splice.finish().leaks == ()
