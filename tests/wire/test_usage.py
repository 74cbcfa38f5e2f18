"""What answers bill, however they are cut, packed or broken off."""

from __future__ import annotations

import gzip
import json
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from usage_answers import ANSWERS, BOUND, CACHED, RESPONSE, RESPONSE_USAGE, SSE, Answer, anthropic

from headroom.wire import usage as usage_module
from headroom.wire.usage import Tee, Usage

FORMATS = ("anthropic", "chat", "responses", "gemini")


def read(answer: Answer, *chunks: bytes, encoding: str = "") -> Tee:
    tee = Tee(answer.format, answer.content_type, encoding)
    for chunk in chunks:
        tee.feed(chunk)
    tee.close()
    return tee


def told(tee: Tee) -> tuple[Usage | None, str, str, str]:
    return tee.usage, tee.model, tee.response_id, tee.failure_kind


cases = pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)


@cases
def test_whole(answer):
    assert told(read(answer, answer.body)) == answer[3:]


@cases
def test_byte_by_byte(answer):
    assert told(read(answer, *(answer.body[at : at + 1] for at in range(len(answer.body))))) == answer[3:]


@cases
def test_cut_into_two_at_every_offset(answer):
    for at in range(len(answer.body)):
        assert told(read(answer, answer.body[:at], answer.body[at:])) == answer[3:], at


@cases
def test_broken_off_at_every_offset(answer):
    """Usage is the whole of it or unknown, and unknown for as long as the event that completes it has not come."""
    known = [read(answer, answer.body[:at]).usage for at in range(len(answer.body) + 1)]
    assert set(known) <= {None, answer.usage}
    if answer.usage is not None:
        first = known.index(answer.usage)
        assert all(one is None for one in known[:first])
        assert all(one is not None for one in known[first:])
        told_last = answer.body[:first]
        assert told_last.endswith(b"}") or b"[DONE]" in told_last or "eventstream" in answer.content_type


@cases
@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("X-GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("br", brotli.compress),
        ("zstd", zstd.compress),
        ("zstd", lambda data: zstd.compress(data[:50]) + zstd.compress(data[50:])),
        ("identity", bytes),
    ],
    ids=["gzip", "x-gzip", "deflate", "raw deflate", "br", "zstd", "zstd frames", "identity"],
)
def test_packed(answer, encoding, pack):
    packed = pack(answer.body)
    assert told(read(answer, packed, encoding=encoding)) == answer[3:]
    assert (
        told(read(answer, *(packed[at : at + 7] for at in range(0, len(packed), 7)), encoding=encoding)) == answer[3:]
    )


def test_what_unpacks_to_more_than_a_piece():
    events = b": filler\n\n" * 400_000  # 4 MB
    body = events + anthropic(CACHED, {"output_tokens": 90})
    for encoding, pack in (
        ("gzip", gzip.compress),
        ("br", lambda data: brotli.compress(data, quality=1)),
        ("zstd", zstd.compress),
    ):
        tee = Tee("anthropic", SSE, encoding)
        tee.feed(pack(body))
        tee.close()
        assert tee.usage == Usage(12, 9000, 200, 500, 90), encoding


@pytest.mark.parametrize("encoding", ["compress", "gzip, br", "gzip", "br", "zstd", "deflate"])
def test_what_cannot_be_unpacked_is_unknown(encoding):
    answer = ANSWERS["anthropic, cached"]
    assert told(read(answer, answer.body, answer.body, encoding=encoding)) == (None, "", "", "")


def test_after_what_cannot_be_unpacked_nothing_is_read():
    answer = ANSWERS["anthropic, cached"]
    assert read(answer, b"garbage", zstd.compress(answer.body), encoding="zstd").usage is None


