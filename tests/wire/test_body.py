"""A request's bytes as the rest of the code meets them: messages of every format, read and edited in their place."""

import json

import pytest
from wire_fixtures import FIXTURES, at

from headroom import wire
from headroom.wire.body import KEYS, UNREADABLE, AddKey, Body, Insert, Remove, SetRaw, SetText
from headroom.wire.pictures import changes

FORMATS = {
    "anthropic": "anthropic",
    "anthropic_provider_tools": "anthropic",
    "gemini": "gemini",
    "images_anthropic": "anthropic",
    "images_chat": "chat",
    "images_gemini": "gemini",
    "images_responses": "responses",
    "malformed": "chat",
    "openai_chat": "chat",
    "openai_responses": "responses",
    "shared": "chat",
    "vercel_ai": "chat",
}
WRITERS = {
    "compact": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    "python": json.dumps,
    "indented": lambda value: json.dumps(value, indent=2),
}
ODD = {
    "in order": "",
    "by parts": ', "odd": NaN',
}
"""What stands after the messages; the second makes msgspec refuse the whole."""


def body_of(messages, form, write=json.dumps, odd=""):
    """A request around some messages."""
    return f'{{"model": "m", "temperature": 1.0, "{KEYS[form]}": {write(messages)}{odd}}}'.encode()


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("name", FIXTURES)
def test_a_fixture_reads_the_same_in_a_body(name, write, odd):
    messages = FIXTURES[name]["messages"]
    body = Body(body_of(messages, FORMATS[name], WRITERS[write], ODD[odd]), FORMATS[name])
    assert body.key == KEYS[FORMATS[name]]
    assert body.messages == messages
    assert wire.read(body.messages) == wire.read(messages)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("name", FIXTURES)
def test_editing_bytes_does_what_editing_values_does(name, write, odd):
    messages = FIXTURES[name]["messages"]
    data = body_of(messages, FORMATS[name], WRITERS[write], ODD[odd])
    body = Body(data, FORMATS[name])
    texts = {
        block.path: f'{number}: "né\\w"\n\x00😀'
        for number, block in enumerate(wire.read(messages)[0])
        if block.editable
    }
    assert texts
    edited = body.edited([each for path, text in texts.items() for each in changes(body, (body.key, *path), text)])
    assert json.loads(edited)[body.key] == wire.put(messages, texts)
    back = [SetRaw((body.key, *path), data[slice(*body.span((body.key, *path)))]) for path in texts]
    assert Body(edited, FORMATS[name]).edited(back) == data
    for path, text in texts.items():
        one = body.edited(changes(body, (body.key, *path), text))
        start, end = body.span((body.key, *path))
        assert json.loads(data[start:end]) == at(messages, path)
        assert (one[:start], one[len(one) - len(data) + end :]) == (data[:start], data[end:])


def test_numbers_escapes_spacing_and_doubled_keys_outside_an_edit_stay():
    data = (
        b'\r\n{"max_tokens":1e5 ,"temperature":1.0,"seed":12345678901234567890123,"messages":"old", "m\\u0065ta":"\\/\\u00e9",\n'
        b'\t"messages" : [ {"role":"user","role":"user","content":"long","content":"\\u006cong" , "n":-0.0} ] , "top_p":0.10 }\n'
    )
    edited = Body(data, "anthropic").edited([SetText(("messages", 0, "content"), "short")])
    assert edited == data.replace(b'"\\u006cong"', b'"short"')


def test_a_new_text_is_compact_utf8_and_a_lone_surrogate_stays_an_escape():
    body = Body(b'{"messages":[{"role":"user","content":"a \\ud800 b"}]}', "anthropic")
    text = body.messages[0]["content"]
    assert text == "a \ud800 b"
    for new in (text, "é😀 \x7f \u2028 \x01\t", "\udfff\ud800"):
        edited = body.edited([SetText(("messages", 0, "content"), new)])
        assert json.loads(edited)["messages"][0]["content"] == new
    assert "é😀\u2028".encode() in body.edited([SetText(("messages", 0, "content"), "é😀\u2028")])
    assert b'"a \\ud800 b \xc3\xa9"' in body.edited([SetText(("messages", 0, "content"), text + " é")])


TURN = b'{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"%s"}]}'
ODD_TURNS = {
    "a lone surrogate": TURN % b"x \\ud83d y",
    "NaN": b'{"role":"user","content":"x","score":NaN}',
    "a number out of range": b'{"role":"user","content":"x","score":-1e999}',
    "an endless integer": b'{"role":"user","content":"x","score":%s}' % (b"9" * 9000),
    "50,000 levels": b'{"role":"user","content":"x","deep":%s%s}' % (b"[" * 50_000, b"]" * 50_000),
    "50,000 objects": b'{"role":"user","content":%s1%s}' % (b'{"a":' * 50_000, b"}" * 50_000),
    "no UTF-8": TURN % b"caf\xe9 ]}",
    "a surrogate in UTF-8": TURN % b"\xed\xa0\x80",
    "a raw control character": TURN % b"a\x01\nb",
    "an escape that is none": TURN % b"C:\\dir \\u12",
    "a key that is not UTF-8": b'{"role":"user","\xff":1,"content":"x"}',
    "no value": b'{"role":"user","content":nothing}',
    "a missing comma": b'{"role":"user" "content":"x"}',
    "a bracket of the wrong kind": b'{"role":"user","content":[}}',
    "an empty key": b"{:1}",
}


