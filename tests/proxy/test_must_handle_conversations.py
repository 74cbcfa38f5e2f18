"""Must-handle items 2, 3 and 17 over whole conversations: what was sent once is sent again, byte for byte, whatever happens.

Each is twelve turns in a strict provider's hands: it refuses a request whose history changed after it signed a turn.
"""

import json
import shutil
from itertools import pairwise

import provider_rules as rules
import pytest
from provider_talk import FORMS, HANDLE, Talk, assert_only_grew, compact, output

TURNS = 12
THINKS = tuple(form for form in FORMS if form != "chat")
"""Chat completions carry no signed reasoning."""


def hold(client, provider, talk, turns):
    """Some turns of a conversation, thinking in each where the format can."""
    for number in turns:
        talk.turn(client, provider, number, thinking="Hm." if talk.form in THINKS else "")


def bodies(provider):
    """What the provider saw, request by request."""
    return [seen.value for seen in provider.turns]


def assert_lighter(provider, talk, share=0.6):
    """The last request is much smaller than the client sent it, and every result names what to ask for."""
    sent = len(talk.body())
    talk_seen = provider.turns[-1]
    assert len(talk_seen.body) < share * sent
    return talk_seen


@pytest.mark.parametrize("form", FORMS)
def test_twelve_turns_only_grow_and_are_lighter(client, provider, form):
    provider.reset(strict=True)
    talk = Talk(form, f"twelve turns of {form}")
    hold(client, provider, talk, range(TURNS))
    assert provider.problems == []
    assert_only_grew(form, bodies(provider))
    last = assert_lighter(provider, talk)
    assert HANDLE.search(last.body.decode())
    for number in range(0, TURNS - 1, 3):
        assert f"session_timeout_{number} changed 3600" in last.body.decode()


@pytest.mark.parametrize("form", FORMS)
def test_every_turn_leaves_the_provider_what_it_said_itself(client, provider, form):
    """Turns of the model, its thinking and its calls come back as they were made."""
    talk = Talk(form, f"said by {form}")
    hold(client, provider, talk, range(4))
    client.send(talk.path, talk.body())
    mine = [message for message in rules.messages_of(form, provider.turns[-1].value) if by_model(message)]
    assert mine == [message for message in talk.messages if by_model(message)]


def by_model(message):
    """Whether the model said it."""
    return message.get("role") in ("assistant", "model") or message.get("type") in ("reasoning", "function_call")


def in_every_format(first):
    """One conversation in each format."""
    return [Talk(form, first) for form in FORMS]


def assert_all_only_grew(provider):
    """The prefix law for the one conversation that each format held; no rule broken."""
    assert provider.problems == []
    for form in FORMS:
        assert_only_grew(form, [seen.value for seen in provider.turns if seen.form == form])


def test_restarts_in_between_change_nothing(launch, provider):
    provider.reset(strict=True)
    proxy = launch()
    talks = in_every_format("restarted")
    for talk in talks:
        hold(proxy.client, provider, talk, range(4))
    proxy.restart()
    for talk in talks:
        hold(proxy.client, provider, talk, range(4, 8))
    proxy.kill()
    proxy.start()
    for talk in talks:
        hold(proxy.client, provider, talk, range(8, TURNS))
        assert_lighter(provider, talk)
    assert_all_only_grew(provider)


def test_other_settings_concern_new_text_alone(launch, provider):
    provider.reset(strict=True)
    proxy = launch()
    talks = in_every_format("other settings")
    for talk in talks:
        hold(proxy.client, provider, talk, range(4))
    for level, turns in (("lossless", range(4, 8)), ("aggressive", range(8, TURNS))):
        proxy.stop()
        proxy = launch(f"--level={level}", home=proxy.home)
        for talk in talks:
            hold(proxy.client, provider, talk, turns)
    assert_all_only_grew(provider)


@pytest.mark.parametrize("how", ["folder", "files"])
def test_a_store_deleted_between_two_turns_breaks_no_prefix(launch, provider, how):
    provider.reset(strict=True)
    proxy = launch()
    talks = in_every_format("deleted")
    for talk in talks:
        hold(proxy.client, provider, talk, range(6))
    for path in proxy.home.glob("*.sqlite3*"):
        path.unlink()
    if how == "folder":
        shutil.rmtree(proxy.home)
    for talk in talks:
        hold(proxy.client, provider, talk, range(6, TURNS))
    proxy.home.mkdir(exist_ok=True)
    assert_all_only_grew(provider)


@pytest.mark.parametrize("form", FORMS)
def test_an_adopted_conversation_leaves_as_it_came_up_to_its_last_assistant_turn(client, provider, form):
    """Half of it went straight to the provider: those bytes stand, what comes later is lighter, nothing is added."""
    provider.reset(strict=True)
    direct = type(client)(provider.url)
    talk = Talk(form, "adopted")
    hold(direct, provider, talk, range(5))
    result = output(4)[1]
    hold(client, provider, talk, range(5, TURNS))
    assert provider.problems == []
    assert_only_grew(form, bodies(provider))
    first = provider.turns[5]
    adopted, sent = rules.history(form, first.value), [rules.canonical(message) for message in talk.messages]
    last = max(at for at, message in enumerate(adopted) if by_model(message))
    assert adopted[: last + 1] == sent[: last + 1]
    assert adopted[-1] != sent[len(adopted) - 1], "the newest result was not sent yet: it is made lighter"
    assert len(json.dumps(adopted[-1])) < len(result)
    assert_lighter(provider, talk, 0.8)


