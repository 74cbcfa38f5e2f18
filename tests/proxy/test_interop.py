"""`/v1/compress` and `/v1/retrieve`: what a gateway is answered."""

import base64
import io
import json
import re

import pytest
from PIL import Image
from provider_talk import compact, log, records

import headroom
from headroom.compression.markers import handle_of
from headroom.errors import UnknownHandleError
from headroom.originals.store import MemoryStore
from headroom.proxy.interop import compress, retrieve
from headroom.settings import Settings

CODE = "import os\n\n\n" + "".join(f"def f{n}(a, b):\n    return os.path.join(a, b, '{n}')\n\n\n" for n in range(80))
NEEDLE = "session_timeout_7 changed 3600 -> 7"


def chat(number, text):
    call = {
        "id": f"c{number}",
        "type": "function",
        "function": {"name": "bash", "arguments": '{"command":"tail app.log"}'},
    }
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": f"c{number}", "content": text},
    ]


def anthropic(number, text):
    call = {"type": "tool_use", "id": f"c{number}", "name": "bash", "input": {"command": "tail app.log"}}
    result = {"type": "tool_result", "tool_use_id": f"c{number}", "content": [{"type": "text", "text": text}]}
    return [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]


def responses(number, text):
    call = {"type": "function_call", "call_id": f"c{number}", "name": "bash", "arguments": '{"command":"tail app.log"}'}
    return [call, {"type": "function_call_output", "call_id": f"c{number}", "output": text}]


def gemini(number, text):
    call = {"functionCall": {"id": f"c{number}", "name": "bash", "args": {"command": "tail app.log"}}}
    answer = {"functionResponse": {"id": f"c{number}", "name": "bash", "response": {"output": text}}}
    return [{"role": "model", "parts": [call]}, {"role": "user", "parts": [answer]}]


SHAPES = [chat, anthropic, responses, gemini]


def made(messages, store=None, **fields):
    """What a fresh server answers."""
    return json.loads(compress(compact({"messages": messages, **fields}), Settings(), store or MemoryStore()))


def post(client, value):
    return client.send("/v1/compress", compact(value))


def test_rows_come_back_lighter_with_what_was_left_out_to_be_asked_for(client):
    rows = [{"role": "user", "content": "what happened?"}, *chat(1, log(7)), {"role": "user", "content": "go on"}]
    answer = post(client, {"messages": rows, "model": "gpt-5.5"})
    assert answer.status == 200
    assert answer.header("content-type").startswith("application/json")
    found = answer.value
    assert [row["role"] for row in found["messages"]] == [row["role"] for row in rows]
    assert [row for row in found["messages"] if row["role"] != "tool"] == [row for row in rows if row["role"] != "tool"]
    text = found["messages"][2]["content"]
    assert NEEDLE in text
    assert len(text) < len(log(7)) / 2
    assert found["tokens_before"] - found["tokens_after"] == found["tokens_saved"] > 1000
    assert found["compression_ratio"] == found["tokens_after"] / found["tokens_before"]
    assert found["ccr_hashes"] == [handle_of(log(7))]
    (edit,) = found["edits"]
    assert (edit["path"], edit["handle"], edit["lossless"]) == ([2, "content"], handle_of(log(7)), False)
    assert edit["tokens_after"] < edit["tokens_before"]
    assert found["failures"] == []
    whole = client.send(f"/v1/retrieve/{found['ccr_hashes'][0]}", method="GET")
    assert (whole.status, whole.value["original_content"], whole.value["whole"]) == (200, log(7), True)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_row_becomes_the_same_text_in_any_subset(shape):
    texts = [log(1), log(2), log(1), records(3), CODE]
    exchanges = [shape(number, text) for number, text in enumerate(texts)]
    rows = [{"role": "user", "content": "look"}] if shape is not gemini else []
    start = len(rows)
    rows += [row for exchange in exchanges for row in exchange]
    together = made(rows)["messages"]
    for number, exchange in enumerate(exchanges):
        at = start + 2 * number
        assert made(exchange)["messages"] == together[at : at + 2]
    assert len(json.dumps(together[start + 1])) < len(json.dumps(rows[start + 1])) / 2
    same = json.dumps(together[start + 5]).replace('"c2"', '"c0"')
    assert same == json.dumps(together[start + 1]), "no row refers to another"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_result_whose_call_was_not_sent_is_told_by_its_looks(shape):
    rows = [shape(1, CODE)[1], shape(2, log(7))[1], shape(3, f"{CODE}\n# {CODE}")[1]]
    found = made(rows)
    assert found["messages"][0] == rows[0]
    assert found["messages"][2] == rows[2]
    assert NEEDLE in json.dumps(found["messages"][1])
    assert [edit["handle"] for edit in found["edits"]] == [handle_of(log(7))]


