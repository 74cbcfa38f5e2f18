"""Header fields that stand twice: both reach the provider, as they came; only what could smuggle a request is refused."""

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provider import LONGEST_WAIT

from headroom.proxy.lenient import told_apart

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
BODY = b'{"model":"m","messages":[{"role":"user","content":"POST /x HTTP/1.1\\r\\nuser-agent: c\\r\\nUser-Agent: d"}]}'


@pytest.fixture
def upstream():
    """A server that reads any head, keeps it, and answers `{}`."""
    listening, heads = socket.create_server(("127.0.0.1", 0)), []

    def serve():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.settimeout(LONGEST_WAIT)
            came = b""
            while not came.endswith(BODY):
                came += connection.recv(2**16)
            heads.append(came.partition(b"\r\n\r\n")[0].split(b"\r\n"))
            connection.sendall(ANSWER)
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", heads
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def asked(url, *fields):
    """The status line of the answer to a request with these fields."""
    host, port = url.removeprefix("http://").split(":")
    head = [b"POST /v1/chat/completions HTTP/1.1", b"Host: %b:%b" % (host.encode(), port.encode()), *fields]
    with socket.create_connection((host, int(port)), LONGEST_WAIT) as connection:
        connection.sendall(b"\r\n".join([*head, b"Content-Length: %d" % len(BODY), b"", BODY]))
        return connection.recv(2**16).split(b"\r\n")[0]


def test_both_fields_reach_the_provider(launch, upstream):
    url, heads = upstream
    proxy = launch(upstream=url)
    agents = (b"User-Agent: google-genai-sdk/1", b"user-agent: pydantic-ai/0.1")
    types = (b"Content-Type: application/json", b"content-type: application/json")
    assert asked(proxy.url, *agents, *types) == b"HTTP/1.1 200 OK"
    (head,) = heads
    values = [line.partition(b": ")[2] for line in head if line.lower().startswith((b"user-agent", b"content-type"))]
    assert sorted(values) == sorted(line.partition(b": ")[2] for line in (*agents, *types))
    assert not any(b"headroom" in line.lower() for line in head)


@pytest.mark.parametrize("field", [b"Content-Length: 5", b"Host: elsewhere", b"Transfer-Encoding: chunked"])
def test_what_could_smuggle_a_request_is_refused(launch, upstream, field):
    url, heads = upstream
    assert asked(launch(upstream=url).url, field, b"Transfer-Encoding: chunked").split()[1] == b"400"
    assert heads == []


HEAD = b"POST /v1/messages HTTP/1.1\r\nHost: h\r\n"


def test_only_a_head_is_looked_at():
    once = HEAD + b"User-Agent: a\r\n\r\n" + BODY
    twice = HEAD + b"User-Agent: a\r\nuser-agent: b\r\n\r\n" + BODY
    assert told_apart(once) is once
    assert told_apart(twice) == twice.replace(b"\r\nuser-agent: b", b"\r\nx-headroom-again-user-agent: b")
    assert told_apart(b"x" + twice) == b"x" + twice
    assert (
        told_apart(HEAD + b"User-Agent: a\r\nUser-Agent: b")
        == HEAD + b"User-Agent: a\r\nx-headroom-again-User-Agent: b"
    )


@given(
    st.binary(), st.lists(st.sampled_from([b"User-Agent: a", b"x: User-Agent: b", b"user-agentx: 1", b"\xff: \xff"]))
)
def test_nothing_else_is_changed(body, fields):
    data = HEAD + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body
    made = told_apart(data)
    assert made.replace(b"x-headroom-again-", b"") == data.replace(b"x-headroom-again-", b"")
    assert made.count(b"\r\nUser-Agent:", 0, len(made) - len(body) - 2) <= 1


def test_bytes_that_are_no_utf_8_stop_nothing(launch, upstream):
    """The client library writes text in UTF-8: such bytes are left out of the value, the request goes on."""
    url, heads = upstream
    assert asked(launch(upstream=url).url, b"X-Name: caf\xe9 \xc3\xa9") == b"HTTP/1.1 200 OK"
    assert b"X-Name: caf \xc3\xa9" in heads[0]
