"""Both ends of a proxy for `load.py`, as light as they can be: a provider that answers at once, and a client.

    python load_wire.py PORT      the provider, until it is killed

The provider answers Anthropic Messages and OpenAI chat requests, by JSON or as a stream whose length and pace stand in
the request (`events=N,gap=SECONDS`). Its answer says how many bytes of body it received.
"""

import asyncio
import contextlib
import json
import re
import sys
import time

CONTROL = re.compile(rb"events=(\d+),gap=([\d.]+)")
RECEIVED = re.compile(rb"received (\d+)")
USAGE = {"input_tokens": 100, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 5}
HEADERS = {
    "content-type": "application/json",
    "x-api-key": "sk-ant-api03-load",
    "anthropic-version": "2023-06-01",
    "user-agent": "load/1",
}
MOST = 600.0
"""Seconds after which an answer is not coming."""


def loop():
    """Run with uvloop where it is to be had."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


class Provider(asyncio.Protocol):
    """One connection from a client."""

    def connection_made(self, transport):
        self.transport, self.parts, self.left, self.head = transport, [], None, b""

    def data_received(self, data):
        if self.left is None:
            self.head += data
            head, end, rest = self.head.partition(b"\r\n\r\n")
            if not end:
                return
            size = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            self.path = head.split(b" ", 2)[1]
            self.left, self.parts, data, self.head = int(size[1]) if size else 0, [], rest, b""
        self.parts.append(data)
        self.left -= len(data)
        if self.left <= 0:
            body, self.left = b"".join(self.parts), None
            self.answer(body)

    def answer(self, body):
        chat = b"chat/completions" in self.path
        control = CONTROL.search(body)
        if control and re.search(rb'"stream": ?true', body):
            self.task = asyncio.ensure_future(self.stream(int(control[1]), float(control[2]), len(body), chat))
            return
        text = f"received {len(body)}"
        if chat:
            message = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            usage = {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}
            value = {"id": "c", "object": "chat.completion", "model": "gpt-5.5", "choices": [message], "usage": usage}
        else:
            content = [{"type": "text", "text": text}]
            value = {
                "id": "m",
                "type": "message",
                "role": "assistant",
                "model": "claude-sonnet-4-6",
                "content": content,
            }
            value |= {"stop_reason": "end_turn", "stop_sequence": None, "usage": USAGE}
        data = json.dumps(value).encode()
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(data), data)
        )

    async def stream(self, events, gap, received, chat):
        def send(name, value):
            event = b"" if chat else b"event: %b\n" % name
            event += b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"
            self.transport.write(b"%x\r\n%b\r\n" % (len(event), event))

        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        message = {"id": "m", "type": "message", "role": "assistant", "model": "claude-sonnet-4-6", "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": USAGE}
        send(b"message_start", {"type": "message_start", "message": message})
        block = {"type": "text", "text": f"received {received}"}
        send(b"content_block_start", {"type": "content_block_start", "index": 0, "content_block": block})
        delta = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"some words "}}'
        for _ in range(events):
            send(b"content_block_delta", delta)
            await asyncio.sleep(gap)
        send(b"content_block_stop", {"type": "content_block_stop", "index": 0})
        ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": USAGE}
        send(b"message_delta", ended)
        send(b"message_stop", {"type": "message_stop"})
        self.transport.write(b"0\r\n\r\n")


class AnswerError(Exception):
    """An answer that was cut off, late, or no success."""


class Client:
    """One connection, kept alive."""

    def __init__(self, url):
        self.host, self.port = url.removeprefix("http://").split(":")
        self.reader = self.writer = None

    async def ask(self, body, path="/v1/messages", arrivals=None):
        """Send a request and read its answer.

        Args:
            body: of the request.
            path: of the request.
            arrivals: a list that gets the time of each piece of a streamed body.

        Returns:
            (the answer's bytes, seconds to its first byte of body, seconds in all)
        """
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, int(self.port), limit=2**22)
        lines = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
        head = f"POST {path} HTTP/1.1\r\nhost: {self.host}:{self.port}\r\n{lines}content-length: {len(body)}\r\n\r\n"
        began = time.perf_counter()
        try:
            self.writer.write(head.encode())
            self.writer.write(body)
            answer, first = await asyncio.wait_for(self._answer(arrivals), MOST)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError) as error:
            self.close()
            raise AnswerError(type(error).__name__) from error
        return answer, first - began, time.perf_counter() - began

    async def _answer(self, arrivals):
        head = await self.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            self.close()
            raise AnswerError(head[9:12].decode())
        size = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if size:
            body = await self.reader.readexactly(int(size[1]))
            return body, time.perf_counter()
        pieces, end, first = [], b"", 0.0
        while not end.endswith(b"\r\n0\r\n\r\n"):
            piece = await self.reader.read(2**16)
            if not piece:
                raise asyncio.IncompleteReadError(b"", None)
            now = time.perf_counter()
            first = first or now
            if arrivals is not None:
                arrivals.append(now)
            pieces.append(piece)
            end = (end + piece)[-7:]
        return b"".join(pieces), first

    def close(self):
        """Drop the connection."""
        if self.writer is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self.writer.close()
        self.reader = self.writer = None


async def serve(port):
    """The provider, until it is killed."""
    running = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port, backlog=1024)
    await running.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        loop()(serve(int(sys.argv[1])))