def test_numbers_escapes_and_spaces_stay_as_they_were_written():
    rows = '[ {"role": "user", "content": "\\u0041",  "n": 1e5, "n": 1.0}, {"role":"tool","content":%s} ]'
    sent = b'{"x": 1, "messages" : ' + (rows % json.dumps(log(1))).encode() + b' , "model": "m"}'
    answer = compress(sent, Settings(), MemoryStore())
    text = json.loads(answer)["messages"][1]["content"]
    assert text != log(1)
    assert answer.startswith(b'{"messages":' + (rows % json.dumps(text, ensure_ascii=False)).encode() + b",")


def test_only_our_own_handles_can_be_asked_for():
    planted = handle_of("somebody else's text")
    text = log(1).replace("\n", f"\n2026-11-22 10:00:00 ERROR see [x. Full text: h:{planted}]\n", 1)
    found = made(chat(1, text))
    assert planted in found["messages"][1]["content"]
    assert found["ccr_hashes"] == [handle_of(text)]


def test_what_lost_nothing_needs_no_retrieval():
    found = made(chat(1, records(3)), settings={"level": "lossless"})
    assert found["tokens_saved"] > 0
    assert found["ccr_hashes"] == []
    assert {edit["lossless"] for edit in found["edits"]} == {True}


def test_what_retrieval_gave_back_and_what_we_made_stay():
    store = MemoryStore()
    once = made(chat(1, log(1)), store)
    assert made(once["messages"], store)["messages"] == once["messages"]
    call = {"id": "r", "type": "function", "function": {"name": "headroom_retrieve", "arguments": '{"hash":"x"}'}}
    rows = [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "r", "content": log(2)}]
    assert made(rows)["messages"] == rows


def test_a_whole_conversation_is_compressed_as_the_library_does():
    rows = [{"role": "user", "content": "look"}, *chat(1, log(1)), *chat(2, CODE), *chat(3, CODE)]
    found = made(rows, conversation=True)
    assert found["messages"] == headroom.compress(rows, settings=Settings(), store=MemoryStore()).messages
    assert len(found["messages"][-1]["content"]) < 200
    assert made(rows)["messages"][-1]["content"] != found["messages"][-1]["content"]


def test_row_and_conversation_decisions_do_not_mix():
    """A conversation that begins with the same row keeps what it was sent, whichever came first."""
    store = MemoryStore()
    row = [{"role": "user", "content": f"<document>\n{log(1)}</document>"}]
    alone = made(row, store)
    lossless = made(row, store, conversation=True, settings={"retrieval": False})
    assert handle_of(row[0]["content"]) in alone["messages"][0]["content"]
    assert handle_of(row[0]["content"]) not in lossless["messages"][0]["content"]
    assert made(row, store)["messages"] == alone["messages"]


def test_a_row_nobody_understands_is_told_and_left():
    rows = [{"role": "nobody", "content": 1}, *chat(1, log(1))]
    found = made(rows)
    assert found["messages"][0] == rows[0]
    assert found["messages"][2] != rows[2]
    assert [failure["path"] for failure in found["failures"]] == [[0]]


def test_a_large_request_is_answered_as_a_small_one(client):
    rows = [row for number in range(30) for row in chat(number, log(number))]
    found = post(client, {"messages": rows})
    assert len(compact(rows)) > 300_000
    assert found.value == made(rows)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "JSON"),
        (b"[]", "JSON"),
        (b'{"model": "m"}', "messages must be a list"),
        (b'{"messages": "hello"}', "messages must be a list"),
        (b'{"messages": [], "settings": {"levle": "balanced"}}', "levle"),
        (b'{"messages": [], "settings": {"level": "most"}}', "most"),
        (b'{"messages": [], "settings": 1}', "must be an object"),
    ],
)
def test_a_callers_mistake_is_told(client, sent, words):
    answer = client.send("/v1/compress", sent)
    assert answer.status == 400
    assert words in answer.value["error"]["message"]


def test_no_rows_are_no_mistake(client):
    found = post(client, {"messages": []}).value
    assert (found["messages"], found["tokens_before"], found["compression_ratio"]) == ([], 0, 1.0)


def asked(text, **what):
    """What is given back of an original that was stored."""
    store = MemoryStore()
    store.put({handle_of(text): text}, [])
    return json.loads(retrieve(handle_of(text), what, store))


def test_a_query_gets_the_lines_that_answer_it():
    text = "".join(log(number) for number in range(8))
    found = asked(text, query="what became of session_timeout_7?")
    assert NEEDLE in found["original_content"]
    assert len(found["original_content"]) < len(text) / 3
    assert not found["whole"]
    number = text[: text.index(NEEDLE)].count("\n") + 1
    assert f"\n{number}:2026-11-22 10:01:20 INFO config: {NEEDLE}\n" in found["original_content"]
    for line in found["original_content"].splitlines()[:-1]:
        assert line == "--" or re.sub(r"^\d+[:-]", "", line) in text.splitlines()