@pytest.mark.parametrize("form", FORMS)
def test_a_history_that_its_client_shortens_is_served_as_it_is(client, provider, form):
    """Compaction: a summary takes the place of the early turns. What comes is a new conversation, and its prefix holds."""
    provider.reset(strict=True)
    talk = Talk(form, "shortened")
    for number in range(6):
        talk.turn(client, provider, number)
    talk.messages = [
        Talk(form, "This session is being continued: the timeout changed.").messages[0],
        *talk.messages[-2:],
    ]
    if form == "responses":  # the call belongs to its result
        talk.messages.insert(1, next(item for item in reversed(provider.turns[-1].value["input"]) if by_model(item)))
        talk.messages = [talk.messages[0], *talk.messages[-2:]]
    count = len(provider.turns)
    for number in range(6, TURNS):
        talk.turn(client, provider, number)
    assert provider.problems == []
    assert_only_grew(form, bodies(provider)[count:])


@pytest.mark.parametrize("form", FORMS)
def test_a_history_that_its_client_edits_keeps_what_stands_before(client, provider, form):
    """An early result is rewritten by the client: everything before it leaves as before, everything after is consistent."""
    talk = Talk(form, "edited")
    for number in range(6):
        talk.turn(client, provider, number)
    changed = next(at for at, message in enumerate(talk.messages) if at > 4 and not by_model(message))
    text = json.dumps(talk.messages[changed])
    talk.messages[changed] = json.loads(
        text.replace("worker", "helper").replace("value", "other").replace("User", "Robot")
    )
    before = bodies(provider)[-1]
    count = len(provider.turns)
    for number in range(6, TURNS):
        talk.turn(client, provider, number)
    after = bodies(provider)[count:]
    assert rules.history(form, after[0])[:changed] == rules.history(form, before)[:changed]
    assert_only_grew(form, after)


@pytest.mark.parametrize("form", FORMS)
def test_a_fork_shares_its_prefix(client, provider, form):
    """Two continuations of one conversation: both keep the common part, neither sees the other's."""
    talk = Talk(form, "forked")
    for number in range(4):
        talk.turn(client, provider, number)
    fork = Talk(form, "forked")
    fork.messages = list(talk.messages)
    talk.turn(client, provider, 4)
    fork.turn(client, provider, 7)
    common = rules.history(form, bodies(provider)[3])
    for body in bodies(provider)[-2:]:
        assert rules.history(form, body)[: len(common)] == common


ODD = {
    "lone surrogate": rb'"\ud800 alone, then \udc00\ud83d"',
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "deep list": b"[" * 50_000 + b"]" * 50_000,
    "deep object": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "huge number": b"1" * 5_000,
    "not UTF-8": b'"\xff\xfe"',
    "control characters": b'"\x00\x1b[31m\r"',
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_read_at_turn_twelve_leaves_the_turns_before_as_they_were(client, provider, form, odd):
    talk = Talk(form, f"odd at twelve {odd}")
    for number in range(TURNS - 1):
        talk.turn(client, provider, number)
    sent = talk.body()
    client.send(talk.path, sent)
    usual = provider.seen[-1].body
    last = compact(talk.messages[-1])
    text = json.dumps(output(TURNS - 2)[1], ensure_ascii=False).encode()
    assert sent.count(last) == 1 or talk.form == "anthropic"
    cut = sent.rindex(text)
    strange = sent[:cut] + ODD[odd] + sent[cut + len(text) :]
    client.send(talk.path, strange)
    came = provider.seen[-1].body
    earlier = usual[: usual.rindex(b"call_" + form.encode() + b"_10")]
    assert came.startswith(earlier), "what was sent before changed"
    assert len(came) - len(ODD[odd]) < 0.6 * (len(sent) - len(text))
    assert came.endswith(ODD[odd] + sent[cut + len(text) :])


def test_many_conversations_with_one_beginning_are_all_lighter(client, provider):
    """34 with the same system prompt, and one first message."""
    for number in range(34):
        talk = Talk("anthropic", "the same task")
        talk.turn(client, provider, number)
        client.send(talk.path, talk.body())
        assert len(provider.seen[-1].body) < 0.75 * len(talk.body()), number


@pytest.mark.parametrize("form", FORMS)
def test_a_client_that_changes_tools_gets_no_other_history(client, provider, form):
    """Tools found on the way join the list: what was said stays as it was sent."""
    talk = Talk(form, "more tools")
    for number in range(3):
        talk.turn(client, provider, number)
    talk.fields = Talk(form, "", tools=("bash", "mcp__headroom__headroom_retrieve", "more")).fields
    for number in range(3, 6):
        talk.turn(client, provider, number)
    for earlier, later in pairwise(bodies(provider)):
        said = rules.history(form, earlier)
        assert rules.history(form, later)[: len(said)] == said