@pytest.mark.parametrize("odd", ODD_TURNS)
def test_an_odd_message_leaves_those_before_and_after_it_as_they_were(odd):
    turns = [TURN % (b"result %d \\\\ \\u00e9" % number) for number in range(11)]
    before = Body(b'{"messages": [%s]}' % b" , ".join(turns), "anthropic")
    after = Body(b'{"messages": [%s]}' % b" , ".join([*turns, ODD_TURNS[odd], TURN % b"last"]), "anthropic")
    assert len(after.messages) == 13
    assert after.messages[:11] == before.messages
    assert after.messages[12]["content"][0]["content"] == "last"
    blocks = wire.read(before.messages)[0]
    assert [block for block in wire.read(after.messages)[0] if block.path[0] < 11] == blocks
    changes = [SetText(("messages", *block.path), f"short {block.path}") for block in blocks]
    edited = before.edited(changes)[: -len(b"]}")]
    assert after.edited(changes) == edited + b" , " + ODD_TURNS[odd] + b" , " + TURN % b"last" + b"]}"
    assert after.edited([SetText(("messages", 12, "content", 0, "content"), "end")]).endswith(TURN % b"end" + b"]}")


READABLE = {"a lone surrogate", "NaN", "a number out of range"}


@pytest.mark.parametrize("odd", ODD_TURNS)
def test_what_python_reads_is_read_and_the_rest_is_named(odd):
    body = Body(b'{"messages":[%s,{"role":"user","content":"x"}]}' % ODD_TURNS[odd], "chat")
    assert (body.messages[0] is not UNREADABLE) == (odd in READABLE)
    failed = [failure.path for failure in wire.read(body.messages)[1]]
    assert failed == ([] if odd in READABLE else [(0,)])


def test_an_unreadable_value_beside_the_messages_hides_nothing():
    body = Body(b'{"tools":[{"\\q":1}],"messages":[{"role":"user","content":"x"}]}', "chat")
    assert body.value["tools"] is UNREADABLE
    assert body.edited([SetText(("messages", 0, "content"), "y")]) == body.data.replace(b'"x"', b'"y"')


def test_lists_and_objects_take_values_wherever_they_are_put():
    body = Body(
        b'{"tools": [ ], "messages": [{"role": "user"} , {}], "system":[{"type":"text","text":"s"}\n]}', "anthropic"
    )
    mark = b'{"type":"ephemeral"}'
    edited = body.edited(
        [
            Insert(("messages",), 2, b'{"n":2}'),
            Insert(("messages",), 1, b'{"n":0}'),
            Insert(("tools",), 0, b'{"name":"a"}'),
            AddKey(("messages", 1), "role", b'"user"'),
            AddKey(("system", 0), "cache_control", mark),
            AddKey(("system", 0), "text", b'"t"'),
            Insert(("messages",), 1, b'{"n":1}'),
            Insert(("tools",), 0, b'{"name":"b"}'),
            AddKey(("messages", 1), "é", b"1.0"),
            AddKey((), "stream", b"true"),
        ]
    )
    assert edited.decode() == (
        '{"tools": [{"name":"a"},{"name":"b"} ], "messages": [{"role": "user"},{"n":0},{"n":1} , {"role":"user","é":1.0},{"n":2}],'
        ' "system":[{"type":"text","text":"t","cache_control":{"type":"ephemeral"}}\n],"stream":true}'
    )


def test_of_doubled_keys_the_last_is_the_one_that_is_edited():
    body = Body(b'{"messages":[],"a":1,"messages":[{"role":"user","content":"x"}]}', "chat")
    assert body.edited([AddKey((), "b", b"2"), SetText(("messages", 0, "content"), "y")]) == (
        b'{"messages":[],"a":1,"messages":[{"role":"user","content":"y"}],"b":2}'
    )


@pytest.mark.parametrize("data", [b'{"a":1,"a":1,"b":2}', b'{"a":1,"b":2,"a":1}', b'{"b":2,"a":1,"a":1 }'])
def test_the_last_of_doubled_keys_with_one_value_is_meant(data):
    body = Body(data, "chat")
    assert body.span(("a",))[0] == data.rindex(b'"a":') + 4
    assert body.span(("b",))[0] == data.index(b"2")


def test_a_doubled_key_whose_values_seem_to_fit_is_not_mistaken():
    """The lengths lead from the first "a", taken for as long as the last one, through its inside to the very end."""
    rest = b'2},"x":0,"a":"1234"'
    data = b'{"b":"%s","a":{"c":1,"b":%s}' % (b"b" * (len(rest) - 2), rest)
    body = Body(data, "chat")
    assert {key: data[slice(*body.span((key,)))] for key in body.value} == {
        "b": b'"%s"' % (b"b" * (len(rest) - 2)),
        "a": b'"1234"',
        "x": b"0",
    }


@pytest.mark.parametrize(
    "change",
    [
        SetText(("messages", 1), "x"),
        SetText(("messages", 0, "text"), "x"),
        SetText(("messages", "content"), "x"),
        SetText(("messages", 0, 0), "x"),
        SetText(("messages", 0, "content", 0), "x"),
        SetText(("messages", 0, "content", "text"), "x"),
        SetText(("input",), "x"),
        SetRaw(("model", "name"), b"1"),
        Insert(("messages",), 2, b"1"),
        Insert(("messages",), -1, b"1"),
        Insert(("messages", 0), 0, b"1"),
        Remove(("messages",), 1),
        Remove(("messages",), -1),
        AddKey(("messages",), "a", b"1"),
        AddKey(("nothing",), "a", b"1"),
    ],
    ids=str,
)
def test_a_path_that_leads_nowhere_is_a_lookup_error(change):
    body = Body(b'{"model":"m","messages":[{"role":"user","content":"x"}]}', "chat")
    with pytest.raises(LookupError):
        body.edited([SetText(("messages", 0, "content"), "y"), change])