def test_a_word_inside_a_longer_one_answers_too():
    text = "".join(log(number) for number in range(8))
    found = asked(text, query="timeout")["original_content"]
    assert all(f"session_timeout_{number} changed" in found for number in range(8))


def test_a_query_gets_the_records_that_answer_it():
    text = records(3, 400)
    found = asked(text, query="url u/317")["original_content"]
    assert json.loads(found.splitlines()[0]) == json.loads(text)[317]
    assert len(found) < len(text) / 2


def test_rows_of_a_table_come_under_their_header():
    text = "id,name,total\n" + "".join(f"{n},customer-{n},{n * 31 % 997}\n" for n in range(900))
    found = asked(text, query="customer-512")["original_content"]
    assert found.startswith("id,name,total\n512,customer-512,")


def test_a_query_that_nothing_answers_says_so():
    text = "".join(log(number) for number in range(8))
    assert asked(text, query="zebra")["original_content"].startswith("[0 of 1280 lines")


@pytest.mark.parametrize("query", ["", "the output", "session_timeout_7"])
def test_a_small_original_comes_whole(query):
    assert asked(log(7, 20), query=query) == {
        "hash": handle_of(log(7, 20)),
        "original_content": log(7, 20),
        "whole": True,
    }


def test_never_more_than_the_original():
    text = "".join(f"timeout {number}\n" for number in range(3000))
    for query in ("timeout", "timeout 17", "17", "the"):
        assert len(asked(text, query=query)["original_content"]) <= len(text)


def test_a_slice_can_be_asked_for_as_in_the_library(client):
    text = log(11)
    handle = post(client, {"messages": chat(1, text)}).value["ccr_hashes"][0]
    got = client.send(f"/v1/retrieve/h:{handle}?lines=3-4", method="GET")
    assert got.value["original_content"] == "".join(text.splitlines(keepends=True)[2:4])
    got = client.send(f"/v1/retrieve/{handle.upper()}?grep=timeout", method="GET")
    assert got.value["original_content"].startswith("81:")
    wrong = client.send(f"/v1/retrieve/{handle}?lines=x", method="GET")
    assert (wrong.status, "lines=" in wrong.value["error"]["message"]) == (400, True)


@pytest.mark.parametrize("handle", ["0" * 12, "0" * 24, "zz", "..%2f..", "0" * 11])
def test_an_unknown_handle_is_a_404_in_json(client, handle):
    answer = client.send(f"/v1/retrieve/{handle}", method="GET")
    assert answer.status == 404
    assert "no original has the handle" in answer.value["error"]["message"]
    with pytest.raises(UnknownHandleError):
        retrieve(handle, {}, MemoryStore())


def test_a_web_page_is_refused(client):
    for method, path in (("POST", "/v1/compress"), ("GET", "/v1/retrieve/000000000000")):
        assert client.send(path, b"{}", [("origin", "http://evil.example")], method).status == 403
        assert client.send(path, b"{}", [("host", "evil.example")], method).status == 403


def test_where_a_token_is_needed_the_api_key_is_it(launch):
    token = "0123456789abcdef-token"
    client = launch(f"--token={token}").client
    body = compact({"messages": chat(1, log(1))})
    assert client.send("/v1/compress", body).status == 401
    assert client.send("/v1/compress", body, [("authorization", "Bearer wrong")]).status == 401
    for path, headers in (
        ("/v1/compress", [("authorization", f"Bearer {token}")]),
        ("/v1/compress", [("x-headroom-token", token)]),
        (f"/t/{token}/w/team/v1/compress", []),
    ):
        answer = client.send(path, body, headers)
        assert (answer.status, len(answer.value["ccr_hashes"])) == (200, 1)


def test_edits_that_a_client_puts_in_are_texts_and_rows_hold_smaller_images():
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{fine_image()}"}}
    messages = [*chat(1, log(7)), {"role": "user", "content": [picture]}, {"role": "user", "content": [picture]}]
    for fields in ({}, {"conversation": True}):
        rows = made(messages, model="gpt-5.6-sol", **fields)
        assert rows["messages"][2]["content"][0] != picture
        edits = made(messages, model="gpt-5.6-sol", answer="edits", **fields)
        assert [edit["path"] for edit in edits["edits"]] == [[1, "content"]]
        assert edits["tokens_saved"] == edits["edits"][0]["tokens_before"] - edits["edits"][0]["tokens_after"]


def fine_image():
    """Base64 of a picture of a fine display: soft shapes, with resolution to spare."""
    file = io.BytesIO()
    Image.radial_gradient("L").resize((1200, 800)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
