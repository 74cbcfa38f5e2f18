"""Where breakpoints are set: each style of client, turn after turn, and that nothing else of a request changes."""

import json
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marks_requests import EPHEMERAL, PROMPT, TOOL, block, call, marked, request, result, turns

from headroom.wire.body import Body, SetText
from headroom.wire.marks import canonical, marks


def places(value):
    """Every `cache_control` in the provider's order, as (part, index, place)."""
    found = [("tools", at, None) for at, tool in enumerate(value.get("tools", [])) if "cache_control" in tool]
    system = value.get("system")
    if isinstance(system, list):
        found += [("system", at, None) for at, part in enumerate(system) if "cache_control" in part]
    for at, message in enumerate(value["messages"]):
        if isinstance(message["content"], list):
            found += [
                ("messages", at, place) for place, part in enumerate(message["content"]) if "cache_control" in part
            ]
    return found


def test_a_client_without_marks_gets_the_last_block_and_the_last_of_the_turn_before():
    made = marked(request(turns(3)))
    assert places(made) == [("messages", 4, 0), ("messages", 6, 0)]
    assert made["messages"][6]["content"][0]["cache_control"] == EPHEMERAL


def test_pydantic_ai_with_parallel_calls_and_lists_of_text():
    messages = turns(2, calls=3, first=[{"text": "Find the bug. " * 40, "type": "text"}])
    for message in messages[2::2]:
        message["content"] = [
            part | {"content": [{"text": part["content"], "type": "text"}]} for part in message["content"]
        ]
    made = marked(request(messages))
    assert places(made) == [("messages", 2, 2), ("messages", 4, 2)]
    assert "cache_control" not in made["messages"][4]["content"][2]["content"][0]


def test_langchain_whose_first_turn_is_a_string():
    asked = 'Où est l\'erreur ? \\ "ici"\n' * 40
    made = marked(request(turns(1, first=asked)))
    assert made["messages"][0]["content"] == [block(asked, cache_control=EPHEMERAL)]
    assert places(made) == [("messages", 0, 0), ("messages", 2, 0)]


def test_a_string_that_something_else_edits_stays_a_string():
    body = Body(json.dumps(request(turns(1))).encode(), "anthropic")
    path = ("messages", 0, "content")
    changes = [SetText(path, "shorter"), *marks(body, 256, {path})]
    made = json.loads(body.edited(changes))
    assert made["messages"][0]["content"] == "shorter"
    assert places(made) == [("messages", 2, 0)]


def test_an_edited_result_carries_its_mark():
    body = Body(json.dumps(request(turns(1))).encode(), "anthropic")
    changes = [SetText(("messages", 2, "content", 0, "content"), "shorter"), *marks(body, 256)]
    made = json.loads(body.edited(changes))["messages"][2]["content"][0]
    assert made == {"type": "tool_result", "tool_use_id": "t0", "content": "shorter", "cache_control": EPHEMERAL}


def test_continue_marks_system_and_tools_only_and_gets_two_more():
    value = request(
        turns(2),
        system=[block(PROMPT, cache_control=EPHEMERAL)],
        tools=[TOOL, TOOL | {"name": "read", "cache_control": EPHEMERAL}],
    )
    made = marked(value)
    assert places(made) == [("tools", 1, None), ("system", 0, None), ("messages", 2, 0), ("messages", 4, 0)]


def test_of_three_marks_before_the_messages_one_place_is_left():
    hour = {"type": "ephemeral", "ttl": "1h"}
    value = request(
        turns(2),
        system=[block("A. " * 400, cache_control=hour), block(PROMPT, cache_control=hour)],
        tools=[TOOL | {"cache_control": hour}],
    )
    made = marked(value)
    assert places(made)[3:] == [("messages", 4, 0)]
    assert made["messages"][4]["content"][0]["cache_control"] == EPHEMERAL


def claude_code():
    system = [block("x-anthropic-billing-header: cc_version=2;"), block("I", cache_control=EPHEMERAL)]
    messages = turns(2)
    messages[-1]["content"][-1]["cache_control"] = EPHEMERAL
    return request(messages, system=[*system, block(PROMPT, cache_control=EPHEMERAL)])


def claude_code_with_the_mark_on_a_system_message():
    messages = [*turns(2), {"role": "system", "content": [block("9 tokens left", cache_control=EPHEMERAL)]}]
    return request(messages)


def copilot():
    system = [block("A", cache_control=EPHEMERAL), block("B", cache_control=EPHEMERAL)]
    messages = turns(2)
    messages[-1]["content"][-1]["cache_control"] = EPHEMERAL
    return request(messages, system=system, tools=[TOOL | {"cache_control": EPHEMERAL}])


def four_marks_before_the_messages():
    system = [block(letter, cache_control=EPHEMERAL) for letter in "ABC"]
    return request(turns(2), system=system, tools=[TOOL | {"cache_control": EPHEMERAL}])


def opencode_marking_a_call():
    messages = turns(2)
    messages[3]["content"][-1]["cache_control"] = EPHEMERAL
    return request(messages)


def a_mark_inside_a_result():
    messages = turns(2)
    messages[2]["content"][0]["content"] = [block("output", cache_control=EPHEMERAL)]
    return request(messages)


def a_mark_inside_a_document_of_a_result():
    messages = turns(2)
    source = {"type": "content", "content": [block("output", cache_control=EPHEMERAL)]}
    messages[2]["content"][0]["content"] = [{"type": "document", "source": source}]
    return request(messages)


def automatic_caching():
    return request(turns(2), cache_control=EPHEMERAL)


def no_tools():
    value = request(turns(2))
    del value["tools"]
    return value


def a_first_request():
    return request(turns(0))


