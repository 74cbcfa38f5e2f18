"""The cache report: what is a break and what is none, for every format, and what is remembered."""

import gc
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefix_requests import FORMATS, TOOLS, anthropic, chat, observe, said

from headroom.proxy.prefix import Prefixes


@pytest.fixture
def prefixes():
    return Prefixes()


@pytest.mark.parametrize("form", FORMATS)
def test_a_history_that_grows_breaks_nothing(prefixes, form):
    for count in (1, 3, 5, 5, 7, 3, 9):  # a retry at 5, an older turn again at 3
        assert observe(prefixes, FORMATS[form](said(count)), form) == ""


@pytest.mark.parametrize("form", FORMATS)
def test_a_rewritten_message_is_found_in_every_format(prefixes, form):
    messages = said(7)
    observe(prefixes, FORMATS[form](messages), form)
    messages[3] = ("assistant", "something else")
    place = 4 if form == "chat" else 3
    assert observe(prefixes, FORMATS[form]([*messages, *said(2)]), form) == f"message {place}: rewritten"


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("before", "now", "looks"),
    [
        ("It is 2026-11-22 now.", "It is 2026-11-23 now.", "date"),
        ("It is Sunday, November 22, 2026.", "It is Monday, November 23, 2026.", "date"),
        ("It is 09:59:59 now.", "It is 10:00:00 now.", "time"),
        ("Session 6fa459ea-ee8a-4ca4-894e-db77e160355e", "Session 7fa459ea-ee8a-4ca4-894e-db77e160355e", "uuid"),
        ("9 messages so far", "10 messages so far", "counter"),
    ],
)
def test_a_system_prompt_says_where_it_changed_and_what_that_looks_like(prefixes, form, before, now, looks):
    prompt = "Où? " * 50
    observe(prefixes, FORMATS[form](said(3), prompt + before), form)
    told = observe(prefixes, FORMATS[form](said(5), prompt + now), form)
    at = next(at for at, (old, new) in enumerate(zip(before, now, strict=False)) if old != new)
    part = "message 0" if form == "chat" else "system prompt"
    assert told == f"{part}: byte {len(prompt.encode()) + at:,}, looks like a {looks}"


@pytest.mark.parametrize("form", FORMATS)
def test_tools_in_another_order(prefixes, form):
    observe(prefixes, FORMATS[form](said(3)), form)
    told = observe(prefixes, FORMATS[form](said(5), tools=TOOLS[::-1]), form)
    assert told.startswith("tools: order changed, byte ")


@pytest.mark.parametrize("form", FORMATS)
def test_tools_that_came_went_and_changed(prefixes, form):
    observe(prefixes, FORMATS[form](said(3)), form)
    new = {"name": "write", "description": "Writes."}
    assert observe(prefixes, FORMATS[form](said(5), tools=[*TOOLS, new]), form).startswith("tools: 1 added, byte ")
    assert observe(prefixes, FORMATS[form](said(7), tools=[new]), form).startswith("tools: 3 removed, byte ")
    dated = [{"name": "write", "description": "Writes on 2026-11-22."}]
    observe(prefixes, FORMATS[form](said(7), tools=dated), form, "another")
    dated = [{"name": "write", "description": "Writes on 2026-11-23."}]
    told = observe(prefixes, FORMATS[form](said(9), tools=dated), form, "another")
    assert told.startswith("tools: byte ")
    assert told.endswith(", looks like a date")


def test_tool_keys_in_another_order_are_another_prompt(prefixes):
    schema = {"type": "object", "properties": {"a": {}, "b": {}}}
    observe(prefixes, anthropic(said(3), tools=[{"name": "x", "input_schema": schema}]))
    turned = {"properties": {"b": {}, "a": {}}, "type": "object"}
    assert observe(prefixes, anthropic(said(5), tools=[{"name": "x", "input_schema": turned}])) == (
        "tools: order changed, byte 19"
    )


def test_what_a_provider_does_not_read_breaks_nothing(prefixes):
    mark = {"cache_control": {"type": "ephemeral"}}
    observe(prefixes, anthropic(said(3), system="You are an agent."))
    value = anthropic(said(5), system=[{"type": "text", "text": "You are an agent.", **mark}])
    value["messages"][0]["content"] = value["messages"][0]["content"][0]["text"]
    value["messages"][2]["content"][0] |= mark
    value["tools"] = [TOOLS[0], {"name": "later", "defer_loading": True}, *TOOLS[1:-1], TOOLS[-1] | mark]
    assert observe(prefixes, value) == ""
    assert observe(prefixes, anthropic(said(7))) == ""


