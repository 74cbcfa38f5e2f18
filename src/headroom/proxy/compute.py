"""Where requests are made lighter: never on the event loop, so that nobody's stream waits for another's request.

Rules:
* A request with up to `NEW` characters of new text is done in one thread. More, or a body over `INLINE` bytes, goes to a
  process of its own, started when first needed and ended when it was idle for a while: decoding or searching so much
  would hold the interpreter for too long. A body that large stays in the pieces it came in.
* While several requests wait for one of the two, the other takes its share; nobody waits for the process to start where
  the thread can do it.
* Who does it changes no byte: sizes and what was decided before say what a text becomes.
* A process that dies (killed, out of memory) costs its request the saving, never the request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from headroom import engine
from headroom.blocks import Failure
from headroom.originals.recent import Recent
from headroom.originals.store import MemoryStore, Store
from headroom.proxy import memory
from headroom.proxy.lane import Lane
from headroom.proxy.lighten import INLINE, Job, Lightened, lighten
from headroom.proxy.worker import Pieces, Work, Worker, WorkerGoneError, cut
from headroom.settings import Settings

_T = TypeVar("_T")

NEW = 256 * 1024
"""Characters of new text: one pass of a regular expression over so much holds the interpreter for some milliseconds."""
_MEMORY = 16 * 2**20
"""Bytes of what was sent lately: some fifty conversations."""
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
        """Nothing is started but threads that wait."""
        self._store, self._path = store, store_path
        self._memory = Recent(_MEMORY)
        self._here, self._there, self._aside = Lane("lighten"), Lane("worker"), Lane("account")
        self._worker: Worker | None = None
        """Touched by the thread `worker` alone, but for its `kill`."""
        self._idle: asyncio.TimerHandle | None = None
        self._tidy: asyncio.TimerHandle | None = None
        self._waiting = 0
        self._inline = 0
        """Requests at the thread."""
        self._started = False
        """Whether the process was asked for."""
        self._ready = False
        """Whether it has answered."""

    def warm(self) -> None:
        """Load what the first request needs, before it comes: half a second that nobody waits for."""
        self._here.do(_warm)

    async def run(self, job: Job, pieces: Pieces = ()) -> Lightened:
        """The request made lighter; after a hang or a death of the process, as it came.

        Args:
            job: the request.
            pieces: its body, where that is large; `job.body` is empty then.

        Returns:
            With `pieces` where the body is large, `body` otherwise; either only where it was changed.
        """
        try:
            if not pieces and len(job.body) <= INLINE and not self._crowded():
                done = await self._inline_run(job)
                if done is not None:
                    return done
            work = partial(_lighten_there, replace(job, body=b""))
            made, back = await self._elsewhere(work, pieces or (job.body,))
        except (asyncio.TimeoutError, OSError) as error:
            size = sum(map(len, pieces)) or len(job.body)
            return Lightened(job.body, failures=(Failure("compute", f"{type(error).__name__} at {size} bytes"),))
        if len(back) > 1:
            made.pieces = back
        elif back:
            made.body = back[0]
        return made

    async def apart(self, work: Callable[[Store], _T], size: int) -> _T:
        """Other work on the store, in the thread or in the process.

        Args:
            work: a function of this package with its arguments, so that it can travel.
            size: bytes that it reads.

        Raises:
            asyncio.TimeoutError, OSError: it came to nothing; and whatever `work` raises.
        """
        if size > NEW:
            return (await self._elsewhere(partial(_alone, work), ()))[0]
        return await self._here.within(HANG_SECONDS, partial(work, self._store))

    def aside(self, work: Callable[[], None]) -> asyncio.Future[None]:
        """Run what nobody waits for, in order, in a thread of its own."""
        return self._aside.do(work)

    async def _inline_run(self, job: Job) -> Lightened | None:
        self._inline += 1
        try:
            helps = self._waiting >= _QUEUE and len(job.body) <= _MIDDLING
            work = partial(lighten, job, self._store, self._memory, None if helps else NEW)
            return await self._here.within(HANG_SECONDS, work)
        except asyncio.TimeoutError:
            self._here = Lane("lighten")  # what hangs keeps its thread; the next request gets another
            raise
        finally:
            self._inline -= 1

    def _crowded(self) -> bool:
        """Whether the process should take the next request; starts it where it is wanted and not there yet."""
        if self._inline < _CROWD or self._waiting > self._inline:
            return False
        if not self._started:
            self._started = True
            self._there.do(partial(self._ask, _warm_there, ())).add_done_callback(self._has_started)
        return self._ready

    def _has_started(self, started: asyncio.Future[tuple[None, Pieces]]) -> None:
        self._ready = not started.cancelled() and started.exception() is None
        self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._let_go)

    async def _elsewhere(self, work: Work[_T], pieces: Pieces) -> tuple[_T, Pieces]:
        loop = asyncio.get_running_loop()
        self._cancel_timers()
        self._waiting += 1
        self._started = True
        try:
            found = await self._there.within(HANG_SECONDS, partial(self._ask, work, pieces))
        except asyncio.TimeoutError:
            self._kill()
            raise
        else:
            self._ready = True
            return found
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._cancel_timers()
                self._idle = loop.call_later(IDLE_SECONDS, self._let_go)
                self._tidy = loop.call_later(_TIDY_SECONDS, self._aside.do, memory.give_back)

    def _ask(self, work: Work[_T], pieces: Pieces) -> tuple[_T, Pieces]:
        """Ask the process, in the thread that speaks to it; one that has died is replaced, before or afterwards."""
        if self._worker is not None and not self._worker.lives:
            self._end()
        if self._worker is None:
            self._worker = Worker(self._path)
        try:
            return self._worker.ask(work, pieces)
        except WorkerGoneError:
            self._end()
            raise

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def _cancel_timers(self) -> None:
        for timer in (self._idle, self._tidy):
            if timer is not None:
                timer.cancel()

    def _let_go(self) -> None:
        """End the process that nobody needs; the next large body starts another."""
        self._started = self._ready = False
        self._there.do(self._end)

    def _kill(self) -> None:
        if self._worker is not None:
            self._worker.kill()

    def close(self) -> None:
        """End the threads and the process."""
        self._cancel_timers()
        self._kill()
        for lane in (self._here, self._there, self._aside):
            lane.end()


def _warm() -> None:
    engine.compress_text("\n".join(f"worker {n}: done in {n} ms" for n in range(200)), Settings(), MemoryStore())


def _warm_there(_store: Store, _pieces: Pieces) -> tuple[None, Pieces]:
    """Have the process started, with all that its first request needs: what it helps with shall not wait for that."""
    _warm()
    return None, ()


def _alone(work: Callable[[Store], _T], store: Store, _pieces: Pieces) -> tuple[_T, Pieces]:
    return work(store), ()


def _lighten_there(job: Job, store: Store, pieces: Pieces) -> tuple[Lightened, Pieces]:
    body = b"".join(pieces)
    made = lighten(replace(job, body=body), store)
    assert made is not None  # no limit was given
    if made.prompt is not None:  # its texts are worth nothing to the other side
        made.segments, made.prompt = made.prompt.segments(), None
    changed, made.body, made.came = made.body, b"", b""  # the other side has what came
    if len(body) > INLINE:
        memory.give_back()
    return made, (cut(changed) if made.changed else ())
