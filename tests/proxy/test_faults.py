"""Faults around the proxy: a provider that is down or talks nonsense, a store that is gone, full or damaged, odd clients.

The rule is the same everywhere: no request fails that would not have failed without us, and what was sent keeps its bytes.
"""

import gzip
import os
import resource
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import pairwise

import pytest
from provider import LONGEST_WAIT, Raw
from provider_client import BrokenOffError
from provider_talk import FORMS, PATHS, Talk, assert_only_grew, log


def test_a_provider_that_is_down_is_a_gateway_error_that_says_so(launch):
    proxy = launch(upstream="http://127.0.0.1:1")
    for form in FORMS:
        answer = proxy.client.send(PATHS[form], Talk(form, "down").body())
        assert answer.status == 502
        assert "cannot be reached" in answer.value["error"]["message"]
    assert proxy.client.send("/v1/models", method="GET").status == 502
    assert proxy.client.send("/health", method="GET").status == 200


@pytest.mark.parametrize("form", FORMS)
def test_a_provider_that_talks_nonsense_is_a_gateway_error(client, provider, form):
    provider.say(Raw(ends="garbage"))
    assert client.send(PATHS[form], Talk(form, "nonsense").body()).status == 502
    assert client.send(PATHS[form], Talk(form, "nonsense").body()).status == 200


def test_a_connection_that_the_provider_closed_meanwhile_is_no_error(client, provider):
    """A kept connection that went stale must not cost a request, which nobody but the client may repeat."""
    for _ in range(3):
        provider.say(Raw(200, {"connection": "close"}, (b"{}",)))
        assert client.send(PATHS["chat"], Talk("chat", "stale").body()).status == 200


def test_large_answers_and_headers_pass(client, provider):
    said = os.urandom(2**20) * 24
    value = "v" * 30_000
    provider.say(Raw(200, {"content-type": "application/octet-stream", "x-large": value}, (said,)))
    answer = client.send("/v1/messages", Talk("anthropic", "large").body(), [("x-codex-turn-metadata", value)])
    assert sha256(answer.body).digest() == sha256(said).digest()
    assert answer.header("x-large") == value
    assert provider.seen[0].header("x-codex-turn-metadata") == value


def test_a_bomb_leaves_as_it_came(client, provider):
    bomb = gzip.compress(b'{"messages":"' + b" " * 300_000_000 + b'"}', 1)
    provider.say(Raw(413, {}, (b"too large",)))
    assert client.send("/v1/messages", bomb, [("content-encoding", "gzip")]).status == 413
    assert provider.seen[0].body == bomb
    assert client.send("/health", method="GET").status == 200


def test_a_body_that_breaks_off_is_not_sent_as_a_whole_one(client, provider):
    body = Talk("chat", "breaks off").body()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body) + 500}\r\n\r\n"
    client.raw(head.encode() + body, ends=True)
    assert client.send("/health", method="GET").status == 200
    assert provider.seen == []


def test_bodies_in_chunks_pass(client, provider):
    body = Talk("chat", "chunks").body()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:10], body[10:])) + b"0\r\n\r\n"
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    assert client.raw(head + chunks).startswith(b"HTTP/1.1 200")
    assert provider.seen[0].body == body


def test_a_client_that_waits_for_100_gets_it(client, provider):
    body = Talk("chat", "expects").body()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n"
    assert client.raw(head.encode() + body).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")
    assert provider.seen[0].body == body


def test_requests_follow_each_other_on_one_connection(client, provider):
    body = Talk("chat", "one connection").body()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    last = head.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    answered = client.raw((head + body) * 2 + last + body)
    assert answered.count(b"HTTP/1.1 200") == 3
    assert [seen.body for seen in provider.seen] == [body] * 3


NONSENSE = (b"\x16\x03\x01\x02\x00\x01\x00\x01", b"GET\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x00" * 5000)


@pytest.mark.parametrize("sent", NONSENSE, ids=["TLS", "no target", "HTTP/2", "zeros"])
def test_what_is_no_request_reaches_nobody(client, provider, sent):
    client.raw(sent, ends=True)
    assert provider.seen == []
    assert client.send("/health", method="GET").status == 200


def smuggled(lengths):
    """A request whose length is said in two ways, with a second one inside."""
    inner = b"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\n\r\n{}"
    return b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n" + lengths + b"\r\n\r\n0\r\n\r\n" + inner


@pytest.mark.parametrize(
    "lengths",
    [
        b"content-length: 5\r\ntransfer-encoding: chunked",
        b"content-length: 5\r\ncontent-length: 90",
        b"transfer-encoding: xchunked",
    ],
    ids=["both", "two", "unknown"],
)
def test_a_length_said_in_two_ways_is_refused(client, provider, lengths):
    assert client.raw(smuggled(lengths)).split()[1] == b"400"
    assert provider.seen == []


def garbage(home):
    """The store's file overwritten."""
    (home / "store.sqlite3").write_bytes(os.urandom(100_000))
    for path in home.glob("store.sqlite3-*"):
        path.unlink()


def a_folder(home):
    """A folder where the store's file should be."""
    for path in home.glob("*.sqlite3*"):
        path.unlink()
    (home / "store.sqlite3").mkdir()


