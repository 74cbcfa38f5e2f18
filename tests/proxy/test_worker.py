"""The process beside the proxy, and the threads in front of it: what was asked comes back, errors too, and death is told."""

import asyncio
import gzip
import json
import os
import signal
from functools import partial
from pathlib import Path

import pytest

from headroom.blocks import Decision
from headroom.errors import InputError
from headroom.originals.sqlite import SqliteStore
from headroom.originals.store import MemoryStore
from headroom.proxy import compute
from headroom.proxy.compute import Compute
from headroom.proxy.lane import Lane
from headroom.proxy.lighten import INLINE, Job, lighten
from headroom.proxy.worker import Worker, WorkerGoneError, cut
from headroom.settings import Settings


@pytest.fixture(autouse=True)
def _these_functions_travel(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture
def worker(tmp_path):
    running = Worker(tmp_path / "store")
    yield running
    running.close()


def turned(store, pieces):
    """Bodies backwards, and what the store holds under `key`."""
    return store.decisions(["key"]), [piece[::-1] for piece in pieces]


def fails(_store, pieces):
    raise InputError(f"{len(pieces)} pieces are too many")


def ends(_store, _pieces):
    os.kill(os.getpid(), signal.SIGKILL)


def test_bodies_go_there_and_back(worker, tmp_path):
    kept = SqliteStore(tmp_path / "store").put({}, [Decision("key", None)])
    pieces = [b"ab", b"", os.urandom(3_000_000), b"\n"]
    assert worker.ask(turned, pieces) == (kept, [piece[::-1] for piece in pieces])
    assert worker.ask(turned)[1] == []


def test_an_error_is_raised_here_and_the_process_goes_on(worker):
    with pytest.raises(InputError, match="2 pieces are too many"):
        worker.ask(fails, [b"", b""])
    assert worker.ask(turned, [b"ab"])[1] == [b"ba"]


def test_its_death_is_told_at_once_and_every_time(worker):
    for _ in range(2):
        with pytest.raises(WorkerGoneError):
            worker.ask(ends, [b"x" * 100_000])
    worker.close()
    assert not worker.lives


def test_it_ends_with_the_proxy_whose_pipes_break(worker):
    assert worker.ask(turned, [b"a"])[1] == [b"a"]
    os.kill(worker._process.pid, signal.SIGTERM)  # meant for the proxy, which may still need it
    assert worker.ask(turned, [b"a"])[1] == [b"a"]
    worker._process.stdin.close()
    assert worker._process.wait(60) == 0


def test_a_body_in_pieces_is_the_body():
    body = os.urandom(1_000_001)
    assert b"".join(cut(body)) == body
    assert len(cut(body)) == 4
    assert cut(b"") == []


def dies(_store):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_was_killed_is_replaced(tmp_path):
    async def run():
        computes = Compute(SqliteStore(tmp_path / "store"), tmp_path / "store")
        try:
            assert await computes.apart(partial(_what, "first"), compute.NEW + 1) == "first"
            with pytest.raises(OSError, match="ended"):
                await computes.apart(dies, compute.NEW + 1)
            assert await computes.apart(partial(_what, "second"), compute.NEW + 1) == "second"
            os.kill(computes._worker._process.pid, signal.SIGKILL)
            computes._worker._process.wait(60)
            assert await computes.apart(partial(_what, "third"), compute.NEW + 1) == "third"
        finally:
            computes.close()

    asyncio.run(run())


def _what(what, _store):
    return what


def test_a_lane_does_one_thing_after_another_and_leaves_out_what_nobody_waits_for():
    async def run():
        lane, done = Lane("test"), []
        gate = asyncio.Event()
        loop = asyncio.get_running_loop()

        def first():
            asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()
            done.append("first")

        waiting = lane.do(first)
        given_up = lane.do(lambda: done.append("given up"))
        last = lane.do(lambda: done.append("last"))
        given_up.cancel()
        gate.set()
        await asyncio.gather(waiting, last)
        with pytest.raises(ZeroDivisionError):
            await lane.do(lambda: 1 // 0)
        lane.end()
        return done

    assert asyncio.run(run()) == ["first", "last"]


def test_what_is_not_done_in_time_is_told_and_the_lane_goes_on():
    async def run():
        lane, gate, loop = Lane("test"), asyncio.Event(), asyncio.get_running_loop()
        with pytest.raises(asyncio.TimeoutError):
            await lane.within(0.01, lambda: asyncio.run_coroutine_threadsafe(gate.wait(), loop).result())
        gate.set()
        found = await lane.within(60, lambda: "next")
        lane.end()
        return found

    assert asyncio.run(run()) == "next"


def test_a_packed_body_that_grows_large_is_not_read_in_the_proxys_own_process():
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * INLINE}]}).encode()
    job = Job(gzip.compress(body), "chat", {}, Settings(), encoding="gzip")
    assert lighten(job, MemoryStore(), most=compute.NEW) is None
    made = lighten(job, MemoryStore())
    assert (made.body, made.changed, made.failures) == (body, False, ())