def results_without_an_answer_before():
    return request([{"role": "user", "content": [result(1)]}])


def a_follow_up():
    return request(
        [*turns(2), {"role": "assistant", "content": "Done."}, {"role": "user", "content": "Thanks, and now?"}]
    )


def a_prefilled_answer():
    return request([*turns(2), {"role": "assistant", "content": "The bug is"}])


def a_request_below_the_minimum():
    return request(
        [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": [call(1)]},
            {"role": "user", "content": [result(1)]},
        ],
        system="",
        tools=[{"name": "b"}],
    )


@pytest.mark.parametrize(
    "make",
    [
        claude_code,
        claude_code_with_the_mark_on_a_system_message,
        copilot,
        four_marks_before_the_messages,
        opencode_marking_a_call,
        a_mark_inside_a_result,
        a_mark_inside_a_document_of_a_result,
        automatic_caching,
        no_tools,
        a_first_request,
        results_without_an_answer_before,
        a_follow_up,
        a_prefilled_answer,
        a_request_below_the_minimum,
    ],
)
def test_nothing_is_added(make):
    data = json.dumps(make()).encode()
    body = Body(data, "anthropic")
    assert marks(body, 256) == []
    assert body.edited(marks(body, 256)) is data


def test_a_message_that_cannot_be_read_may_hold_a_mark():
    text = json.dumps(request(turns(2)))
    deep = text.replace('{"command": "echo 0"}', "[" * 60_000 + "]" * 60_000)
    assert marks(Body(deep.encode(), "anthropic"), 256) == []


def test_a_lone_surrogate_hinders_nothing():
    text = json.dumps(request(turns(2))).replace("output 0", "\\ud800", 1)
    assert len(marks(Body(text.encode(), "anthropic"), 256)) == 2


@pytest.mark.parametrize(
    "last",
    [
        block(""),
        block(" \n"),
        {"type": "tool_reference", "tool_name": "x"},
        {"type": "thinking", "thinking": "", "signature": "s"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "some_new_block"},
        result(9, content=""),
        result(9, content=[]),
        result(9, content=[{"type": "tool_reference", "tool_name": "x"}]),
        "no block",
    ],
)
def test_what_cannot_carry_a_mark_leaves_it_to_the_block_before(last):
    messages = turns(2)
    messages[-1]["content"].append(last)
    assert places({"messages": marked(request(messages))["messages"][:-1]}) == [("messages", 2, 0)]
    made = marked(request(messages))["messages"][-1]["content"]
    assert made == [result(1, cache_control=EPHEMERAL), last]


def test_a_system_message_behind_the_results_leaves_the_mark_to_them():
    messages = [*turns(2), {"role": "system", "content": "<total_tokens>9 left</total_tokens>"}]
    assert places(marked(request(messages))) == [("messages", 2, 0), ("messages", 4, 0)]


def test_a_null_mark_is_none_and_takes_one():
    messages = turns(2)
    messages[-1]["content"][0]["cache_control"] = None
    made = marked(request(messages, cache_control=None))
    assert made["messages"][-1]["content"][0]["cache_control"] == EPHEMERAL


def test_a_prefix_below_the_minimum_is_not_marked_while_a_longer_one_is():
    value = request(turns(2), system="")
    characters = len(TOOL["description"]) + len(value["messages"][0]["content"])
    made = marked(value, characters // 4 + 150)
    assert places(made) == [("messages", 4, 0)]


def test_the_bytes_of_an_image_are_no_tokens():
    messages = turns(1, first="look")
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 100_000}}
    messages[-1]["content"][0]["content"] = [picture]
    assert marked(request(messages), 4096) == request(messages)


CONTENT = st.one_of(
    st.text(max_size=20),
    st.lists(
        st.sampled_from(
            [
                block("words " * 20),
                block(""),
                block("marked", cache_control=EPHEMERAL),
                call(1),
                result(1),
                result(2, content=[block("part")]),
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "image", "source": {"type": "url", "url": "https://x"}},
            ]
        ),
        max_size=4,
    ),
)
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "user", "assistant", "system"]), "content": CONTENT}),
    max_size=8,
)
HEAD = st.lists(st.sampled_from([block("A. " * 90), block("B", cache_control=EPHEMERAL)]), max_size=4)
TOOLS = st.lists(st.sampled_from([TOOL, TOOL | {"cache_control": {"type": "ephemeral", "ttl": "1h"}}]), max_size=3)


@given(MESSAGES, HEAD, TOOLS, st.sampled_from([None, 1]))
def test_never_a_fifth_never_beside_a_clients_own_and_nothing_else_changes(messages, system, tools, indent):
    value = request(messages, system=system, tools=tools)
    before = deepcopy(value)
    body = Body(json.dumps(value, indent=indent).encode(), "anthropic")
    made = json.loads(body.edited(marks(body, 64)))
    own, all_of_them = places(before), places(made)
    new = [place for place in all_of_them if place not in own]
    assert len(new) <= max(0, 4 - len(own))
    assert not new or not any(part == "messages" for part, _, _ in own)
    for _, at, place in new:
        carrier = made["messages"][at]["content"][place]
        assert made["messages"][at]["role"] == "user"
        assert carrier["type"] in {"text", "image", "tool_result"}
        assert carrier.get("text") != ""
        assert carrier.pop("cache_control") == EPHEMERAL
        if isinstance(before["messages"][at]["content"], str):
            assert made["messages"][at]["content"] == [block(before["messages"][at]["content"])]
            made["messages"][at]["content"] = before["messages"][at]["content"]
    assert made == before


@given(MESSAGES)
def test_canonical_messages_stay(messages):
    made = marked(request(messages), 64)["messages"]
    assert list(map(canonical, made)) == list(map(canonical, messages))
