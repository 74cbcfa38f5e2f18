"""`headroom proxy` in front of a provider that keeps the last request: what a client's messages become on the way."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "claude-sonnet-4-6"
ASKS = {"name": "headroom_retrieve", "description": "Gives back what was left out.", "input_schema": {"type": "object"}}
"""In the tools of every request: a client that has our MCP tool."""
ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": MODEL,
    "content": [],
    "stop_reason": "end_turn",
}


class Provider(BaseHTTPRequestHandler):
    """Answers every request alike."""

    protocol_version = "HTTP/1.1"
    wbufsize = 2**16  # an answer in two packets would wait 40 ms for the kernel
    seen = b""

    def do_POST(self):
        type(self).seen = self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Says nothing."""


class Relay:
    """A proxy and a provider, while the `with` lasts; called with a session and messages, gives what arrived."""

    def __enter__(self):
        self.home = tempfile.TemporaryDirectory()
        self.provider = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        threading.Thread(target=self.provider.serve_forever, daemon=True).start()
        upstream = f"anthropic=http://127.0.0.1:{self.provider.server_address[1]}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "headroom", "proxy", "--port", "0", "--upstream", upstream],
            env={**os.environ, "HEADROOM_HOME": self.home.name, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = self.process.stdout.readline().split()[3]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()
        self.provider.shutdown()
        self.provider.server_close()
        self.home.cleanup()

    def __call__(self, session, messages):
        body = {"model": MODEL, "max_tokens": 1000, "messages": messages, "tools": [*session.get("tools", []), ASKS]}
        if session.get("system"):
            body["system"] = session["system"]
        headers = {"content-type": "application/json", "x-api-key": "none", "anthropic-version": "2023-06-01"}
        request = urllib.request.Request(f"{self.url}/v1/messages", json.dumps(body).encode(), headers)  # noqa: S310 - loopback
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            answer.read()
        made = [unmarked(message) for message in json.loads(Provider.seen)["messages"]]
        return [as_sent(message, its) for message, its in zip(messages, made, strict=True)]


def as_sent(message, made):
    """A string that became one text block, to carry a mark, as the string it was: providers read the same."""
    if isinstance(message["content"], str) and isinstance(made["content"], list):
        return {**made, "content": made["content"][0]["text"]}
    return made


def unmarked(value):
    """Without cache marks, which are no part of a prompt."""
    if isinstance(value, list):
        return [unmarked(each) for each in value]
    if isinstance(value, dict):
        return {key: unmarked(each) for key, each in value.items() if key != "cache_control"}
    return value
