"""Transcripts: what agents write on this machine, read as the conversation they had."""

import json

import pytest

from headroom import wire
from headroom.agents import transcripts


@pytest.fixture
def written(tmp_path):
    """Writes lines of JSON (or text as it is) to a file; gives back its path."""

    def write(lines, name="session.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
        return path

    return write


def claude(kind, content, message_id=None, **more):
    message = {"role": kind, "content": content}
    if message_id:
        message |= {"id": message_id, "type": "message", "model": "claude-sonnet-4-6", "usage": {"input_tokens": 4}}
    known = {"parentUuid": None, "isSidechain": False, "userType": "external", "cwd": "/home/u/scratch"}
    return {**known, "sessionId": "b73b", "version": "2.1.330", "type": kind, "message": message, **more}


def use(call_id, command):
    return {"type": "tool_use", "id": call_id, "name": "Bash", "input": {"command": command}}


def result(call_id, text, **more):
    return {"type": "tool_result", "tool_use_id": call_id, "content": text, **more}


SESSION = [
    {"type": "queue-operation", "operation": "enqueue", "content": "fix the tests"},
    claude("user", "fix the tests", uuid="1"),
    claude("assistant", [{"type": "thinking", "thinking": "hm", "signature": "c2ln"}], "msg_1"),
    claude("assistant", [{"type": "text", "text": "I run them."}], "msg_1"),
    claude("assistant", [use("toolu_1", "pytest -q")], "msg_1"),
    claude("assistant", [use("toolu_2", "git status")], "msg_1"),
    {"type": "attachment", "attachment": {"type": "todo"}},
    claude("user", [result("toolu_1", "Exit code 127\npytest: command not found", is_error=True)]),
    claude("user", [result("toolu_2", "clean")], toolUseResult={"stdout": "clean"}),
    claude("assistant", [{"type": "text", "text": "API Error"}], "msg_x") | {"isApiErrorMessage": True},
    claude("assistant", [use("toolu_9", "ls")], "msg_s", isSidechain=True),
    claude("assistant", [use("toolu_3", "python -m pytest -q")], "msg_2"),
    claude("user", [result("toolu_3", "3 passed")]),
    '{"type":"assistant","message":{"role":"assistant","conte',
]
SESSION[9]["message"]["model"] = "<synthetic>"


def test_claude_code(written):
    messages = transcripts.read(written(SESSION))
    assert [message["role"] for message in messages] == ["user", "assistant", "user", "assistant", "user"]
    assert [block["type"] for block in messages[1]["content"]] == ["thinking", "text", "tool_use", "tool_use"]
    assert [block["tool_use_id"] for block in messages[2]["content"]] == ["toolu_1", "toolu_2"]
    blocks, failures = wire.read(messages)
    assert not failures
    results = [block for block in blocks if block.role == "result"]
    assert [block.call.name for block in results] == ["Bash"] * 3
    assert [block.is_error for block in results] == [True, False, False]


def test_a_sub_agent_in_a_file_of_its_own(written):
    lines = [
        claude("user", "find the parser", isSidechain=True, agentId="a1"),
        claude("assistant", [use("toolu_1", "rg parser")], "msg_1", isSidechain=True, agentId="a1"),
        claude("user", [result("toolu_1", "src/parser.py:1:")], isSidechain=True, agentId="a1"),
    ]
    assert [message["role"] for message in transcripts.read(written(lines))] == ["user", "assistant", "user"]


def test_a_compacted_claude_session_has_a_boundary(written):
    lines = [
        *SESSION[1:9],
        {"type": "system", "subtype": "compact_boundary", "content": "Conversation compacted"},
        claude("user", "This session is being continued. Summary: tests fail.", isCompactSummary=True),
        claude("assistant", [use("toolu_5", "ls")], "msg_5"),
    ]
    blocks, failures = wire.read(transcripts.read(written(lines)))
    assert not failures
    roles = [block.role for block in blocks]
    assert roles.count("boundary") == 1
    assert blocks[roles.index("boundary") + 1].text.startswith("This session is being continued")


def codex(payload, kind="response_item"):
    return {"timestamp": "2026-03-01T11:13:56.307Z", "ordinal": 1, "type": kind, "payload": payload}


ROLLOUT = [
    codex({"id": "0199", "cwd": "/home/u/scratch", "cli_version": "0.80.0"}, "session_meta"),
    codex({"cwd": "/home/u/scratch", "model": "gpt-5.6"}, "turn_context"),
    codex({"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]}),
    codex({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "fix the tests"}]}),
    codex({"type": "ghost_snapshot", "ghost_commit": {"id": "abc"}}),
    codex({"type": "reasoning", "summary": [], "encrypted_content": "Z0FB"}),
    codex({"type": "function_call", "name": "shell", "arguments": '{"command":["bash","-lc","ls"]}', "call_id": "c1"}),
    codex({"type": "item_completed", "item": {"type": "CommandExecution", "exit_code": 0}}, "event_msg"),
    codex({"type": "function_call_output", "call_id": "c1", "output": "app.py\ntests\n"}),
    codex({"type": "custom_tool_call", "name": "apply_patch", "call_id": "c2", "input": "*** Begin Patch"}),
    codex({"type": "custom_tool_call_output", "call_id": "c2", "output": "Success."}),
    codex({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Done."}]}),
]


def test_codex(written):
    messages = transcripts.read(written(ROLLOUT, "rollout-2026-03-01T11-13-56-0199.jsonl"))
    assert [message["type"] for message in messages] == [
        "message",
        "message",
        "reasoning",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "message",
    ]
    blocks, failures = wire.read(messages)
    assert not failures
    results = [block for block in blocks if block.role == "result"]
    assert [(block.call.name, block.text) for block in results] == [
        ("shell", "app.py\ntests\n"),
        ("apply_patch", "Success."),
    ]


def test_a_compacted_codex_session_goes_on_with_what_was_kept(written):
    kept = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "fix the tests"}]}]
    lines = [*ROLLOUT, codex({"message": "summary", "replacement_history": kept}, "compacted"), ROLLOUT[-1]]
    messages = transcripts.read(written(lines))
    assert messages[-3:] == [{"type": "compaction"}, *kept, ROLLOUT[-1]["payload"]]
    blocks, failures = wire.read(messages)
    assert not failures
    assert "boundary" in [block.role for block in blocks]


