"""Hidden turns in later requests: put back whatever a client does to the look of an echo, left out where it changed it."""

import json

import pytest
from splice_talk import TALKS, Facts, Played, dump, restore

from headroom import wire
from headroom.errors import StoreError
from headroom.originals import facts as kept
from headroom.originals.sqlite import SqliteStore
from headroom.proxy import hidden
from headroom.proxy.splice.whole import _SHAPES
from headroom.wire.body import Body

HANDLE = {"handle": "3fa9c1d2e4b7"}
ROUNDS = [
    [("think", "hm"), ("text", "Let me look."), ("own", "own1", HANDLE)],
    [
        ("text", "Found it."),
        ("own", "own2", HANDLE),
        ("call", "x1", {"command": "ls -l", "n": 100000, "deep": {"b": 1, "a": 2}}),
    ],
]
SEEN = [item for items in ROUNDS for item in items if item[0] != "own"]
TALK = TALKS["anthropic"]
ECHO = TALK.turns(SEEN)[0]
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x1", "content": "total 0"}]}


def answered(name, rounds=ROUNDS, facts=None):
    """The facts after one answer in these rounds."""
    talk = TALKS[name]
    facts = Facts() if facts is None else facts
    played = Played(talk, talk.request([talk.user("hello")]), facts)
    for number, items in enumerate(rounds):
        played.hear(talk.stream(items, number))
    return facts


def put_back(name, echo, after, facts=None, first=None):
    """The messages that go upstream when the client echoes `echo`, and the failures."""
    talk = TALKS[name]
    messages = [first or talk.user("hello"), *echo, *after]
    sent, failures, _ = restore(talk, talk.request(messages), answered(name) if facts is None else facts)
    value = json.loads(sent)
    return value.get("messages", value.get("contents")), failures


def echo_with(at, **members):
    content = [dict(block) for block in ECHO["content"]]
    content[at] |= members
    return {"role": "assistant", "content": content}


WHOLE, NONE = put_back("anthropic", [ECHO], [RESULT])


def without_marks(value):
    if isinstance(value, dict):
        return {key: without_marks(inner) for key, inner in value.items() if key != "cache_control"}
    return [without_marks(inner) for inner in value] if isinstance(value, list) else value


def test_what_is_put_back():
    assert NONE == []
    assert [message["role"] for message in WHOLE] == ["user", "assistant", "user", "assistant", "user"]
    assert [block["type"] for block in WHOLE[1]["content"]] == ["thinking", "text", "tool_use"]
    assert [block["tool_use_id"] for block in WHOLE[2]["content"]] == ["own1"]
    assert [block.get("id") for block in WHOLE[3]["content"]] == [None, "own2", "x1"]
    assert [block["tool_use_id"] for block in WHOLE[4]["content"]] == ["own2", "x1"]


LOOKS = {
    "keys in another order": {
        "content": [dict(reversed(block.items())) for block in ECHO["content"]],
        "role": "assistant",
    },
    "numbers written otherwise": echo_with(3, input={"command": "ls -l", "n": 1e5, "deep": {"a": 2.0, "b": 1}}),
    "a space at the end": echo_with(2, text="Found it.\n"),
    "unknown fields": echo_with(2, citations=None),
    "texts as one": {
        "role": "assistant",
        "content": [ECHO["content"][0], {"type": "text", "text": "Let me look.\n\nFound it."}, ECHO["content"][3]],
    },
}


@pytest.mark.parametrize("echo", LOOKS.values(), ids=LOOKS)
def test_the_look_of_an_echo_does_not_count(echo):
    messages, failures = put_back("anthropic", [echo], [RESULT])
    assert failures == []
    assert messages == WHOLE