def test_a_block_that_joins_the_last_message_breaks_nothing_and_one_that_changes_does(prefixes):
    def request(*texts):
        value = anthropic(said(3))
        value["messages"][2]["content"] = [{"type": "text", "text": text} for text in texts]
        return value

    assert observe(prefixes, request("a")) == ""
    assert observe(prefixes, request("a", "b")) == ""
    assert observe(prefixes, request("a", "c")) == "message 2: rewritten"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda messages: [messages[0], *messages[3:]], "message 1: history shortened, 2 messages left out"),
        (lambda messages: messages[4:], "message 0: history shortened, 4 messages left out"),
        (
            lambda messages: [*messages[:2], ("user", "a"), ("assistant", "b"), *messages[2:]],
            "message 2: 2 messages put in",
        ),
        (lambda _: [("user", "This session is being continued")], "message 0: history shortened (compaction)"),
        (lambda messages: [*messages[:-1], ("user", "no, another question")], "message 8: rewritten"),
    ],
)
def test_histories_that_do_not_go_on(prefixes, change, told):
    messages = said(9)
    observe(prefixes, anthropic(messages))
    assert observe(prefixes, anthropic(change(messages))) == told


@pytest.mark.parametrize("first", [True, False])
def test_a_title_request_under_the_same_name_is_no_turn(prefixes, first):
    def title():
        value = anthropic([("user", "Generate a title"), ("user", "what was said")], system="You write titles.")
        del value["tools"]
        return observe(prefixes, value)

    if first:
        assert title() == ""
    assert observe(prefixes, anthropic(said(1))) == ""
    assert title() == ""
    assert observe(prefixes, anthropic(said(3))) == ""


def test_a_summary_asked_for_without_tools_is_no_turn(prefixes):
    observe(prefixes, anthropic(said(3)))
    value = anthropic([*said(4), ("user", "Summarise.")])
    del value["tools"]
    assert observe(prefixes, value) == ""
    assert observe(prefixes, anthropic(said(5))) == ""


def test_conversations_and_agents_are_told_apart(prefixes):
    observe(prefixes, anthropic(said(3)), conversation="main")
    assert observe(prefixes, anthropic([("user", "sub")]), conversation="agent") == ""
    assert observe(prefixes, anthropic(said(5)), conversation="main") == ""


def test_two_agents_that_cannot_be_told_apart_look_begun_anew_once(prefixes):
    mine, others = said(9), [(role, f"apart, {text}") for role, text in said(9)]
    told = [observe(prefixes, anthropic(each[:count])) for count in (1, 3, 5, 7) for each in (mine, others)]
    assert told == ["", "message 0: rewritten", *[""] * 6]


@pytest.mark.parametrize(("make", "part"), [(anthropic, "system prompt"), (chat, "message 0")])
def test_without_tools_a_time_in_the_prompt_is_seen(prefixes, make, part):
    form = make.__name__
    observe(prefixes, make(said(1), "It is 10:00", tools=[]), form)
    assert observe(prefixes, make(said(3), "It is 10:01", tools=[]), form) == f"{part}: byte 10, looks like a time"


@pytest.mark.parametrize("make", [anthropic, chat])
def test_without_tools_a_title_request_is_no_turn(prefixes, make):
    for count in (1, 3, 5):
        assert observe(prefixes, make(said(1), "You write titles.", tools=[]), make.__name__) == ""
        assert observe(prefixes, make(said(count), "You are a friend.", tools=[]), make.__name__) == ""


def test_a_system_message_further_on_tells_its_byte_too(prefixes):
    def request(count, day):
        messages = said(count)
        return anthropic([messages[0], ("system", f"Today's date is 2026-11-{day}"), *messages[1:]])

    observe(prefixes, request(3, 22))
    assert observe(prefixes, request(5, 23)) == "message 1: byte 25, looks like a date"


def test_the_tokens_behind_a_break_are_those_that_both_have(prefixes):
    def behind(value):
        return prefixes.observe("c", json.dumps(value).encode(), "anthropic").tokens

    messages = [(role, "x " * 400) for role, _ in said(9)]
    observe(prefixes, anthropic(messages))
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 900_000}}
    messages[4] = ("user", "y " * 400)
    each = len(json.dumps(anthropic(messages)["messages"][4], separators=(",", ":"))) // 4
    assert behind(anthropic(messages)) == pytest.approx(5 * each, abs=5)
    assert behind(anthropic([*messages[:1], ("assistant", "z " * 400)])) == pytest.approx(each, abs=5)
    value = anthropic(messages)
    value["messages"][4]["content"] = [picture]
    observe(prefixes, value, conversation="d")
    value["messages"][3]["content"] = [{"type": "text", "text": "other"}]
    assert prefixes.observe("d", json.dumps(value).encode(), "anthropic").tokens < 1_700 + 5 * each


