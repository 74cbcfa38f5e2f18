"""Odd answers and odd histories: whatever stands where something else should, nothing but `CutError` is raised."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from splice_talk import TALKS, Facts, Played, dump, restore, sse

from headroom.proxy.splice import Again, CutError

OWN = ("own", "own1", {"handle": "3fa9c1d2e4b7"})
ROUNDS = [[("text", "A"), OWN], [("think", "hm"), ("text", "B"), ("call", "x1", {"a": 1})]]
JUNK = st.sampled_from(
    [None, 0, -1, 1e300, "", "x", [], [1], {}, {"type": "text"}, {"a": [None]}, [[]], True, "\ud800"]
)
FRAMES = [("anthropic", "stream"), ("chat", "stream"), ("gemini", "stream"), ("gemini", "array")]
FRAMES += [("anthropic", "whole"), ("chat", "whole"), ("gemini", "whole")]


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


def with_junk(value, path, junk):
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_junk(value[path[0]], path[1:], junk)
    return copy


@st.composite
def spoiled(draw, name, frame, items, number):
    """An answer with something else in one or two places."""
    talk = TALKS[name]
    said = getattr(talk, frame)(items, number)
    events = [said] if frame == "whole" else said
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.sampled_from([at for at, event in enumerate(events) if "{" in event]))
        start, end = events[at].index("{"), events[at].rindex("}") + 1
        value = json.loads(events[at][start:end])
        value = with_junk(value, draw(st.sampled_from(list(places(value))[1:])), draw(JUNK))
        events = [*events[:at], events[at][:start] + json.dumps(value) + events[at][end:], *events[at + 1 :]]
    return events


@pytest.mark.parametrize(("name", "frame"), FRAMES)
def test_odd_answers(name, frame):
    talk = TALKS[name]

    @settings(max_examples=40)
    @given(st.data())
    def check(data):
        kind = "text/event-stream" if frame == "stream" else "application/json"
        facts = Facts()
        play = Played(talk, talk.request([talk.user("hello")]), facts, kind, streamed=frame != "whole")
        try:
            more = True
            for number, items in enumerate(ROUNDS):
                if not more:
                    break
                more = play.hear(data.draw(spoiled(name, frame, items, number)))
        except CutError:
            return
        assert all(isinstance(json.loads(body), dict) for body in play.sent)
        assert all(isinstance(json.loads(value), (list, int)) for value in facts.values())

    check()


@pytest.mark.parametrize(("name", "frame"), FRAMES)
def test_odd_answers_without_our_tool_are_not_touched(name, frame):
    talk = TALKS[name]

    @settings(max_examples=30)
    @given(st.data())
    def check(data):
        kind = "text/event-stream" if frame == "stream" else "application/json"
        play = Played(talk, talk.request([talk.user("hello")]), Facts(), kind, streamed=frame != "whole")
        events = data.draw(spoiled(name, frame, ROUNDS[1], 0))
        assert not play.hear(events)
        assert play.client == "".join(events).encode()

    check()


@settings(max_examples=100)
@given(
    st.sampled_from(FRAMES),
    st.lists(st.binary(max_size=40) | st.sampled_from([b"\n\n", b"data: {", b"}", b"[", b"]", b'"']), max_size=12),
)
def test_bytes_that_mean_nothing_pass(frame, chunks):
    name, kind = frame
    talk = TALKS[name]
    content_type = "text/event-stream" if kind == "stream" else "application/json"
    play = Played(talk, talk.request([talk.user("hello")]), Facts(), content_type, streamed=kind != "whole")
    assert not play.hear(chunks)
    assert play.client == b"".join(chunks)


@pytest.mark.parametrize("name", TALKS)
def test_odd_histories(name):
    """An echo with something else in it is put back or left alone; the request stays JSON."""
    talk = TALKS[name]
    facts = Facts()
    play = Played(talk, talk.request([talk.user("hello")]), facts)
    for number, items in enumerate(ROUNDS):
        play.hear(talk.stream(items, number))
    seen = [item for items in ROUNDS for item in items if item[0] != "own"]
    request = talk.request([talk.user("hello"), *talk.turns(seen), *talk.results([("x1", ".")]), talk.user("and?")])

    @settings(max_examples=100)
    @given(st.sampled_from(list(places(request))[1:]), JUNK)
    def check(path, junk):
        spoiled_request = json.dumps(with_junk(request, path, junk)).encode()
        sent, failures, _ = restore(talk, spoiled_request, facts)
        assert isinstance(json.loads(sent), dict)
        assert failures or sent != spoiled_request or json.loads(sent) == json.loads(spoiled_request)

    check()


@pytest.mark.parametrize("name", TALKS)
def test_deep_and_broken_arguments(name):
    """What is no JSON, or nested without end, is asked for as it is, and never put into a request unread."""
    talk = TALKS[name]
    for written in ('{"handle":', "[" * 5000, "nonsense", ""):
        play = Played(talk, talk.request([talk.user("hello")]), Facts())
        play.splice.rounds.job = type(play.splice.rounds.job)(
            talk.format, play.sent[0], play.splice.rounds.job.place, lambda _: "no handle"
        )
        events = [event.replace(dump(dump(OWN[2]))[1:-1], dump(written)[1:-1]) for event in talk.stream([OWN])]
        if name == "anthropic":
            whole = {"type": "input_json_delta", "partial_json": written}
            delta = {"type": "content_block_delta", "index": 0, "delta": whole}
            events = [event for event in events if "input_json_delta" not in event]
            events.insert(3, sse("content_block_delta", delta))
        for event in events:
            play.splice.feed(event.encode())
        step = play.splice.finish()
        assert isinstance(step, Again)
        assert isinstance(json.loads(step.body), dict)
