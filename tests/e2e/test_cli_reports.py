"""`headroom perf` and `--help`: what a user reads, at 80 columns and without a terminal."""

import json
import os
import re

import pytest

COMMANDS = ("compress", "retrieve", "perf", "mcp", "doctor")


def lines(made):
    return made.stdout.decode().splitlines()


def session(log):
    """A session as Claude Code writes it."""
    said = [
        {"role": "user", "content": "why is it slow?"},
        {"id": "m1", "role": "assistant", "content": [{"type": "text", "text": "I look at the log."}]},
        {
            "id": "m1",
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "cat app.log"}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": log.decode()}]},
        {"id": "m2", "role": "assistant", "content": [{"type": "text", "text": "session_timeout went to 36"}]},
    ]
    return [{"type": one["role"], "isSidechain": False, "sessionId": "b73b", "message": one} for one in said]


def rollout(log):
    """The same as Codex writes it."""
    items = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "why is it slow?"}]},
        {
            "type": "function_call",
            "name": "shell",
            "arguments": '{"command":["bash","-lc","cat app.log"]}',
            "call_id": "c1",
        },
        {"type": "function_call_output", "call_id": "c1", "output": log.decode()},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "session_timeout went to 36"}],
        },
    ]
    head = {"timestamp": "2026-03-01T11:13:56Z", "type": "session_meta", "payload": {"id": "0199", "cwd": "/home/u"}}
    return [head, *({"timestamp": "2026-03-01T11:13:57Z", "type": "response_item", "payload": item} for item in items)]


def write(path, objects):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, objects)) + "\n")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_reads_well(program, command):
    made = program(*filter(None, [command, "--help"]))
    assert (made.returncode, made.stderr) == (0, b"")
    assert lines(made)[0].startswith(f"Usage: headroom {command}".rstrip())
    assert max(map(len, lines(made))) <= 80
    assert "\x1b" not in made.stdout.decode()


def test_a_command_line_that_is_not_understood(program):
    for arguments in (["compres"], ["compress", "--level", "fast"], ["retrieve"], ["perf", "--fast"]):
        made = program(*arguments)
        assert (made.returncode, made.stdout) == (2, b"")
        assert b"Usage: headroom" in made.stderr
    assert re.fullmatch(r"headroom, version \d+\.\d+\.\d+", *lines(program("--version")))


def test_perf_on_the_bundled_sample(program, home):
    made = program("perf", NO_COLOR="1")
    assert (made.returncode, made.stderr) == (0, b"")
    assert max(map(len, lines(made))) <= 80
    assert "\x1b" not in made.stdout.decode()
    text = " ".join(made.stdout.decode().split())
    assert "kind texts tokens after saved % facts seen % found % ms" in text
    assert re.search(r"1 conversation, 1\d turns, compressed in", text)
    assert "the share of a whole bill is smaller" in text
    assert list(home.iterdir()) == []


def test_perf_on_transcripts(program, log, tmp_path):
    write(tmp_path / "projects/-home-u-scratch/b73b.jsonl", session(log))
    write(tmp_path / "sessions/2026/03/01/rollout-2026-03-01T11-13-56-0199.jsonl", rollout(log))
    made = program("perf", "--json", tmp_path)
    report = json.loads(made.stdout)
    assert made.returncode == 0
    assert report["bill"]["conversations"] == 2
    assert report["bill"]["turns"] == 4
    assert report["bill"]["after"] < report["bill"]["before"] / 3
    assert (report["bill"]["facts"], report["bill"]["visible"]) == (2, 2)
    assert [(row["kind"], row["texts"]) for row in report["results"]] == [("logs", 2)]
    assert report["outputs"] == report["skipped"] == []


def test_perf_on_files(program, log, tmp_path):
    (tmp_path / "service.log").write_bytes(log)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\0\0")
    made = program("perf", "--level", "aggressive", tmp_path)
    text = made.stdout.decode()
    assert made.returncode == 0
    assert "facts" not in text
    assert re.search(r"^logs +1 +[\d,]+ +[\d,]+ +9\d\.\d +[\d.]+$", text, re.MULTILINE)
    assert f"1 file skipped, such as {tmp_path}/picture.png (binary)".replace(" ", "") in text.replace(
        "\n", ""
    ).replace(" ", "")


def test_perf_where_there_is_nothing(program, tmp_path):
    missing = program("perf", tmp_path / "missing")
    assert (missing.returncode, missing.stdout) == (1, b"")
    assert (
        missing.stderr.decode() == f"headroom: {tmp_path}/missing does not exist: name files, folders or transcripts\n"
    )
    empty = program("perf", tmp_path)
    assert (empty.returncode, empty.stdout) == (0, b"nothing to measure\n")


def test_a_broken_configuration_stops_what_needs_it_and_names_the_file(program, home, log):
    (home / "config.toml").write_text("tools = 5\n")
    for arguments in (["compress"], ["perf", os.devnull]):
        made = program(*arguments, given=log)
        assert (made.returncode, made.stdout) == (1, b"")
        assert made.stderr.decode().startswith(f"headroom: {home / 'config.toml'}: tools=5 must map names")