def test_several_messages_are_one_turn():
    pieces = [{"role": "assistant", "content": [block]} for block in ECHO["content"]]
    assert put_back("anthropic", pieces, [RESULT]) == (WHOLE, [])


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_mark_stays_on_its_block_and_changes_no_other_byte(at):
    mark = {"type": "ephemeral"}
    messages, failures = put_back("anthropic", [echo_with(at, cache_control=mark)], [RESULT])
    assert failures == []
    assert without_marks(messages) == WHOLE
    marked = [block for message in messages for block in message["content"] if "cache_control" in block]
    assert [without_marks(block) for block in marked] == [ECHO["content"][at]]


def test_the_clients_first_message_as_a_string_or_a_block():
    block = {"role": "user", "content": [{"type": "text", "text": "hello", "cache_control": {"type": "ephemeral"}}]}
    messages, failures = put_back("anthropic", [ECHO], [RESULT], first=block)
    assert failures == []
    assert messages[1:] == WHOLE[1:]


def test_reasoning_that_the_client_dropped_stays_away():
    messages, failures = put_back("anthropic", [{"role": "assistant", "content": ECHO["content"][1:]}], [RESULT])
    assert failures == []
    assert [block["type"] for block in messages[1]["content"]] == ["text", "tool_use"]
    assert messages[2:] == WHOLE[2:]


def test_a_text_alone_as_a_string():
    rounds = [[("text", "Let me look."), ("own", "own1", HANDLE)], []]
    facts = answered("anthropic", rounds)
    messages, failures = put_back(
        "anthropic", [{"role": "assistant", "content": "Let me look."}], [TALK.user("go")], facts
    )
    assert failures == []
    assert [message["role"] for message in messages] == ["user", "assistant", "user", "user"]
    assert messages[1]["content"][1]["id"] == "own1"


@pytest.mark.parametrize(("text", "results"), [("before", 1), ("after", 1), ("after", 2)])
def test_our_result_stands_before_any_text(text, results):
    calls = [("call", "x1", {}), ("own", "own1", HANDLE), ("call", "x2", {})][: results + 1]
    facts = answered("anthropic", [calls])
    words = {"type": "text", "text": "and hurry"}
    given = [{"type": "tool_result", "tool_use_id": f"x{at + 1}", "content": "."} for at in range(results)]
    if text == "before":
        given, words = [*given, words], {"type": "text", "text": "!"}
    echo = TALK.turns([item for item in calls if item[0] == "call"])
    messages, failures = put_back("anthropic", echo, [{"role": "user", "content": [*given, words]}], facts)
    assert failures == []
    kinds = [block["type"] for block in messages[2]["content"]]
    assert kinds == sorted(kinds, reverse=True)
    assert [block["tool_use_id"] for block in messages[2]["content"] if block["type"] == "tool_result"] == [
        call[1] for call in calls
    ]


CHANGED = {
    "another text": echo_with(2, text="Found them."),
    "another argument": echo_with(3, input={"command": "rm"}),
    "another id": echo_with(3, id="x9"),
    "a call less": {"role": "assistant", "content": ECHO["content"][:3]},
    "a text less": {"role": "assistant", "content": [ECHO["content"][1], ECHO["content"][3]]},
    "a call more": {"role": "assistant", "content": [*ECHO["content"], ECHO["content"][3] | {"id": "x2"}]},
}


@pytest.mark.parametrize("echo", CHANGED.values(), ids=CHANGED)
def test_a_changed_echo_is_a_failure_and_stays_as_it_came(echo):
    request = dump(TALK.request([TALK.user("hello"), echo, RESULT])).encode()
    sent, failures, _ = restore(TALK, request, answered("anthropic"))
    assert sent == request
    assert [(failure.where, failure.path) for failure in failures] == [("retrieval", (1,))]


@pytest.mark.parametrize(
    "after", [[], [TALK.user("stop")], [{"role": "user", "content": [{"type": "text", "text": "stop"}]}]]
)
def test_without_the_results_of_its_own_calls_an_echo_stays_as_it_came(after):
    messages, failures = put_back("anthropic", [ECHO], after)
    assert messages[1] == ECHO
    assert len(failures) == 1


