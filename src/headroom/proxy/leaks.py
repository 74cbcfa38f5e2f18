"""Reads an answer for notes of ours that a model writes into the user's files.

A note such as `[41-388 omitted: ...]` in the arguments of a write or an edit would stand in a file in the place of the text.
The answer is never altered: what was found is a recorded failure, for the user to see. `splice.leaks` says what counts.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from headroom.blocks import Failure
from headroom.proxy import splice
from headroom.proxy.hidden import Place
from headroom.wire.body import Format
from headroom.wire.usage import Tee


class Watched(Tee):
    """An answer whose usage is read, and the calls in it."""

    def __init__(self, format: Format, content_type: str, known: Collection[str], *, streamed: bool) -> None:  # noqa: A002 - as in `Tee`
        """See `Tee`; for answers without a content encoding.

        Args:
            format: of the answer; not `responses`.
            content_type: of the answer.
            known: the handles that the conversation was shown.
            streamed: the request asked for a stream.
        """
        super().__init__(format, content_type)
        job = splice.Job(format, b"", Place(""), lambda _: "", known=known, tool="")
        self._along = splice.start(job, content_type, streamed)

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        super().feed(chunk)
        with suppress(splice.CutError):
            self._along.feed(chunk)

    def leaks(self) -> tuple[Failure, ...]:
        """What was found; after the last bytes."""
        try:
            return self._along.finish().leaks
        except splice.CutError:
            return ()
