"""What the tools answer: which files may be read, what a long result becomes, what is said when something is wrong."""

import json
import os
import re

import pytest

from headroom import config, tokens, wire
from headroom.compression import policy
from headroom.compression.markers import handle_of
from headroom.ledger.entry import Entry, Segment
from headroom.ledger.ledger import Ledger
from headroom.mcp import offered
from headroom.mcp.tools import Tools
from headroom.originals.sqlite import SqliteStore
from headroom.settings import Settings
from headroom.wire.usage import Usage

WORDS = "".join(
    f"paragraph {number} says something of its own about {number * 7919 % 10007}, at length\n" for number in range(3000)
)
"""40,000 tokens that nothing makes shorter."""


@pytest.fixture
def tools(tmp_path):
    return Tools([tmp_path])


def compress(tools, **arguments):
    return tools.call("headroom_compress", arguments)


@pytest.fixture
def elsewhere(tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "secret.txt").write_text("secret\n")
    return folder


def test_files_under_the_roots(tmp_path, elsewhere, log):
    inside = tmp_path / "a b" / "é.log"
    inside.parent.mkdir()
    inside.write_text(log)
    (tmp_path / "link").symlink_to(inside)
    roots = Tools([tmp_path, elsewhere])
    for path in ("a b/é.log", str(inside), "link", "a b/../a b/./é.log"):
        text, failed = compress(roots, path=path)
        assert not failed
        assert "session_timeout changed 3600 -> 36" in text
    assert compress(roots, path=str(elsewhere / "secret.txt")) == ("secret\n", False)


def test_files_elsewhere(tools, tmp_path, elsewhere):
    (tmp_path / "link").symlink_to(elsewhere / "secret.txt")
    (tmp_path / "folder").symlink_to(elsewhere)
    beside = tmp_path.with_name(tmp_path.name + "-beside")
    beside.mkdir()
    (beside / "secret.txt").write_text("secret\n")
    outside = [
        str(elsewhere / "secret.txt"),
        f"../{elsewhere.name}/secret.txt",
        "link",
        "folder/secret.txt",
        f"../{beside.name}/secret.txt",
        "/etc/hostname",
        "/no/such/file",
        "~/.ssh/id_rsa",
    ]
    for path in outside:
        text, failed = compress(tools, path=path)
        assert failed
        assert "--root FOLDER" in text, path
        assert "secret\n" not in text


