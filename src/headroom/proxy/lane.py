"""A thread that works off what the event loop gives it, in order.

Lighter than an executor with a time limit around it: one future, one way there, one way back.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

_T = TypeVar("_T")
_Item = tuple["asyncio.Future[Any]", Callable[[], Any]]


class Lane:
    """One thread. What it was given and nobody waits for any more is not begun."""

    def __init__(self, name: str) -> None:
        """Args: name: of the thread, for who looks at the process."""
        self._items: SimpleQueue[_Item | None] = SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def do(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        """Have something done; call it on the event loop. Whatever the work raises is what the future raises."""
        future: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._items.put((future, work))
        return future

    async def within(self, seconds: float, work: Callable[[], _T]) -> _T:
        """Have something done in time.

        Raises:
            asyncio.TimeoutError: it was not done; the thread is still at it.
        """
        future = self.do(work)
        timer = asyncio.get_running_loop().call_later(seconds, _too_late, future)
        try:
            return await future
        finally:
            timer.cancel()

    def end(self) -> None:
        """End the thread when everything it was given is done."""
        self._items.put(None)

    def _run(self) -> None:
        while (item := self._items.get()) is not None:
            future, work = item
            if future.cancelled():
                continue
            made, error = outcome(work)
            try:
                future.get_loop().call_soon_threadsafe(_settle, future, made, error)
            except RuntimeError:  # the loop has ended, and whoever waited with it
                return
            del item, future, work, made, error  # a body is not kept until the next one comes


def outcome(work: Callable[[], _T]) -> tuple[_T | None, BaseException | None]:
    """What a piece of work came to: to be carried, whatever it is, to who asked for it."""
    try:
        return work(), None
    except BaseException as error:  # noqa: BLE001 - nothing is swallowed: it is raised where the work was asked for
        return None, error


def _settle(future: asyncio.Future[Any], made: object, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(made)
    else:
        future.set_exception(error)


def _too_late(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_exception(asyncio.TimeoutError())
