"""Claude Code, Codex and the MCP inspector start our server and use it: `make e2e`, beside `clients_end_to_end`; not part of `make test`.

Only the provider is scripted. The server is the real one, with a home in which one original is kept.
"""

import functools
import json
import os
import subprocess
import sys

import provider_errand as errand
import pytest
from clients_end_to_end import CLAUDE, FOLDER, NOWHERE, PROGRAMS, messages, started, workplace
from conftest import SOURCE
from provider_answers import Turn
from provider_talk import HANDLE

from headroom.compression.markers import handle_of
from headroom.mcp import offered
from headroom.originals.sqlite import SqliteStore

LOG = "".join(f"{number} worker {number % 7} did {number * 31}\n" for number in range(1, 4001))
ANSWER = "Worker 2 did 62 and worker 3 did 93."
TOOL = f"mcp__{offered.NAME}__{offered.RETRIEVE}"


def run(name, url, folder, flags, data=None):
    """What a client printed that has our server, over originals in `data`: by default there is one."""
    program = PROGRAMS[name]
    work, home = workplace(folder)
    fill = functools.partial(str.format, url=url, home=home)
    if data is None:
        data = folder / "data"
        SqliteStore(data / "store.sqlite3").put({handle_of(LOG): LOG}, [])
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "dumb",
        "DO_NOT_TRACK": "1",
        "ENABLE_TOOL_SEARCH": "false",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
        **{key: fill(value) for key, value in program.environment},
    }
    server = ["env", f"HEADROOM_HOME={data}", f"PYTHONPATH={SOURCE}", sys.executable, "-m", "headroom", "mcp"]
    command = [*started(name), *flags(server), *map(fill, program.command), "What did lines 2 and 3 of the log say?"]
    done = subprocess.run(
        command,
        env=environment,
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, (done.stdout[-1500:], done.stderr[-1500:])
    return done.stdout


def test_claude_code_asks_for_an_original(provider, tmp_path):
    def flags(server):
        entry = {"mcpServers": {offered.NAME: {"type": "stdio", "command": server[0], "args": server[1:]}}}
        return [f"--mcp-config={json.dumps(entry)}"]

    provider.reset(strict=True)
    provider.say(Turn("", (("toolu_1", TOOL, {"handle": handle_of(LOG), "lines": "2-3"}),)), Turn(ANSWER))
    assert ANSWER in run("claude", provider.url, tmp_path, flags)
    assert provider.problems == []
    first, second = (turn.value for turn in provider.turns)
    (declared,) = [tool for tool in first["tools"] if tool["name"] == TOOL]
    assert declared["description"] == offered.EVERYTHING.tools[0]["description"]
    assert CLAUDE.form == "anthropic"
    (given,) = [
        block
        for message in second["messages"]
        if isinstance(message["content"], list)
        for block in message["content"]
        if block.get("type") == "tool_result"
    ]
    assert not given.get("is_error")
    text = given["content"] if isinstance(given["content"], str) else given["content"][0]["text"]
    assert text == "".join(LOG.splitlines(keepends=True)[1:3])


def in_codex(server):
    """The flags that declare it."""
    table = {"command": server[0], "args": server[1:]}
    pairs = [f"mcp_servers.{offered.NAME}.{key}={json.dumps(value)}" for key, value in table.items()]
    return [word for pair in pairs for word in ("-c", pair)]


def asking(name, handle):
    """How a model of Codex calls our tool: as a function in a namespace, or in a script."""
    given = {"handle": handle, "lines": "1-2000"}
    if "free text" in name:
        script = f"const made = await tools.{TOOL}({json.dumps(given)}); text(made.content[0].text);"
        return ("call_ours", "exec", script)
    return ("call_ours", f"mcp__{offered.NAME}.{offered.RETRIEVE}", given)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name.startswith("codex")])
def test_codex_asks_for_what_the_proxy_left_out(launch, provider, tmp_path, name):
    """The proxy sees that it has the server, leaves out, and lets through what the server gives back."""
    command = "kubectl logs pod 4"

    def ask(seen):
        return Turn("", (asking(name, HANDLE.findall(messages(seen))[-1].removeprefix("h:")),))

    provider.reset(strict=True)
    provider.say(Turn("", (("call_1", *PROGRAMS[name].call(f"./{command}")),)), ask, Turn(ANSWER))
    proxy = launch()
    assert ANSWER in run(name, proxy.url, tmp_path, in_codex, proxy.home)
    assert provider.problems == []
    _, second, third = [messages(turn) for turn in provider.turns if turn.value.get("generate") is not False]
    printed = json.dumps(errand.COMMANDS[command].rstrip())[1:-1]
    assert printed not in second
    assert printed in third


@pytest.mark.parametrize("name", ["codex http", "codex http free text"])
def test_codex_has_the_server_in_its_first_turn(provider, tmp_path, name):
    """It loads tools on demand, and shows its model the namespace with the server's own words."""
    provider.reset(strict=True)
    provider.say(Turn(ANSWER))
    assert ANSWER in run(name, provider.url, tmp_path, in_codex)
    assert provider.problems == []
    (turn,) = provider.turns
    shown = json.dumps(turn.value)
    assert f"mcp__{offered.NAME}" in shown
    assert f"Call {offered.RETRIEVE} with that handle" in shown


def test_the_inspector_lists_and_calls(tmp_path):
    inspector = FOLDER / ".bin" / "mcp-inspector"
    (tmp_path / "notes.txt").write_text("line of text\n" * 300)
    environment = {**os.environ, "PYTHONPATH": SOURCE}

    def inspected(*arguments):
        done = subprocess.run(
            [inspector.absolute(), "--cli", sys.executable, "-m", "headroom", "mcp", *arguments],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-1500:]
        return json.loads(done.stdout)

    tools = inspected("--method", "tools/list")["tools"]
    assert [tool["name"] for tool in tools] == [tool["name"] for tool in offered.EVERYTHING.tools]
    given = inspected("--method", "tools/call", "--tool-name", offered.COMPRESS, "--tool-arg", "path=notes.txt")
    assert not given["isError"]
    assert given["content"][0]["text"].startswith("line of text")
