"""The MCP server as a client has it: a process of its own, started by a command, with a home of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import headroom

SOURCE = str(Path(headroom.__file__).parent.parent)
PROGRAM = [sys.executable, "-c", "from headroom.cli.main import main; main()", "mcp"]
INITIALIZE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "tests", "version": "1"},
}


def environment():
    """Of the server: the home of this test, our source, no proxies."""
    known = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**known, "PYTHONPATH": SOURCE}


class Process:
    """A server that is spoken to line by line."""

    def __init__(self, folder, *options):
        self._process = subprocess.Popen(
            [*PROGRAM, *options],
            cwd=folder,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def say(self, message):
        """Sends one message, or bytes as they are."""
        line = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def hear(self):
        """The next answer."""
        line = self._process.stdout.readline()
        assert line.endswith(b"\n"), self._process.stderr.read().decode()
        return json.loads(line)

    def ask(self, method, id_=1, **params):
        """One request and its answer."""
        self.say({"jsonrpc": "2.0", "id": id_, "method": method, "params": params})
        return self.hear()

    def call(self, tool, **arguments):
        """What a tool answers, and whether it is an error."""
        result = self.ask("tools/call", name=tool, arguments=arguments)["result"]
        (content,) = result["content"]
        assert set(result) == {"content", "isError"}
        assert content["type"] == "text"
        return content["text"], result["isError"]

    def end(self):
        """Closes its input, as a client does; what else it printed, its exit code and what it said on standard error."""
        output, errors = self._process.communicate(timeout=60)
        return output, self._process.returncode, errors.decode()

    def leave(self):
        """Reads no more."""
        self._process.stdout.close()