@pytest.mark.parametrize("name", TALKS)
def test_a_dropped_turn_is_a_failure(name):
    talk = TALKS[name]
    messages, failures = put_back(name, [], [talk.user("something else")])
    assert messages == [talk.user("hello"), talk.user("something else")]
    assert [failure.path for failure in failures] == [(1,)]


@pytest.mark.parametrize("name", TALKS)
def test_another_conversation_is_none_of_it(name):
    talk = TALKS[name]
    messages, failures = put_back(name, talk.turns([("text", "Hi.")]), [talk.user("go")], first=talk.user("hello you"))
    assert failures == []
    assert len(messages) == 3


@pytest.mark.parametrize("name", TALKS)
def test_an_answer_given_again_without_our_tool(name):
    """A retry or another try from the same place: what the client keeps decides."""
    talk = TALKS[name]
    facts = answered(name)
    answered(name, [[("text", "No need to look.")]], facts)
    messages, failures = put_back(name, talk.turns([("text", "No need to look.")]), [talk.user("go")], facts)
    assert failures == []
    assert len(messages) == 3
    assert len(put_back(name, talk.turns(SEEN), talk.results([("x1", "total 0")]), facts)[0]) > 4


@pytest.mark.parametrize("name", TALKS)
def test_what_was_seen_of_an_answer_that_was_cut_off(name):
    """Cut between two rounds: the client may keep the text that it got, and the call behind it is put back."""
    talk = TALKS[name]
    facts = answered(name, ROUNDS[:1])
    messages, failures = put_back(name, talk.turns(ROUNDS[0][:2]), [talk.user("go on")], facts)
    assert failures == []
    assert len(messages) == 4
    assert "own1" in dump(messages[1])
    assert "own1" in dump(messages[2])


def test_a_turn_that_was_cut_off_in_a_later_round():
    """The client keeps a part of what came after the hidden call: the call is put back before it."""
    facts = answered("anthropic", ROUNDS[:1])
    words = {"type": "text", "text": "Found i", "cache_control": {"type": "ephemeral"}}
    echo = {"role": "assistant", "content": [*ECHO["content"][:2], words]}
    messages, failures = put_back("anthropic", [echo], [TALK.user("go on")], facts)
    assert failures == []
    assert messages[:3] == WHOLE[:3]
    assert messages[3:] == [{"role": "assistant", "content": [words]}, TALK.user("go on")]
    echo["content"][1] = {"type": "text", "text": "Let them look."}
    assert len(put_back("anthropic", [echo], [TALK.user("go on")], facts)[1]) == 1


def test_a_turn_that_ended_comes_back_whole_or_not_at_all():
    echo = {"role": "assistant", "content": ECHO["content"][:2]}
    messages, failures = put_back("anthropic", [echo], [TALK.user("go on")])
    assert len(failures) == 1
    assert messages[1] == echo


def test_turns_without_a_text_of_their_own_keep_their_places():
    """Short calls are no text to the reader of a conversation; the number of turns tells their places apart."""
    facts = Facts()
    seen, real = [TALK.user("hello")], [TALK.user("hello")]
    for number in range(3):
        rounds = [[("own", f"own{number}", HANDLE)], [("call", f"x{number}", {"n": number})]]
        played = Played(TALK, TALK.request(seen), facts)
        assert played.failures == []
        for at, items in enumerate(rounds):
            played.hear(TALK.stream(items, at))
        result = TALK.results([(f"x{number}", "")])
        seen += [*TALK.turns(rounds[1]), *result]
        real += [
            *TALK.turns(rounds[0]),
            *TALK.results([(f"own{number}", "line 41\nline 42")]),
            *TALK.turns(rounds[1]),
            *result,
        ]
    sent, failures, _ = restore(TALK, TALK.request(seen), facts)
    assert failures == []
    assert json.loads(sent)["messages"] == real


