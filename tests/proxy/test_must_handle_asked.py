"""Conversations in which the model asks the proxy for originals, over many turns: the client sees none of it, and what the
provider saw once it sees for ever, whatever happens to the proxy in between.
"""

import gzip
import json

import pytest
from provider import Raw
from provider_answers import Turn, rendered
from provider_client import BrokenOffError
from provider_errand import OWN_TOOL
from provider_talk import HANDLE, PATHS, Talk, assert_only_grew, compact, output

FORMS = ("anthropic", "chat", "gemini")
"""Those where the whole history is in each request."""
FAST = PATHS["gemini"].replace("gemini-3-pro", "gemini-2.0-flash")
"""A model that signs no thoughts."""


def talk_of(form, first):
    """A conversation whose client has no way to ask for originals."""
    talk = Talk(form, first, tools=("bash",), marks=False)
    talk.path = FAST if form == "gemini" else talk.path
    return talk


def asking(mark):
    """The model asks for the last original it saw named."""

    def ask(seen):
        named = HANDLE.findall(json.dumps(seen.value.get("messages") or seen.value["contents"]))
        return Turn("", ((f"own_{mark}", OWN_TOOL, {"handle": named[-1].removeprefix("h:")}),))

    return ask


def ask_and_go_on(talk, client, provider, number):
    """A turn in which the model asks the proxy, then calls the client's tool; the client hears only that."""
    provider.say(asking(number))
    answer = talk.turn(client, provider, number)
    assert OWN_TOOL not in answer.body.decode()
    assert len(provider.script) == 0
    return answer


def test_what_was_asked_stays_in_the_history_for_ever(launch, provider):
    provider.reset(strict=True)
    proxy = launch()
    talks = [talk_of(form, "asked") for form in FORMS]
    for talk in talks:
        talk.turn(proxy.client, provider, 0)
        ask_and_go_on(talk, proxy.client, provider, 1)
        talk.turn(proxy.client, provider, 2)
    proxy.restart()
    for talk in talks:
        ask_and_go_on(talk, proxy.client, provider, 3)
    proxy.kill()
    proxy.start()
    for talk in talks:
        for number in range(4, 7):
            talk.turn(proxy.client, provider, number)
    assert provider.problems == []
    for talk in talks:
        mine = [seen for seen in provider.turns if seen.form == talk.form]
        assert_only_grew(talk.form, [seen.value for seen in mine])
        last = mine[-1].plain.decode()
        assert last.count('"own_1"') == last.count('"own_3"') > 0
        assert OWN_TOOL not in compact(talk.messages).decode()


@pytest.mark.parametrize("form", FORMS)
def test_asked_together_with_the_clients_own_tool(client, provider, form):
    """The client gets its own call only; its result and ours come back together, each with its call."""
    provider.reset(strict=True)
    talk = talk_of(form, "together")
    talk.turn(client, provider, 0)

    def both(seen):
        [own] = asking("both")(seen).calls
        return Turn("Two things.", (own, ("mine", "bash", {"command": output(1)[0]})))

    provider.say(both)
    answer = client.send(talk.path, talk.body())
    assert OWN_TOOL not in answer.body.decode()
    talk.hear(answer.value)
    assert [id_ for id_, _ in talk.open_calls] == ["mine"]
    talk.bring(output(1)[1])
    for number in range(2, 5):
        talk.turn(client, provider, number)
    assert provider.problems == []
    assert_only_grew(form, [seen.value for seen in provider.turns])
    assert '"own_both"' in provider.turns[-1].plain.decode()


@pytest.mark.parametrize("ends", ["cut", "reset"])
def test_a_hidden_round_that_fails_ends_as_a_cut_answer(client, provider, ends):
    """Bytes have gone out: what follows must not look like success."""
    talk = talk_of("anthropic", f"hidden {ends}")
    talk.turn(client, provider, 0)
    ask = asking("lost")
    provider.say(
        lambda seen: Turn("Let me see.", ask(seen).calls), Raw(200, {"content-type": "text/event-stream"}, (), ends)
    )
    stream = client.open(talk.path, compact({**talk.value(), "stream": True}))
    with pytest.raises(BrokenOffError):
        stream.rest()


def test_nothing_is_offered_where_originals_cannot_be_asked_for(launch, provider):
    """`--no-retrieve`: no tool, no handle, and what is folded can be read in place."""
    proxy = launch("--no-retrieve")
    for form in FORMS:
        provider.reset()
        talk = talk_of(form, "no retrieval")
        for number in range(4):
            talk.turn(proxy.client, provider, number)
        last = provider.turns[-1].plain.decode()
        assert OWN_TOOL not in last
        assert not HANDLE.search(last)
        assert_only_grew(form, [seen.value for seen in provider.turns])


@pytest.mark.parametrize("streams", [True, False])
def test_an_answer_that_comes_encoded_all_the_same_is_joined(client, provider, streams):
    """Some providers encode whatever they were asked for."""

    def zipped(turn):
        def answer(seen):
            content_type, chunks = rendered(turn(seen), "anthropic", seen)
            return Raw(
                200, {"content-type": content_type, "content-encoding": "gzip"}, (gzip.compress(b"".join(chunks)),)
            )

        return answer

    talk = talk_of("anthropic", f"zipped {streams}")
    talk.turn(client, provider, 0)
    provider.say(zipped(asking("zipped")), zipped(lambda _: Turn("That is all.")))
    answer = client.send(talk.path, compact({**talk.value(), "stream": streams}))
    assert provider.script == type(provider.script)()
    assert streams or "That is all." in answer.body.decode()
    assert OWN_TOOL not in answer.body.decode()
    assert "content-encoding" not in {name.lower() for name, _ in answer.headers}
