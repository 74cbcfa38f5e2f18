"""What the server answers, line by line: revisions, errors, batches, cancelled calls, odd lines, the end of either side."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_process import INITIALIZE

from headroom import tokens
from headroom.compression.markers import handle_of
from headroom.mcp import offered, protocol, stdio
from headroom.mcp.stdio import MAX_LINE, Server
from headroom.originals import retrieval
from headroom.originals.sqlite import SqliteStore

META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


def ask(method, id_=1, **params):
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}


def line(message):
    return json.dumps(message).encode() + b"\n"


def answers(data, **options):
    """What a server writes for this input, in order."""
    output = io.BytesIO()
    Server(output, **{"roots": [], "max_tokens": 8000, **options}).run(io.BytesIO(data))
    return [json.loads(each) for each in output.getvalue().splitlines()]


def code(answer):
    return answer["error"]["code"]


@pytest.mark.parametrize("version", protocol.HANDSHAKE)
def test_a_revision_that_is_spoken_is_agreed_to(version):
    (answer,) = answers(line(ask("initialize", **{**INITIALIZE, "protocolVersion": version})))
    assert answer["result"]["protocolVersion"] == version
    assert answer["result"]["capabilities"] == {"tools": {}}


@pytest.mark.parametrize("version", ["2099-01-01", "2024-01-01", "", "2026-07-28"])
def test_another_is_answered_by_the_latest_that_begins_so(version):
    (answer,) = answers(line(ask("initialize", **{**INITIALIZE, "protocolVersion": version})))
    assert answer["result"]["protocolVersion"] == "2025-11-25"


def test_a_request_that_says_its_revision_needs_no_beginning():
    found, listed, unknown = answers(
        line(ask("server/discover", 1, _meta=META))
        + line(ask("tools/list", 2, _meta=META))
        + line(ask("ping", 3, _meta=META))
    )
    assert found["result"]["supportedVersions"] == ["2026-07-28"]
    assert [tool["name"] for tool in listed["result"]["tools"]] == [tool["name"] for tool in offered.EVERYTHING.tools]
    assert found["result"]["resultType"] == listed["result"]["resultType"] == "complete"
    assert listed["result"]["ttlMs"] > 0
    assert code(unknown) == -32601


def test_a_revision_that_is_not_spoken_is_refused_by_name():
    later = {**META, "io.modelcontextprotocol/protocolVersion": "2031-01-01"}
    (answer,) = answers(line(ask("tools/list", _meta=later)))
    assert code(answer) == -32022
    assert answer["error"]["data"]["requested"] == "2031-01-01"
    assert "2026-07-28" in answer["error"]["data"]["supported"]


WRONG = [
    (b"{broken", -32700, None),
    (b"\xff\xfe\x00", -32700, None),
    (b"[" * 100_000, -32700, None),
    (b"7", -32600, None),
    (b"null", -32600, None),
    (b"{}", -32600, None),
    (b"[]", -32600, None),
    (line({"id": 4, "method": "ping"}), -32600, None),
    (line({"jsonrpc": "1.0", "id": 4, "method": "ping"}), -32600, None),
    (line({"jsonrpc": "2.0", "id": None, "method": "ping"}), -32600, None),
    (line({"jsonrpc": "2.0", "id": True, "method": "ping"}), -32600, None),
    (line({"jsonrpc": "2.0", "id": 1.5, "method": "ping"}), -32600, None),
    (line({"jsonrpc": "2.0", "id": {}, "method": "tools/call"}), -32600, None),
    (line({"jsonrpc": "2.0", "id": 4, "method": 7}), -32600, 4),
    (line({"jsonrpc": "2.0", "id": "a", "method": "resources/list"}), -32601, "a"),
    (line({"jsonrpc": "2.0", "id": 4, "method": "server/discover"}), -32601, 4),
    (line({"jsonrpc": "2.0", "id": 4, "method": "ping", "params": [1]}), -32602, 4),
    (line(ask("initialize", 4)), -32602, 4),
    (line(ask("tools/list", 4, cursor="2")), -32602, 4),
    (line(ask("tools/call", 4)), -32602, 4),
    (line(ask("tools/call", 4, name="rm")), -32602, 4),
    (line(ask("tools/call", 4, name="headroom_stats", arguments="all")), -32602, 4),
    (line(ask("tools/list", 4, _meta={**META, "io.modelcontextprotocol/protocolVersion": 2})), -32602, 4),
    (line(ask("tools/list", 4, _meta={"io.modelcontextprotocol/protocolVersion": "2026-07-28"})), -32602, 4),
]


@pytest.mark.parametrize(("said", "error", "id_"), WRONG)
def test_what_cannot_be_done_is_an_error_and_the_server_goes_on(said, error, id_):
    wrong, pong = answers(said.rstrip(b"\n") + b"\n" + line(ask("ping", "after")))
    if wrong.get("id") == "after":  # calls are done beside the reader
        wrong, pong = pong, wrong
    assert (code(wrong), wrong["id"]) == (error, id_)
    assert pong == {"jsonrpc": "2.0", "id": "after", "result": {}}


SILENT = [
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99, "reason": "late"}},
    {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": {}}},
    {"jsonrpc": "2.0", "method": "notifications/cancelled"},
    {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "headroom_stats"}},
    {"jsonrpc": "2.0", "method": "no/such"},
    {"jsonrpc": "2.0", "id": 3, "result": {}},
    {"jsonrpc": "2.0", "id": 3, "error": {"code": -1, "message": "no"}},
]


@pytest.mark.parametrize("message", SILENT)
def test_what_asks_nothing_is_not_answered(message):
    assert answers(line(message) + line(ask("ping"))) == [{"jsonrpc": "2.0", "id": 1, "result": {}}]


def test_line_ends_and_blank_lines():
    said = b"\r\n\n" + line(ask("ping", 1)).rstrip() + b"\r\n  \n" + line(ask("ping", 2)).rstrip()
    assert [answer["id"] for answer in answers(said)] == [1, 2]


def test_a_line_that_is_too_long_costs_only_itself(monkeypatch):
    monkeypatch.setattr(stdio, "MAX_LINE", 100)
    said = line(ask("ping", "x" * 1000)) + line(ask("ping", 2)) + line(ask("ping", "y" * 1000)).rstrip()
    first, second, third = answers(said)
    assert (code(first), second["id"], code(third)) == (-32600, 2, -32600)
    assert MAX_LINE >= 2**20


def initialized(version):
    return line(ask("initialize", 0, **{**INITIALIZE, "protocolVersion": version}))


def test_batches_belong_to_one_revision():
    batch = line([ask("ping", 1), SILENT[0], ask("headroom", 2), ask("initialize", 3), 7, ask("ping", 4)])
    _, answer = answers(initialized("2025-03-26") + batch)
    assert [each.get("id") for each in answer] == [1, 2, 3, None, 4]
    assert [code(each) if "error" in each else each["result"] for each in answer] == [{}, -32601, -32600, -32600, {}]
    assert len(answers(initialized("2025-03-26") + line([SILENT[0]]))) == 1
    for version in ("2024-11-05", "2025-06-18"):
        _, answer = answers(initialized(version) + batch)
        assert (code(answer), answer["id"]) == (-32600, None)


def test_calls_are_done_in_order_and_a_ping_does_not_wait(tmp_path, log):
    (tmp_path / "a.log").write_text(log)
    calls = [ask("tools/call", each, name="headroom_compress", arguments={"path": "a.log"}) for each in "abc"]
    found = answers(b"".join(map(line, [*calls, ask("ping", 1)])), roots=[tmp_path])
    assert [each["id"] for each in found if each["id"] != 1] == ["a", "b", "c"]
    assert found.index({"jsonrpc": "2.0", "id": 1, "result": {}}) < 3


def test_a_cancelled_call_is_not_answered(tmp_path, log):
    (tmp_path / "a.log").write_text(log)
    calls = [ask("tools/call", each, name="headroom_compress", arguments={"path": "a.log"}) for each in "abc"]
    cancels = [
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": each}} for each in ("b", "c", 5)
    ]
    found = answers(
        b"".join(map(line, [*calls, *cancels, ask("tools/call", "b", name="headroom_stats")])), roots=[tmp_path]
    )
    assert [each["id"] for each in found] == ["a", "b"]
    assert "1 text" in found[1]["result"]["content"][0]["text"]


def test_an_id_that_is_in_use_is_refused(tmp_path, log):
    (tmp_path / "a.log").write_text(log)
    call = line(ask("tools/call", "a", name="headroom_compress", arguments={"path": "a.log"}))
    first, second = answers(call + call, roots=[tmp_path])
    assert (code(first), second["result"]["isError"]) == (-32600, False)


def test_a_failure_that_nobody_thought_of_is_an_error_result():
    class Broken(Server):
        def _call(self, *_):
            raise KeyError("secret")

    output = io.BytesIO()
    calls = [ask("tools/call", each, name="headroom_stats") for each in (1, 2)]
    Broken(output, [], 8000).run(io.BytesIO(initialized("2025-03-26") + line(calls[0]) + line(calls)))
    _, alone, batch = (json.loads(each) for each in output.getvalue().splitlines())
    for answer in (alone, *batch):
        assert answer["result"]["isError"]
        assert "KeyError" in answer["result"]["content"][0]["text"]
    assert b"secret" not in output.getvalue()


NOISE = st.one_of(
    st.binary(max_size=40),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["jsonrpc", "id", "method", "params", "_meta", "name"]), inner, max_size=5
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {"jsonrpc": st.just("2.0")},
        optional={
            "id": st.integers() | st.text(max_size=3) | st.none() | st.floats(),
            "method": st.sampled_from(
                ["ping", "initialize", "tools/list", "tools/call", "notifications/cancelled", "x"]
            ),
            "params": st.none()
            | st.lists(st.integers(), max_size=2)
            | st.dictionaries(st.text(max_size=3), st.integers()),
        },
    ).map(lambda value: json.dumps(value).encode()),
)


@given(st.lists(NOISE, max_size=8))
def test_whatever_is_said_every_line_is_an_answer_and_the_last_ping_has_one(said):
    found = answers(b"".join(each.replace(b"\n", b" ") + b"\n" for each in said) + line(ask("ping", "last one")))
    for each in found:
        for answer in each if isinstance(each, list) else [each]:
            assert answer["jsonrpc"] == "2.0"
            assert ("result" in answer) != ("error" in answer)
    assert {"jsonrpc": "2.0", "id": "last one", "result": {}} in found
    assert (
        sum(len(each) if isinstance(each, list) else 1 for each in found)
        <= sum(max(1, each.count(b"{")) for each in said) + 1
    )


def test_standard_output_carries_the_protocol_alone(server):
    server.ask("initialize", **INITIALIZE)
    server.say(b"\xff broken \n")
    assert code(server.hear()) == -32700
    text, failed = server.call("headroom_compress", text="line of text\n" * 300)
    assert (len(text) < 400, failed) == (True, False)
    assert server.end() == (b"", 0, "")


def test_what_was_asked_before_the_end_is_answered(server, log, tmp_path):
    (tmp_path / "a.log").write_text(log)
    server.say(ask("tools/call", 1, name="headroom_compress", arguments={"path": "a.log"}))
    output, status, errors = server.end()
    assert (status, errors) == (0, "")
    assert json.loads(output)["result"]["isError"] is False


def test_a_client_that_reads_no_more_ends_the_server(server):
    server.ask("ping")
    server.leave()
    server.say(b"".join(line(ask("tools/list", each)) for each in range(200)))
    _, status, errors = server.end()
    assert (status, errors) == (0, "")


def test_killed_in_the_middle_nothing_is_lost(server, log, tmp_path):
    (tmp_path / "a.log").write_text(log)
    text, _ = server.call("headroom_compress", path="a.log")
    server._process.kill()
    assert handle_of(log) in text
    from headroom import config

    assert SqliteStore(config.store_path()).original(handle_of(log)) == log


def test_the_names_agree_with_what_the_proxy_looks_for():
    names = [tool["name"] for tool in offered.EVERYTHING.tools]
    assert names[0] == retrieval.TOOL
    for joined in (f"mcp__{offered.NAME}__{names[0]}", f"{offered.NAME}-{names[0]}", names[0]):
        assert retrieval.is_named(joined)
    assert tokens.count(offered.EVERYTHING.instructions) < 120
    assert all(tokens.count(tool["description"]) < 80 for tool in offered.EVERYTHING.tools)


def test_a_client_may_be_offered_retrieval_alone():
    begun, listed, refused = answers(
        line(ask("initialize", 1, protocolVersion="2025-06-18"))
        + line(ask("tools/list", 2))
        + line(ask("tools/call", 3, name="headroom_stats", arguments={})),
        offer=offered.RETRIEVAL,
    )
    assert [tool["name"] for tool in listed["result"]["tools"]] == ["headroom_retrieve"]
    assert "headroom_compress" not in begun["result"]["instructions"]
    assert code(refused) == -32602
