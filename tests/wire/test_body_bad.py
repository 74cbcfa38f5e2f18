"""What is no request, or an attack: a `BodyError` or no messages, never anything else, and in linear time."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headroom.errors import InputError
from headroom.wire.body import KEYS, UNREADABLE, Body, BodyError, SetRaw, SetText

NO_OBJECT = {
    "empty": b"",
    "spaces": b" \n ",
    "a byte order mark": b"\xef\xbb\xbf",
    "text": b"hello",
    "a list": b"[]",
    "a list of odd things": b"[NaN]",
    "a string": b'"{}"',
    "null": b"null",
    "NaN": b"NaN",
    "a number": b"12",
    "a form": b"messages=%5B%5D",
    "gzip": bytes.fromhex("1f8b0800000000000003"),
    "zeros": bytes(1000),
    "UTF-16": '{"messages":[]}'.encode("utf-16"),
    "cut after a key": b'{"messages"',
    "cut after a colon": b'{"messages":',
    "cut in a list": b'{"messages":[{"role":"user"}',
    "cut in a string": b'{"messages":[{"role":"us',
    "cut after an escape": b'{"messages":["\\',
    "cut before the last brace": b'{"messages":[]',
    "two bodies": b'{"messages":[]}{"messages":[]}',
    "a trailing comma": b'{"messages":[],}',
    "a leading comma": b'{,"messages":[]}',
    "no colon": b'{"messages"[]}',
    "no quotes": b"{messages:[]}",
    "single quotes": b"{'messages':[]}",
    "no comma": b'{"messages":[] "model":"m"}',
    "no value": b'{"messages":,"model":"m"}',
    "the wrong bracket": b'{"messages":[]]',
    "the wrong bracket for a comma": b'{"messages":[]]"model":"m"}',
    "a backslash": b'{"messages":[]\\}',
}


@pytest.mark.parametrize("data", NO_OBJECT.values(), ids=NO_OBJECT)
def test_what_is_no_json_object_is_a_body_error_that_tells_nothing_of_it(data):
    with pytest.raises(BodyError, match=r"the body is (no JSON object|JSON, but no object)") as caught:
        Body(data, "anthropic")
    assert isinstance(caught.value, InputError)
    assert len(str(caught.value)) < 40


@pytest.mark.parametrize("form", KEYS)
@pytest.mark.parametrize("odd", [b"", b',"odd":NaN'], ids=["in order", "by parts"])
@pytest.mark.parametrize(
    "value", [b'"text"', b"7", b"null", b"true", b"{}", b'{"0":{"role":"user","content":"x"}}', b"[]", b"[ ]"]
)
def test_messages_that_are_no_list_are_no_messages(form, odd, value):
    body = Body(b'{"model":"m","%s":%s%s}' % (KEYS[form].encode(), value, odd), form)
    assert body.messages == []
    assert body.value[KEYS[form]] == json.loads(value)
    assert body.edited([SetText(("model",), "other")]) == body.data.replace(b'"m"', b'"other"')


@pytest.mark.parametrize(
    "data",
    [b'{"messages":%s,"model":"m"}' % broken for broken in (b"[1 2]", b"[,]", b"[1,]", b"[1}")] + [b'{"messages":[}}'],
)
def test_a_broken_list_of_messages_is_no_messages(data):
    body = Body(data, "chat")
    assert body.messages == []
    assert body.value["messages"] is UNREADABLE
    with pytest.raises(LookupError, match="broken JSON"):
        body.span(("messages", 0))


def test_no_messages_at_all():
    assert Body(b"{}", "gemini").messages == []
    assert Body(b"\xef\xbb\xbf {\n} ", "gemini").edited([]) == b"\xef\xbb\xbf {\n} "


MANY = 200_000
HOSTILE = {
    "opening brackets": b"[" * MANY,
    "opening brackets inside": b'{"messages":' + b"[" * MANY,
    "opening braces": b'{"a":' * MANY,
    "closed brackets": b'{"messages":[%s%s]}' % (b"[" * MANY, b"]" * MANY),
    "closed braces": b'{"messages":[%s1%s]}' % (b'{"a":' * MANY, b"}" * MANY),
    "quotes": b'{"messages":[' + b'"' * MANY,
    "quotes in pairs": b'{"messages":[%s]}' % (b'""' * MANY),
    "escaped quotes": b'{"messages":["%s"],"x":NaN}' % (b'\\"' * MANY),
    "backslashes": b'{"messages":["%s"],"x":NaN}' % (b"\\\\" * MANY),
    "one backslash too many": b'{"messages":["\\%s"],"x":NaN}' % (b"\\\\" * MANY),
    "digits": b'{"messages":[%s]}' % (b"9" * MANY),
    "a long exponent": b'{"messages":[1e%s]}' % (b"9" * MANY),
    "commas": b'{"messages":[%s]}' % (b"," * MANY),
    "colons": b'{"messages":[%s]}' % (b":" * MANY),
    "small messages": b'{"messages":[%sNaN]}' % (b"{}," * MANY),
    "one key again and again": b'{%s"messages":[NaN]}' % (b'"messages":[],' * MANY),
    "spaces": b'{"messages"%s:[%s]%s"x":NaN}' % (b" " * MANY, b" " * MANY, b" " * MANY),
    "NUL bytes": b'{"messages":["%s"]}' % bytes(MANY),
    "lone surrogates": b'{"messages":["%s"]}' % (b"\\ud800" * MANY),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_end_and_raise_nothing_else(data):
    """A way that is not linear shows as this test not ending: 200,000 squared is an hour."""
    try:
        body = Body(data, "chat")
    except BodyError:
        return
    for index in {0, len(body.messages) - 1} if body.messages else ():
        edited = body.edited([SetRaw(("messages", index), b"1")])
        start, end = body.span(("messages", index))
        assert edited == data[:start] + b"1" + data[end:]


def test_twenty_megabytes_with_one_odd_value():
    text = b'a line of tool output \\"quoted\\"\\n' * 600_000
    data = b'{"messages":[{"role":"user","content":"%s"}],"odd":NaN}' % text
    body = Body(data, "chat")
    assert len(body.messages[0]["content"]) > 18_000_000
    assert body.edited([SetText(("messages", 0, "content"), "x")]) == data.replace(text, b"x")


WORDS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b'"',
    b"\\",
    b" ",
    b'"messages"',
    b'"a"',
    b"1",
    b"NaN",
    b"\xff",
    b"\\ud800",
]


def is_object(data):
    """Whether the standard library reads an object."""
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False


@given(st.lists(st.sampled_from(WORDS), max_size=25).map(b"".join))
@settings(max_examples=200)
@example(b'{"messages":["a":1]}')
@example(b'{"messages":[]"}')
def test_no_bytes_raise_anything_else(inner):
    for data in (inner, b'{"messages":[%s]}' % inner, b'{"messages":[{"a":"%s"}],"b":NaN}' % inner):
        try:
            body = Body(data, "chat")
        except BodyError:
            assert not is_object(data)
            continue
        for index, _ in enumerate(body.messages):
            start, end = body.span(("messages", index))
            assert body.edited([SetRaw(("messages", index), b"{}")]) == data[:start] + b"{}" + data[end:]