def test_a_cut_packed_answer_is_unknown():
    answer = ANSWERS["anthropic, cached"]
    packed = gzip.compress(answer.body)
    assert read(answer, packed[: len(packed) // 2], encoding="gzip").usage is None


def test_an_event_too_long_to_keep_is_left_out_and_the_next_one_read(monkeypatch):
    monkeypatch.setattr(usage_module, "LONGEST", 2000)
    huge = b'data: {"type":"content_block_delta","x":"' + b"y" * 5000 + b'"}\n\n'
    tee = Tee("anthropic", SSE)
    for at in range(0, len(huge), 100):
        tee.feed(huge[at : at + 100])
        assert sum(map(len, tee._pieces)) <= 2000
    after = anthropic(CACHED, {"output_tokens": 90})
    for at in range(0, len(after), 10):
        tee.feed(after[at : at + 10])
    assert tee.usage == Usage(12, 9000, 200, 500, 90)


def test_what_is_neither_a_stream_nor_json_is_not_kept():
    tee = Tee("anthropic", "application/vnd.amazon.eventstream")
    tee.feed(b"\x00\x00")
    assert tee._pieces == []
    long = Tee("anthropic", "application/vnd.amazon.eventstream")
    frame = (2**31).to_bytes(4, "big") + bytes(4)
    for _ in range(20):
        long.feed(frame + bytes(2**20))
    assert long._frames is not None
    assert len(long._frames._kept) < 2**21


def test_an_answer_too_long_to_keep_is_unknown(monkeypatch):
    monkeypatch.setattr(usage_module, "LONGEST", 2000)
    body = json.dumps({**RESPONSE, "output": ["x" * 5000], "usage": RESPONSE_USAGE}).encode()
    tee = Tee("responses", "application/json")
    tee.feed(body[:1500])
    tee.feed(body[1500:])
    tee.close()
    assert tee.usage is None
    assert tee._pieces == []


def test_websocket_frames():
    tee = Tee("responses", "")
    frames = [
        {"type": "response.created", "response": {**RESPONSE, "usage": None}},
        {"type": "response.output_text.delta", "delta": 'the "usage"'},
        {"type": "response.completed", "response": {**RESPONSE, "usage": RESPONSE_USAGE}},
    ]
    for frame in frames:
        assert not tee.finished
        tee.event(json.dumps(frame).encode())
    assert tee.finished
    assert (tee.usage, tee.response_id) == (Usage(500, 4000, 1000, 500, 80, "flex"), "resp_1")


@pytest.mark.parametrize(
    "frame",
    [{"error": {"type": "invalid_request_error", "message": BOUND}}, {"message": BOUND}],
    ids=["error", "message"],
)
def test_a_websocket_error(frame):
    tee = Tee("responses", "")
    tee.event(json.dumps({"type": "error", "status": 400, **frame}).encode())
    assert (tee.finished, tee.usage, tee.failure_kind) == (True, None, "prefix_binding")


def test_words_of_the_model_are_no_failure():
    body = json.dumps(
        {"id": "msg_1", "type": "message", "content": [{"type": "text", "text": f"{BOUND} prefix_binding_mismatch"}],
         "usage": {"input_tokens": 1, "output_tokens": 1}}
    ).encode()  # fmt: skip
    tee = read(Answer("anthropic", "application/json", b"", None, "", ""), body)
    assert (tee.usage, tee.failure_kind) == (Usage(1, 0, 0, 0, 1), "")


@pytest.mark.parametrize("value", [-5, 2**60, "many", [], {}, None, 1.5])
def test_numbers_that_are_no_counts(value):
    body = json.dumps({"id": "x", "usage": {"prompt_tokens": value, "completion_tokens": 2}}).encode()
    assert read(Answer("chat", "application/json", b"", None, "", ""), body).usage is None


def test_more_cached_than_there_is_stays_above_zero():
    body = b'{"id":"x","usage":{"prompt_tokens":10,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":15}}}'
    assert read(Answer("chat", "application/json", b"", None, "", ""), body).usage == Usage(0, 15, 0, 0, 1)


@given(
    st.sampled_from(FORMATS),
    st.sampled_from([SSE, "application/json", ""]),
    st.lists(st.binary(max_size=60), max_size=8),
)
def test_any_bytes_are_taken(format_, kind, chunks):
    for encoding in ("", "gzip", "br", "zstd", "deflate"):
        told(read(Answer(format_, kind, b"", None, "", ""), *chunks, encoding=encoding))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["usage", "message", "response", "error", "type", "choices", "candidates", "usageMetadata", "delta",
                         "input_tokens", "iterations", "id", "x"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.sampled_from(FORMATS), json_values)
def test_any_json_is_taken(format_, value):
    text = json.dumps(value).encode()
    for answer, body in (
        (Answer(format_, "application/json", b"", None, "", ""), text),
        (Answer(format_, SSE, b"", None, "", ""), b"data: " + text + b"\n\n"),
    ):
        told(read(answer, body))
    Tee(format_, "").event(text)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_deep_text_is_taken(format_):
    deep = b'{"usage":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert read(Answer(format_, "application/json", b"", None, "", ""), deep).usage is None
