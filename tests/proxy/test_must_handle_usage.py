"""Must-handle item 19: what providers bill is booked as they mean it, each in its own words; unknown stays unknown."""

import pytest
from provider import Raw, Turn
from provider_client import BrokenOffError
from provider_talk import FORMS, Talk, compact

OUTPUT = 7
"""Tokens that every answer of the provider says it has."""


def billed(form, seen):
    """What the provider of `provider_answers` bills for a request: half of it read, with Anthropic a quarter written."""
    size = len(seen.plain) // 4
    written = size // 4 if form == "anthropic" else 0
    return {
        "fresh": size - size // 2 - written,
        "cache_read": size // 2,
        "cache_write": written,
        "cache_write_1h": 0,
        "output": OUTPUT,
    }


def streamed(talk, **more):
    """The path and body of a talk's next request, asking for a stream."""
    if talk.form == "gemini":
        return talk.path.replace(":generate", ":streamGenerate") + "?alt=sse", talk.body()
    return talk.path, compact({**talk.value(), "stream": True, **more})


def stats(proxy):
    """The figures when everything is written down: a stop waits for that."""
    return proxy.restart().client.send("/stats", method="GET").value


def test_item_19_billed_tokens_are_the_providers(launch, provider):
    """Three turns and a stream in each format."""
    proxy = launch()
    for form in FORMS:
        talk = Talk(form, f"billed {form}")
        for number in range(3):
            talk.turn(proxy.client, provider, number)
        proxy.client.send(*streamed(talk, **({"stream_options": {"include_usage": True}} if form == "chat" else {})))
    found = stats(proxy)
    sums = [billed(seen.form, seen) for seen in provider.turns]
    assert found["billed"] == {name: sum(each[name] for each in sums) for name in sums[0]}
    assert (found["requests"], found["unbilled"], found["errors"], found["failures"]) == (16, 0, 0, 0)
    assert found["edits"] == 12
    assert found["tokens"]["saved"] > 0


def test_item_19_what_nobody_told_is_unknown(launch, provider):
    """A stream without usage, a cut stream, an answer that is no JSON: requests without a bill, not with one of nothing."""
    proxy = launch()
    talk = Talk("chat", "unknown bill")
    provider.say(
        Turn("no usage asked for"),
        Raw(200, {"content-type": "text/event-stream"}, (b'data: {"choices":[]}\n\n',), "cut"),
        Raw(200, {"content-type": "application/json"}, (b"<html>",)),
        Raw(529, {"content-type": "application/json"}, (b'{"error":{"message":"overloaded"}}',)),
    )
    proxy.client.send(*streamed(talk))
    with pytest.raises(BrokenOffError):
        proxy.client.send(*streamed(talk))
    proxy.client.send(talk.path, talk.body())
    proxy.client.send(talk.path, talk.body())
    found = stats(proxy)
    assert found["requests"] == 4
    assert found["errors"] == 1
    assert found["unbilled"] == 3
    assert set(found["billed"].values()) == {0}
    assert found["money"]["paid"]["spent"] in (None, 0.0)


def test_what_went_wrong_shows(launch, provider):
    """A history that the provider holds for another is a failure of ours; so is a body that nobody understands. Both answers
    are the provider's, byte for byte."""
    proxy = launch()
    said = b'{"type":"error","error":{"type":"invalid_request_error","message":"messages.3: bound to a different conversation"}}'
    for body in (Talk("anthropic", "broken prefix").body(), b'{"messages":[{"role":"user","content":'):
        provider.say(Raw(400, {"content-type": "application/json"}, (said,)))
        answer = proxy.client.send("/v1/messages", body)
        assert (answer.status, answer.body) == (400, said)
    found = {failure["where"]: failure["count"] for failure in stats(proxy)["failed"]}
    assert found == {"prefix": 2, "wire": 1}