ANTHROPIC = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": [{"type": "text", "text": "ho"}]}]
RESPONSES = [{"role": "user", "content": "hi"}, {"type": "function_call_output", "call_id": "c", "output": "x"}]
GEMINI = [{"role": "user", "parts": [{"text": "hi"}]}, {"role": "model", "parts": [{"text": "ho"}]}]


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        (ANTHROPIC, ANTHROPIC),
        ({"model": "m", "system": "s" * 30_000, "messages": ANTHROPIC}, ANTHROPIC),
        ({"input": RESPONSES}, RESPONSES),
        ({"contents": GEMINI}, GEMINI),
    ],
    ids=["array", "messages", "input", "contents"],
)
def test_requests_of_an_api(written, value, messages):
    assert transcripts.read(written([json.dumps(value, indent=1)], "request.json")) == messages


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("users.json", [json.dumps([{"id": 1, "role": "user", "name": "Ann"}, {"id": 2, "role": "admin"}])]),
        ("roles.json", [json.dumps([{"role": "owner", "content": "all"}])]),
        ("config.json", ['{"messages": "role", "role": 1}']),
        ("numbers.json", ["[1, 2, 3]"]),
        ("broken.json", ['{"messages": [{"role": "user", "content": "']),
        ("deep.json", ["[" * 100_000]),
        ("service.jsonl", [{"level": "info", "type": "request", "message": "served"}]),
        ("events.jsonl", [{"type": "user", "message": "signed in"}, {"type": "assistant"}]),
        ("empty.jsonl", []),
        ("session.txt", SESSION),
    ],
)
def test_what_is_no_transcript(written, name, lines):
    path = written(lines, name)
    assert transcripts.read(path) is None
    if path.suffix == ".jsonl":
        assert not transcripts.is_transcript(path)


def test_a_transcript_shows_itself(written, tmp_path):
    assert transcripts.is_transcript(written(SESSION, "a.jsonl"))
    assert transcripts.is_transcript(written(ROLLOUT, "b.jsonl"))
    assert not transcripts.is_transcript(tmp_path / "missing.jsonl")