@pytest.mark.parametrize("odd", ["NaN", '"\\ud800"', "[" * 50_000 + "]" * 50_000])
def test_an_odd_message_hides_nothing(prefixes, odd):
    def data(count, first="a"):
        value = anthropic([("user", first), *said(count)[1:]])
        value["messages"][2]["content"] = [{"type": "text", "text": "ODD", "cache_control": {"type": "ephemeral"}}]
        return json.dumps(value).replace('"ODD"', odd).encode()

    assert prefixes.observe("c", data(3), "anthropic") is None
    later = data(5) if "[" in odd else data(5).replace(b', "cache_control": {"type": "ephemeral"}', b"")
    assert prefixes.observe("c", later, "anthropic") is None
    assert str(prefixes.observe("c", data(7, "b"), "anthropic")) == "message 0: rewritten"


@pytest.mark.parametrize("data", [b"", b"[]", b"no", b'{"messages":', b"\xff", b"[" * 100_000, b"null"])
def test_what_is_no_request_is_nothing(prefixes, data):
    assert prefixes.observe("c", data, "anthropic") is None


@pytest.mark.parametrize("data", [b"{}", b'{"messages":"hi"}', b'{"messages":null,"tools":3,"system":[1,null]}'])
def test_odd_shapes_are_taken(prefixes, data):
    for _ in range(2):
        assert prefixes.observe("c", data, "anthropic") is None


def held(value):
    """Every string and byte string that can be reached from an object."""
    seen, waiting, found = set(), [value], []
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type) or callable(each):
            continue
        seen.add(id(each))
        if isinstance(each, (str, bytes)):
            found.append(each if isinstance(each, bytes) else each.encode())
        waiting += gc.get_referents(each)
    return b"".join(found)


def test_of_messages_nothing_is_kept_and_of_no_text_anything_is_told(prefixes):
    observe(prefixes, anthropic([("user", "SECRET one"), ("assistant", "SECRET two")], "PROMPT SECRET 1"))
    found = prefixes.observe(
        "c", json.dumps(anthropic([("user", "SECRET 2")], "PROMPT SECRET 2")).encode(), "anthropic"
    )
    assert b"PROMPT SECRET 2" in held(prefixes)
    assert b"SECRET one" not in held(prefixes)
    assert b"SECRET two" not in held(prefixes)
    assert "SECRET" not in repr(found) + str(found)


def test_memory_is_bounded_and_the_latest_stay():
    prefixes = Prefixes(most_parts=100, most_text=2_000)
    for number in range(50):
        observe(prefixes, anthropic(said(9), f"{number} " * 100), conversation=str(number))
    assert len(held(prefixes)) < 2_500
    changed = [("user", "other"), *said(9)[1:]]
    assert observe(prefixes, anthropic(changed, "0 " * 100), conversation="0") == ""
    assert observe(prefixes, anthropic(changed, "49 " * 100), conversation="49") == "message 0: rewritten"


def test_a_prompt_too_long_to_keep_still_tells_that_it_changed():
    prefixes = Prefixes(most_text=1_000)
    observe(prefixes, anthropic(said(3), "x" * 2_000))
    assert observe(prefixes, anthropic(said(5), "y" * 2_000)) == "system prompt: changed"


def test_threads_may_share_it(prefixes):
    def turns(name):
        return [observe(prefixes, anthropic(said(count)), conversation=name) for count in range(1, 40)]

    with ThreadPoolExecutor(8) as pool:
        assert {told for line in pool.map(turns, "aabbccdd") for told in line} == {""}


TEXTS = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6)


@given(st.lists(TEXTS, min_size=2, max_size=6), st.sampled_from(sorted(FORMATS)))
def test_a_break_is_told_exactly_where_two_histories_part(histories, form):
    prefixes, before = Prefixes(), None
    for texts in [["first", *more] for more in histories]:
        found = observe(prefixes, FORMATS[form]([("user", text) for text in texts]), form)
        pairs = enumerate(zip(before or [], texts, strict=False))
        at = next((at for at, (old, new) in pairs if old != new), None)
        assert found.split(":")[0] == ("" if at is None else f"message {at + (form == 'chat')}")
        before = texts
