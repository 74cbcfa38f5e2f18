"""What `read` finds in each provider's messages; the fixtures are shared with the TypeScript SDK."""

from collections import OrderedDict
from types import MappingProxyType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_fixtures import FIXTURES, at

from headroom import wire
from headroom.blocks import Call, Failure, Picture
from headroom.wire.pictures import address_of, url_of


def as_written(block):
    """A block as the fixtures write it: what is not set is left out."""
    row = {"path": list(block.path), "role": block.role}
    if block.editable:
        row["editable"] = True
    if block.is_error:
        row["is_error"] = True
    if block.call:
        row["call"] = list(block.call)
    if block.picture:
        usual = Picture()._asdict()
        row["picture"] = {key: value for key, value in block.picture._asdict().items() if value != usual[key]}
    return row


@pytest.mark.parametrize("name", FIXTURES)
def test_blocks_of_each_fixture(name):
    fixture = FIXTURES[name]
    blocks, failures = wire.read(fixture["messages"])
    assert [as_written(block) for block in blocks] == fixture["blocks"]
    assert [list(failure.path) for failure in failures] == fixture["failures"]


@pytest.mark.parametrize("name", FIXTURES)
def test_a_path_leads_to_the_text(name):
    messages = FIXTURES[name]["messages"]
    for block in wire.read(messages)[0]:
        if block.picture:
            part = at(messages, block.path)
            assert block.text == (url_of(part) or address_of(part))
        elif block.role != "boundary":
            assert at(messages, block.path) == block.text


@pytest.mark.parametrize("name", FIXTURES)
def test_only_results_and_user_text_can_be_edited(name):
    for block in wire.read(FIXTURES[name]["messages"])[0]:
        assert not block.editable or block.role in ("result", "user")


MESSAGES = [message for fixture in FIXTURES.values() for message in fixture["messages"]]


@given(st.lists(st.sampled_from(MESSAGES), max_size=12), st.data())
def test_a_prefix_reads_the_same(messages, data):
    k = data.draw(st.integers(0, len(messages)))
    blocks, failures = wire.read(messages)
    head, head_failures = wire.read(messages[:k])
    assert head == [block for block in blocks if block.path[0] < k]
    assert head_failures == [failure for failure in failures if failure.path[0] < k]


def test_a_failure_names_the_message_and_none_of_its_text():
    failures = wire.read([{"role": "user", "content": 7}, {"role": "secret-role", "content": "secret"}, None])[1]
    assert failures[0] == Failure("wire", "content is a int, not a string or list", (0,))
    assert [failure.path for failure in failures] == [(0,), (1,), (2,)]
    assert all("secret" not in failure.reason for failure in failures)


def test_the_latest_call_with_an_id_made_the_result():
    def call(name):
        return {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": name, "input": {}}]}

    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "x"}]}
    blocks, _ = wire.read([call("first"), result, call("second"), result, call("third")])
    assert [block.call.name for block in blocks] == ["first", "second"]


def test_arguments_are_compact_json_and_keep_their_letters():
    use = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": "ä\ud83d", "b": [1, 1.0, None]}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": "x"}
    blocks, _ = wire.read([{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}])
    assert blocks[0].call == Call("t", "f", '{"a":"ä\ud83d","b":[1,1.0,null]}')


def test_arguments_that_are_no_json_leave_the_call_its_name():
    loop = {}
    loop["loop"] = loop
    for odd in ({"a": object()}, loop):
        use = {"type": "tool_use", "id": "t", "name": "f", "input": odd}
        result = {"type": "tool_result", "tool_use_id": "t", "content": "x"}
        blocks, _ = wire.read([{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}])
        assert blocks[0].call == Call("t", "f", "")


@pytest.mark.parametrize(
    "arguments", ["{" * 200_000, "[" * 200_000 + "]" * 200_000, "{'a': not json at all, though long enough}"]
)
def test_arguments_that_cannot_be_decoded_are_shown_as_they_are(arguments):
    call = {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": arguments}}]}
    blocks, _ = wire.read([call])
    assert [(block.path, block.text) for block in blocks] == [
        ((0, "tool_calls", 0, "function", "arguments"), arguments)
    ]


def test_a_response_nested_without_end_is_read_some_levels_deep():
    deep = "bottom"
    for _ in range(50_000):
        deep = {"x": deep}
    response = {"output": "top", "deep": deep}
    content = {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": response}}]}
    blocks, failures = wire.read([content])
    assert [block.text for block in blocks] == ["top"]
    assert failures == []


def test_sequences_and_mappings_of_other_classes():
    text = OrderedDict(type="text", text="one")
    message = MappingProxyType({"role": "user", "content": (text, SimpleNamespace(type="text", text="two"))})
    blocks, failures = wire.read((message,))
    assert [block.text for block in blocks] == ["one", "two"]
    assert failures == []


def test_a_generator_is_left_alone():
    content = ({"type": "text", "text": word} for word in ("one", "two"))
    blocks, failures = wire.read([{"role": "user", "content": content}])
    assert blocks == []
    assert [failure.path for failure in failures] == [(0,)]
    assert [part["text"] for part in content] == ["one", "two"]


PIXELS = "data:image/png;base64,iVBORw0KGgo="
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def mutations(value, data):
    """A known message with something in it swapped for an arbitrary JSON value."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: mutations(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        index = data.draw(st.integers(0, len(value) - 1))
        return [*value[:index], mutations(value[index], data), *value[index + 1 :]]
    return data.draw(JSON)


@given(st.data())
def test_no_json_value_in_place_of_a_part_makes_it_raise(data):
    messages = [mutations(data.draw(st.sampled_from(MESSAGES)), data) for _ in range(data.draw(st.integers(1, 3)))]
    blocks, _ = wire.read(messages)
    texts = {block.path: PIXELS if block.picture else "new" for block in blocks if block.editable}
    again = {block.path: block.text for block in wire.read(wire.put(messages, texts))[0]}
    assert {path: again[path] for path in texts} == texts


@given(st.lists(JSON, max_size=5))
def test_no_json_value_as_a_message_makes_it_raise(messages):
    blocks, failures = wire.read(messages)
    assert all(isinstance(block.text, str) for block in blocks)
    assert all(failure.where == "wire" for failure in failures)