def test_a_file_that_cannot_be_read_says_why(tools, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\0\0")
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(10**9)
    why = {
        "missing": "does not exist",
        "pipe": "no plain file",
        ".": "no plain file",
        "picture.png": "binary",
        "huge": "1,000,000,000 bytes",
        "loop": "cannot be read",
        "a\0b": "cannot be read",
        "x" * 5000: "cannot be read",
        "~nobody-here/x": "cannot be read",
    }
    for path, says in why.items():
        text, failed = compress(tools, path=path)
        assert (failed, says in text) == (True, True), text[:300]


WRONG = [
    ("headroom_compress", {}, "Give either path"),
    ("headroom_compress", {"path": "a", "text": "b"}, "Give either path"),
    ("headroom_compress", {"path": None, "text": None}, "Give either path"),
    ("headroom_compress", {"path": 7}, "path must be a string"),
    ("headroom_compress", {"text": ["a"]}, "text must be a string"),
    ("headroom_compress", {"text": "a", "query": 7}, "query must be a string"),
    ("headroom_retrieve", {}, "No handle was given"),
    ("headroom_retrieve", {"handle": "h:000000000000"}, "Run the command"),
]


@pytest.mark.parametrize(("tool", "arguments", "says"), WRONG)
def test_a_call_that_cannot_be_done_is_an_error_that_says_what_to_do(tools, tool, arguments, says):
    text, failed = tools.call(tool, arguments)
    assert failed
    assert says in text


def test_a_configuration_that_cannot_be_read_is_an_error(tools):
    (config.home() / "config.toml").write_text("level = \n")
    text, failed = compress(tools, text="a")
    assert failed
    assert "config.toml is not TOML" in text


def test_a_store_that_cannot_be_read_is_an_error_for_what_needs_it(tools, log):
    config.store_path().write_bytes(b"this is no database at all. " * 400)
    assert tools.call("headroom_stats", {})[1]
    assert tools.call("headroom_retrieve", {"handle": handle_of(log)}) == (
        "The text cannot be read at the moment. Run the command that printed it again.",
        True,
    )
    text, failed = compress(tools, text=log)
    assert (text.startswith(log[:10_000]), failed) == (True, False)
    assert "the rest could not be kept" in text
    assert "store failed, the text is as it came" in text


def test_kind_and_query_count(tools, log):
    asked, _ = compress(tools, text=log, query="worker-2 request 7260")
    assert "served request 7260 in" in asked
    assert "served request 7260 in" not in compress(tools, text=log)[0]
    assert compress(tools, text=log, kind="table")[0].startswith(log[:10_000])


def test_odd_texts(tools):
    assert compress(tools, text="") == ("[an empty text]", False)
    assert compress(tools, text="\n") == ("\n", False)
    assert compress(tools, text="a\ud800b") == ("a\N{REPLACEMENT CHARACTER}b", False)
    for text in ("\0" * 100_000, "[" * 100_000, "\x1b[31m" * 3000, "x" * 500_000, "漢😀" * 40_000):
        answer, failed = compress(tools, text=text)
        assert not failed
        assert tokens.count(answer) < 8_100


def test_a_byte_that_is_no_utf_8_comes_as_a_question_mark(tools, tmp_path):
    (tmp_path / "latin.txt").write_bytes("Grüße\n".encode("latin-1"))
    assert compress(tools, path="latin.txt") == ("Gr\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}e\n", False)


def test_a_long_result_is_sliced_and_the_rest_can_be_asked_for(tools):
    given, failed = compress(tools, text=WORDS)
    pieces = []
    while True:
        assert not failed
        assert tokens.count(given) <= 8_060
        body, _, note = given.rpartition("[only the first ")
        pieces.append(body or given)
        if not body:
            break
        lines = re.search(r'lines="(\d+-)"', note)[1]
        if len(pieces) == 1:
            assert f'go on with headroom_retrieve handle="{handle_of(WORDS)}" lines="{lines}"]' in note
        given, failed = tools.call("headroom_retrieve", {"handle": handle_of(WORDS), "lines": lines})
    assert "".join(pieces) == WORDS
    assert len(pieces) > 4


def test_the_user_may_allow_more(tmp_path):
    answer, _ = Tools([tmp_path], 20_000).call("headroom_compress", {"text": WORDS})
    assert 15_000 < tokens.count(answer) < 20_060


def test_what_was_saved(tools, log):
    assert tools.call("headroom_stats", {}) == (
        "Kept originals: 0 (0.0 MB).\nThrough the proxy: no request yet (headroom proxy, or headroom wrap AGENT).",
        False,
    )
    usage = Usage(fresh=100_000, cache_read=0, cache_write=0, cache_write_1h=0, output=100)
    Ledger(config.ledger_path()).add(
        Entry(
            1.0,
            "c",
            "",
            "claude-cli",
            "anthropic",
            "messages",
            "claude-sonnet-4-6",
            200,
            True,
            0,
            (Segment(100_000, 50_000, "logs"),),
            usage,
            False,
            False,
            1.0,
            1.0,
            1.0,
            retrievals=2,
        )
    )
    compress(tools, text=log)
    text, failed = tools.call("headroom_stats", {})
    assert not failed
    assert "1 requests, 50,000 tokens taken out (33.3 % of what was sent), 2 originals asked for" in text
    assert "Saved, net: $0.15 of $0.45." in text
    assert "By headroom_compress in this session: 1 text, " in text


def anthropic(name, text):
    call = {"type": "tool_use", "id": "t1", "name": name, "input": {"handle": "3fa9c1d2e4b7"}}
    given = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": text}]}
    return [{"role": "assistant", "content": [call]}, {"role": "user", "content": [given]}]


def codex(name, text):
    call = {"type": "function_call", "call_id": "c1", "namespace": "mcp__headroom", "name": name, "arguments": "{}"}
    return [call, {"type": "function_call_output", "call_id": "c1", "output": json.dumps(text)}]


def script(name, text):
    code = f'text(await tools.mcp__headroom__{name}({{handle: "3fa9c1d2e4b7"}}))'
    call = {"type": "custom_tool_call", "call_id": "c1", "name": "exec", "input": code}
    given = {"type": "custom_tool_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": text}]}
    return [call, given]


def bridged(name, text):
    """By a tool that calls tools loaded on demand."""
    arguments = json.dumps({"name": f"mcp__headroom__{name}", "arguments": {"handle": "3fa9c1d2e4b7"}})
    call = {"id": "c1", "type": "function", "function": {"name": "tool_call", "arguments": arguments}}
    given = {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": text}]}
    return [{"role": "assistant", "content": None, "tool_calls": [call]}, given]


@pytest.mark.parametrize("tool", [tool["name"] for tool in offered.EVERYTHING.tools])
@pytest.mark.parametrize(
    "messages",
    [
        lambda tool, text: anthropic(f"mcp__headroom__{tool}", text),
        codex,
        script,
        bridged,
        lambda tool, text: anthropic(f"headroom-{tool}", text),
        lambda tool, text: anthropic(f"headroom_{tool}", text),
        lambda tool, text: anthropic(f"headroom__{tool}", text),
        lambda tool, text: anthropic(f"mcp_headroom_{tool}", text),
    ],
    ids=["Claude Code", "Codex", "Codex's scripts", "qwen", "Copilot", "opencode", "cline", "gemini"],
)
def test_what_a_tool_gave_is_never_compressed_again(messages, tool, log):
    blocks, failures = wire.read(messages(tool, log))
    results = [block for block in blocks if block.role == "result"]
    assert (len(results), failures) == (1, [])
    assert policy.plan(results[0], Settings()) == policy.OFF
    blocks, _ = wire.read(messages("some_other_tool", log))
    assert policy.plan(blocks[-1], Settings()) != policy.OFF


def test_what_is_kept_is_what_came(tools, log):
    text, _ = compress(tools, text=log)
    handle = re.search(r"Full text: h:(\w{12})", text)[1]
    assert SqliteStore(config.store_path()).original(handle) == log
    assert compress(tools, text=text) == (text, False)
