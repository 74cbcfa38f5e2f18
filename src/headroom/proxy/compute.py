"""Where requests are made lighter: never on the event loop, so that nobody's stream waits for another's request.

Rules:
* A request with up to `NEW` characters of new text is done in one thread. More, or a body over `INLINE` bytes, goes to a
  process of its own, started when first needed and ended when it was idle for a while: decoding or searching so much
  would hold the interpreter for too long.
* While several requests wait for one of the two, the other takes its share; nobody waits for the process to start where
  the thread can do it.
* Who does it changes no byte: sizes and what was decided before say what a text becomes.
* A process that dies (killed, out of memory) costs its request the saving, never the request.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import TypeVar

from headroom import engine
from headroom.blocks import Failure
from headroom.originals.recent import Recent
from headroom.originals.sqlite import SqliteStore
from headroom.originals.store import MemoryStore, Store
from headroom.proxy import memory
from headroom.proxy.lighten import Job, Lightened, lighten
from headroom.settings import Settings

_T = TypeVar("_T")

INLINE = 4_000_000
"""Bytes of a body: decoding so much holds the interpreter for about 10 ms."""
NEW = 256 * 1024
"""Characters of new text: one pass of a regular expression over so much holds the interpreter for some milliseconds."""
_MEMORY = 16 * 2**20
"""Bytes of what was sent lately: some fifty conversations."""
_MEMORY_THERE = 4 * 2**20
"""Bytes that the process keeps of decisions: it sees a conversation now and then."""
IDLE_SECONDS = 20.0
_TIDY_SECONDS = 2.0
"""After the last large body; while they come, what one leaves behind serves the next."""
_CROWD = 3
"""Requests at the thread from which the process helps."""
_QUEUE = 2
"""Requests at the process from which the thread helps, with what is not too large for it."""
_MIDDLING = 2**20
HANG_SECONDS = 60.0
"""A guard against hangs alone: what takes this long goes out as it came, and the failure is recorded."""


class Compute:
    """Runs `lighten` off the event loop; one for each proxy."""

    def __init__(self, store: Store, store_path: Path) -> None:
        """Nothing is started yet."""
        self._store, self._path = store, store_path
        self._memory = Recent(_MEMORY)
        self._thread = ThreadPoolExecutor(1, "lighten")
        self._aside = ThreadPoolExecutor(1, "account")
        self._process: ProcessPoolExecutor | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._tidy: asyncio.TimerHandle | None = None
        self._waiting = 0
        self._inline = 0
        """Requests at the thread."""
        self._ready = False
        """Whether the process has started."""

    def warm(self) -> None:
        """Load what the first request needs, before it comes: half a second that nobody waits for."""
        self._thread.submit(_warm)

    async def run(self, job: Job) -> Lightened:
        """The request made lighter; after a hang or a death of the process, as it came."""
        try:
            if len(job.body) <= INLINE and not self._crowded():
                made = await self._here(job)
                if made is not None:
                    return made
            made = await asyncio.wait_for(self._elsewhere(partial(_lighten_there, job)), HANG_SECONDS)
        except (asyncio.TimeoutError, BrokenProcessPool, OSError) as error:
            self.close_process()
            if isinstance(error, asyncio.TimeoutError):  # what hangs keeps its thread; the next request gets another
                self._thread = ThreadPoolExecutor(1, "lighten")
            return Lightened(
                job.body, failures=(Failure("compute", f"{type(error).__name__} at {len(job.body)} bytes"),)
            )
        made.body = made.body if made.changed else job.body
        return made

    async def apart(self, work: Callable[[Store], _T], size: int) -> _T:
        """Other work on the store, in the thread or in the process.

        Args:
            work: a function of this package with its arguments, so that it can travel.
            size: bytes that it reads.

        Raises:
            asyncio.TimeoutError, BrokenProcessPool, OSError: it came to nothing; and whatever `work` raises.
        """
        if size > NEW:
            return await asyncio.wait_for(self._elsewhere(work), HANG_SECONDS)
        future = asyncio.get_running_loop().run_in_executor(self._thread, work, self._store)
        return await asyncio.wait_for(asyncio.shield(future), HANG_SECONDS)

    def aside(self, work: Callable[[], None]) -> asyncio.Future[None]:
        """Run what nobody waits for, in order, in a thread of its own."""
        return asyncio.get_running_loop().run_in_executor(self._aside, work)

    async def _here(self, job: Job) -> Lightened | None:
        self._inline += 1
        try:
            loop = asyncio.get_running_loop()
            helps = self._waiting >= _QUEUE and len(job.body) <= _MIDDLING
            most = None if helps else NEW
            future = loop.run_in_executor(self._thread, lighten, job, self._store, self._memory, most)
            return await asyncio.wait_for(asyncio.shield(future), HANG_SECONDS)
        finally:
            self._inline -= 1

    def _crowded(self) -> bool:
        """Whether the process should take the next request; starts it where it is wanted and not there yet."""
        if self._inline < _CROWD or self._waiting > self._inline:
            return False
        if self._process is None:
            self._start_process().submit(_there_do, _nothing).add_done_callback(self._has_started)
            self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.close_process)
        return self._ready

    def _has_started(self, started: Future[None]) -> None:
        self._ready = not started.cancelled() and started.exception() is None

    def _start_process(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        self._process = ProcessPoolExecutor(1, context, _open_store, (self._path,))
        return self._process

    async def _elsewhere(self, work: Callable[[Store], _T]) -> _T:
        loop = asyncio.get_running_loop()
        self._cancel_timers()
        process = self._process or self._start_process()
        self._waiting += 1
        try:
            found = await asyncio.wrap_future(process.submit(_there_do, work))
            self._ready = True
            return found
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._idle = loop.call_later(IDLE_SECONDS, self.close_process)
                self._tidy = loop.call_later(_TIDY_SECONDS, self._aside.submit, memory.give_back)

    def _cancel_timers(self) -> None:
        for timer in (self._idle, self._tidy):
            if timer is not None:
                timer.cancel()

    def close_process(self) -> None:
        """End the process; the next large body starts another."""
        process, self._process, self._ready = self._process, None, False
        if process is not None:
            process.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the threads and the process; what is being written down is finished."""
        self._cancel_timers()
        self.close_process()
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._aside.shutdown(wait=True)


def _warm() -> None:
    engine.compress_text("\n".join(f"worker {n}: done in {n} ms" for n in range(200)), Settings(), MemoryStore())


_there: list[Store] = []
"""The store of a worker process."""


def _open_store(path: Path) -> None:
    _there.append(SqliteStore(path, cache_bytes=_MEMORY_THERE))


def _nothing(_: Store) -> None:
    """Only to have the process started."""


def _there_do(work: Callable[[Store], _T]) -> _T:
    return work(_there[0])


def _lighten_there(job: Job, store: Store) -> Lightened:
    made = lighten(job, store)
    assert made is not None  # no limit was given
    if made.prompt is not None:  # its texts are worth nothing to the other side
        made.segments, made.prompt = made.prompt.segments(), None
    made.came = b""
    if not made.changed:
        made.body = b""  # the other side has it
    if len(job.body) > INLINE:
        memory.give_back()
    return made
