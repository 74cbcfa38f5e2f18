"""The official client, over both transports and in both eras of the protocol, does what an agent does."""

import asyncio
import re
import subprocess
import sys

import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from mcp_process import PROGRAM, environment

NAMES = ["headroom_retrieve", "headroom_compress", "headroom_stats"]
WHERE = re.compile(r"http://127\.0\.0\.1:\d+/mcp")


@pytest.fixture(params=["stdio", "http"])
def connection(request, tmp_path):
    """What the client is given to connect by."""
    if request.param == "stdio":
        yield lambda: stdio_client(
            StdioServerParameters(command=PROGRAM[0], args=PROGRAM[1:], env=environment(), cwd=tmp_path)
        )
        return
    process = subprocess.Popen(
        [*PROGRAM, "--http", "--port", "0"], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True
    )
    url = WHERE.search(process.stdout.readline())[0]
    yield lambda: url
    process.terminate()
    process.communicate(timeout=60)


@pytest.mark.parametrize(("mode", "version"), [("legacy", "2025-11-25"), ("auto", "2026-07-28")])
def test_reads_a_log_in_short_and_has_back_what_was_left_out(connection, log, tmp_path, mode, version):
    (tmp_path / "service.log").write_text(log)

    async def session():
        async with Client(connection(), mode=mode) as client:
            assert client.protocol_version == version
            assert client.server_info.name == "headroom"
            assert "h:3fa9c1d2e4b7" in client.instructions
            tools = (await client.list_tools()).tools
            assert [tool.name for tool in tools] == NAMES
            assert [tool.output_schema for tool in tools] == [None] * 3
            assert all("\n" not in tool.description and tool.annotations.read_only_hint for tool in tools)

            async def call(name, **arguments):
                result = await client.call_tool(name, arguments)
                assert result.structured_content is None
                (content,) = result.content
                return content.text, result.is_error

            short, failed = await call("headroom_compress", path="service.log")
            assert not failed
            assert len(short) < len(log) / 5
            assert "session_timeout changed 3600 -> 36" in short
            handle = re.search(r"Full text: h:(\w{12})", short)[1]
            assert await call("headroom_retrieve", handle=f"h:{handle}", lines="2-3") == (
                "".join(log.splitlines(keepends=True)[1:3]),
                False,
            )
            said, failed = await call("headroom_retrieve", handle="0" * 12)
            assert failed
            assert "Run the command" in said
            said, failed = await call("headroom_stats")
            assert not failed
            assert "1 text" in said

    asyncio.run(session())


def test_over_http_only_this_machine_comes_in(connection):
    url = connection()
    if not isinstance(url, str):
        pytest.skip("there is no host over stdio")
    import httpx2

    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    accepted = {"Accept": "application/json, text/event-stream"}
    with httpx2.Client(trust_env=False) as client:

        def status(**headers):
            return client.post(url, json=body, headers={**accepted, **headers}).status_code

        assert status() == 200
        assert status(Host="rebound.example") == 421
        assert status(Origin="https://evil.example") == 403
        assert status(Host="rebound.example", Origin="http://127.0.0.1") == 421


def test_over_http_others_need_a_token():
    refused = subprocess.run(
        [*PROGRAM, "--http", "--host", "0.0.0.0", "--token", "short"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "a token of 16 characters or more" in refused.stderr


def test_over_http_the_token_is_asked_for(tmp_path):
    import httpx2

    token = "correct horse battery"
    process = subprocess.Popen(
        [*PROGRAM, "--http", "--port", "0"],
        cwd=tmp_path,
        env={**environment(), "HEADROOM_TOKEN": token},
        stdout=subprocess.PIPE,
        text=True,
    )
    url = WHERE.search(process.stdout.readline())[0]
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    accepted = {"Accept": "application/json, text/event-stream"}
    ways = [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": f"Basic {token}"}, 401),
        ({"Authorization": f"Bearer {token}"}, 200),
        ({"x-headroom-token": token}, 200),
    ]
    with httpx2.Client(trust_env=False) as client:
        assert [client.post(url, json=body, headers={**accepted, **given}).status_code for given, _ in ways] == [
            status for _, status in ways
        ]
    process.terminate()
    assert token not in process.communicate(timeout=60)[0]


def test_the_sdk_is_not_loaded_for_stdio():
    """Importing it takes a second, in which a client takes the server for dead."""
    loaded = (
        "import sys, headroom.mcp.stdio; print([name for name in ('mcp', 'pydantic', 'quicktok', 'headroom.engine')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", loaded], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