def test_gemini_with_a_content_for_each_chunk_and_ids_of_its_own():
    """google-genai keeps each chunk as a content of its own; Gemini CLI gives calls ids that Google never saw."""
    call = {"functionCall": {"id": "mine", "name": "Bash", "args": ROUNDS[1][2][2]}, "thoughtSignature": "c2ln"}
    parts = [{"text": "Let me "}, {"text": "look."}, {"text": ""}, {"text": "Found it."}, call]
    echo = [{"role": "model", "parts": [part]} for part in parts]
    result = {
        "role": "user",
        "parts": [{"function_response": {"id": "mine", "name": "Bash", "response": {"output": "."}}}],
    }
    messages, failures = put_back("gemini", echo, [result])
    assert failures == []
    assert [len(message["parts"]) for message in messages] == [1, 2, 1, 3, 2]
    assert messages[3]["parts"][2] == call
    assert [part.get("functionResponse", {}).get("id") for part in messages[4]["parts"]] == ["own2", None]


def test_chat_with_text_as_a_list_and_results_in_another_order():
    talk = TALKS["chat"]
    calls = [("call", "x1", {}), ("call", "x2", {}), ("own", "own1", HANDLE)]
    facts = answered("chat", [[("text", "Three."), *calls]])
    echo = {"role": "assistant", "content": [{"type": "text", "text": "Three."}], "refusal": None}
    echo["tool_calls"] = [dict(reversed(talk.call(item).items())) for item in calls[:2]]
    results = talk.results([("x2", "."), ("x1", ".")])
    messages, failures = put_back("chat", [echo], [*results, talk.user("and?")], facts)
    assert failures == []
    assert [call["id"] for call in messages[1]["tool_calls"]] == ["x1", "x2", "own1"]
    assert [message.get("tool_call_id") for message in messages[2:]] == ["x2", "x1", "own1", None]


def test_bytes_that_are_not_utf_8_come_back_as_they_went():
    facts = Facts()
    played = Played(TALK, TALK.request([TALK.user("hello")]), facts)
    body = (
        b'{"model": "claude", "messages": [{"role":"user","content":"hello"}, %s, {"role":"user","content":"go \xff"}]}'
    )
    for number, items in enumerate([[("text", "A\ud800"), ("own", "own1", HANDLE)], [("text", "B")]]):
        said = "".join(TALK.stream(items, number)).encode("utf-8", "backslashreplace")
        played.hear([said])
    assert b"\\ud800" in played.client
    assert b"A\\ud800" in played.sent[1]
    echo = b'{"role":"assistant","content":[{"type":"text","text":"A\\ud800"},{"type":"text","text":"B"}]}'
    sent, failures, _ = restore(TALK, body % echo, facts)
    assert failures == []
    assert sent.endswith(b'"go \xff"}]}')
    assert b'"A\\ud800"},{"type":"tool_use"' in sent


def test_a_store_that_cannot_be_read_costs_the_hidden_turns_not_the_request():
    def recall(_):
        raise StoreError("gone")

    body = Body(dump(TALK.request([TALK.user("hello"), ECHO, RESULT])).encode(), "anthropic")
    blocks, _ = wire.read(body.messages)
    found = hidden.restore(body, _SHAPES["anthropic"], blocks, recall)
    assert found.changes == []
    assert [failure.where for failure in found.failures] == ["retrieval"]


def test_they_outlive_the_process(tmp_path):
    class Stored:
        def __init__(self):
            self.store = SqliteStore(tmp_path / "store.db")

        def keep(self, facts):
            kept.remember(self.store, facts)

        def recall(self, keys):
            return kept.recall(self.store, keys)

    answered("anthropic", facts=Stored())
    assert put_back("anthropic", [ECHO], [RESULT], Stored()) == (WHOLE, [])