def locked(home):
    """Another program holds the store's lock."""
    holder = sqlite3.connect(home / "store.sqlite3", check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    return holder


@pytest.mark.parametrize("damage", [garbage, a_folder])
def test_a_damaged_store_costs_no_request(launch, provider, damage):
    """Started on it, and damaged while running; the other conversations after it work as before."""
    proxy = launch()
    proxy.stop()
    damage(proxy.home)
    proxy.start()
    for form in FORMS:
        talk = Talk(form, "damaged store")
        for number in range(3):
            talk.turn(proxy.client, provider, number)


def test_a_full_disk_costs_no_request_and_changes_nothing_sent(launch, provider):
    """What cannot be kept goes out as it came; what was sent keeps its bytes; with room again, new text is lighter again."""
    provider.reset(strict=True)
    proxy = launch()
    talks = [Talk(form, "full disk") for form in FORMS]
    limit = resource.RLIM_INFINITY
    for turns, room in ((range(3), limit), (range(3, 6), 0), (range(6, 9), limit)):
        resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, (room, limit))
        for talk in talks:
            for number in turns:
                talk.turn(proxy.client, provider, number)
    assert provider.problems == []
    for form in FORMS:
        mine = [seen for seen in provider.turns if seen.form == form]
        assert_only_grew(form, [seen.value for seen in mine])
        grown = [len(later.body) - len(earlier.body) for earlier, later in pairwise(mine)]
        assert sum(grown[-2:]) < sum(grown[3:5]), "new text is lighter again"


def test_a_locked_store_costs_no_request(launch, provider):
    proxy = launch()
    talk = Talk("chat", "locked store")
    talk.turn(proxy.client, provider, 0)
    holder = locked(proxy.home)
    talk.turn(proxy.client, provider, 1)
    holder.rollback()
    holder.close()
    talk.turn(proxy.client, provider, 2)
    assert_only_grew("chat", [seen.value for seen in provider.turns])


def test_others_are_answered_while_a_large_request_is_compressed(client, provider):
    """20 MB of new text goes through, and 20 small requests beside it."""
    large = Talk("anthropic", "20 MB")
    large.turn(client, provider, 0)
    large.messages[-1]["content"][0]["content"] = log(1, 310_000)
    sent = large.body()
    assert len(sent) > 20_000_000
    done = threading.Event()
    answers = []

    def send():
        answers.append(client.send(large.path, sent))
        done.set()

    thread = threading.Thread(target=send)
    thread.start()
    for number in range(20):
        assert client.send(PATHS["chat"], Talk("chat", f"small {number}").body()).status == 200
    assert done.wait(2 * LONGEST_WAIT)
    thread.join()
    assert answers[0].status == 200


def test_many_clients_at_once(client, provider):
    """60 conversations of three turns, 30 at a time: every answer is right, every conversation only grows."""
    talks = [Talk(FORMS[number % 4], f"at once {number}") for number in range(60)]

    def turn(talk):
        answer = client.send(talk.path, talk.body())
        assert answer.status == 200
        talk.hear(answer.value)

    for number in range(3):
        with ThreadPoolExecutor(30) as pool:
            list(pool.map(turn, talks))
        for talk in talks:
            talk.messages.append(Talk(talk.form, f"and now {number}?").messages[0])
    for number, talk in enumerate(talks):
        mine = [
            seen.value
            for seen in provider.turns
            if seen.form == talk.form and f'"at once {number}"' in seen.plain.decode()
        ]
        assert len(mine) == 3
        assert_only_grew(talk.form, mine)


def test_a_client_that_leaves_while_its_request_is_compressed_harms_nobody(client, provider):
    talk = Talk("chat", "leaves")
    talk.turn(client, provider, 0)
    talk.messages[-1]["content"] = log(1, 30_000)
    head = f"POST {talk.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(talk.body())}\r\n\r\n".encode()
    for _ in range(3):
        with client.connected() as connection:
            connection.sendall(head + talk.body())
    assert client.send(talk.path, talk.body()).status == 200


def test_two_proxies_share_a_store(launch, provider):
    """The same conversation through either of two processes leaves with the same bytes."""
    one = launch()
    other = launch(home=one.home)
    talk = Talk("anthropic", "two proxies")
    for number in range(6):
        talk.turn((one, other)[number % 2].client, provider, number)
        other.client.send(talk.path, talk.body())
        one.client.send(talk.path, talk.body())
        assert provider.seen[-1].body == provider.seen[-2].body
    assert_only_grew("anthropic", [seen.value for seen in provider.turns])


def test_workers_share_a_socket(launch, provider):
    proxy = launch("--workers=2")
    talk = Talk("chat", "workers")
    for number in range(6):
        talk.turn(proxy.client, provider, number)
    assert_only_grew("chat", [seen.value for seen in provider.turns])
    assert len(provider.turns[-1].body) < 0.7 * len(talk.body())
    assert proxy.stop() == 0
    with pytest.raises((ConnectionRefusedError, BrokenOffError)):
        proxy.client.send("/health", method="GET")
