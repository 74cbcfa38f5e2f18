"""Playbooks of one format alone: what chat servers and Gemini do in their own ways."""

import json

import pytest
from splice_talk import TALKS, Facts, Played, dump, sse

HANDLE = {"handle": "3fa9c1d2e4b7"}
OWN, CALL = ("own", "own1", HANDLE), ("call", "x1", {"command": "ls"})


def played(name):
    talk = TALKS[name]
    return talk, Played(talk, talk.request([talk.user("hello")]), Facts())


def chunks_of(play):
    return [json.loads(event[6:]) for event in play.client.decode().split("\n\n") if event.startswith("data: {")]


def test_chat_is_one_answer():
    talk, play = played("chat")
    for number, items in enumerate([[("text", "A"), OWN], [OWN], [("text", "B"), CALL]]):
        play.hear(talk.stream(items, number))
    chunks = chunks_of(play)
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    assert {(chunk["id"], chunk["created"]) for chunk in chunks} == {("chatcmpl-0", 1700000000)}
    assert [at for at, choice in enumerate(choices) if "role" in choice["delta"]] == [0]
    assert [choice["finish_reason"] for choice in choices if choice["finish_reason"]] == ["tool_calls"]
    assert choices[-1]["finish_reason"]
    assert [chunk["usage"] for chunk in chunks if chunk["usage"]] == [
        {"prompt_tokens": 102, "completion_tokens": 30, "total_tokens": 132}
    ]
    assert play.client.endswith(b"data: [DONE]\n\n")
    assert play.client.count(b"[DONE]") == 1


def test_the_id_is_that_of_the_first_chunk_with_a_choice():
    """Azure's first chunk tells of its filters and has no id."""
    talk, play = played("chat")
    filters = sse("", dump({"id": "", "created": 0, "choices": [], "prompt_filter_results": []}))
    play.hear([filters, *talk.stream([OWN], 0)])
    play.hear([filters, *talk.stream([("text", "Yes.")], 1)])
    assert [chunk["id"] for chunk in chunks_of(play)][1:] == ["chatcmpl-0"] * (len(chunks_of(play)) - 1)


def test_usage_in_a_chunk_with_an_empty_choice():
    """OpenRouter's last chunk has a choice without content beside the usage."""
    talk, play = played("chat")
    assert play.hear(talk.stream([OWN], 0))
    answer = talk.stream([("text", "Yes.")], 1)
    empty = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    answer[-2] = sse("", dump({"id": "gen-1", "choices": [empty], "usage": usage}))
    play.hear(answer)
    last = json.loads(play.client.decode().split("\n\n")[-3][6:])
    assert last["usage"] == {"prompt_tokens": 5, "completion_tokens": 12, "total_tokens": 17}
    assert play.client.count(b'"finish_reason":"') == 1
    assert play.client.count(b"[DONE]") == 1


def test_chat_without_usage_stays_without():
    talk, play = played("chat")
    for number, items in enumerate([[OWN], [("text", "Yes.")]]):
        play.hear(
            [event.replace(',"usage":null', "") for event in talk.stream(items, number) if '"usage":{' not in event]
        )
    assert b"usage" not in play.client


def test_a_chat_chunk_that_holds_everything():
    """Some servers answer a stream with one chunk."""
    talk, play = played("chat")
    calls = [talk.call(OWN) | {"index": 0}, talk.call(CALL) | {"index": 1}]
    delta = {"role": "assistant", "content": "Both.", "tool_calls": calls}
    chunk = {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": "tool_calls"}]}
    assert not play.hear([sse("", dump(chunk)), sse("", "[DONE]")])
    choice = json.loads(play.client.decode().split("\n\n")[0][6:])["choices"][0]
    assert choice["delta"] == delta | {"tool_calls": [calls[1] | {"index": 0}]}
    assert choice["finish_reason"] == "tool_calls"
    assert len(play.asked) == 1


@pytest.mark.parametrize("order", [(OWN, CALL), (CALL, OWN)])
def test_a_server_that_gives_every_call_the_same_index(order):
    """Google's compatible endpoint does, each call whole in one chunk."""
    talk, play = played("chat")
    for call in order:
        delta = {"role": "assistant", "tool_calls": [talk.call(call) | {"index": 0}]}
        play.client += play.splice.feed(
            sse("", dump({"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})).encode()
        )
    assert not play.hear(
        [sse("", dump({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}))]
    )
    assert b"own1" not in play.client
    assert b'"id":"x1"' in play.client
    assert json.loads(play.asked[0]) == HANDLE


def test_gemini_with_a_reason_in_every_chunk():
    talk, play = played("gemini")
    rounds = [[("text", "Let me look."), OWN], [("text", "Here it is.")]]
    for number, items in enumerate(rounds):
        chunks = talk.chunks(items, number)
        for chunk in chunks:
            chunk["candidates"][0]["finishReason"] = "STOP"
        play.hear([sse("", dump(chunk)) for chunk in chunks])
    texts = [json.loads(event[6:])["candidates"][0] for event in play.client.decode().split("\n\n") if event]
    assert "".join(part["text"] for each in texts for part in each["content"]["parts"]) == "Let me look.Here it is."
    assert texts[-1]["finishReason"] == "STOP"


def test_gemini_usage_after_the_last_word():
    talk, play = played("gemini")
    usage = {
        "usageMetadata": {
            "promptTokenCount": 5,
            "candidatesTokenCount": 2,
            "thoughtsTokenCount": 3,
            "totalTokenCount": 10,
        }
    }
    for number, items in enumerate([[OWN], [("text", "Yes.")]]):
        play.hear([*talk.stream(items, number), sse("", dump(usage | {"responseId": f"r{number}"}))])
    events = [json.loads(event[6:]) for event in play.client.decode().split("\n\n") if event]
    assert [event["candidates"][0].get("finishReason") for event in events if "candidates" in event][-1] == "STOP"
    assert events[-1]["responseId"] == "r0"
    assert events[-1]["usageMetadata"] == {
        "promptTokenCount": 5,
        "candidatesTokenCount": 4,
        "thoughtsTokenCount": 6,
        "totalTokenCount": 15,
    }
