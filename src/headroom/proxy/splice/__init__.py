"""One answer for the client out of the several that a model with our tool takes.

    splice = start(job, content_type)
    for each answer of the provider:
        client.write(splice.feed(chunk))            # as it comes
        step = splice.finish()                      # in a thread: it looks originals up
        remember(step.remember)                     # durable, before
        client.write(step.data)                     # this
        if it is `Done`: the answer is whole; if `Again`: send `step.body` to the same place and feed its answer

Rules for whoever drives it:
* Only answers with status 200 and without a content encoding are fed. Where a later round has none, or cannot be had, or
  `CutError` is raised, the client's connection is cut, unless nothing was sent yet: then that round's own answer may go
  to it instead.
* An answer the provider cut off is never finished; the client is cut off as well.
* All of it is sans-IO: bytes in, bytes out.
"""

from __future__ import annotations

from typing import Protocol

from headroom.proxy.splice.anthropic import AnthropicStream
from headroom.proxy.splice.chat import ChatStream
from headroom.proxy.splice.gemini import GeminiStream
from headroom.proxy.splice.rounds import Again, CutError, Done, Job
from headroom.proxy.splice.whole import Whole

__all__ = ["Again", "CutError", "Done", "Job", "Splice", "start"]


class Splice(Protocol):
    """An answer in the making."""

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes of the provider's answer; give what the client gets now."""

    def finish(self) -> Done | Again:
        """The provider's answer has ended; what comes next."""


def start(job: Job, content_type: str, streamed: bool = False) -> Splice:
    """What joins the answers to a request.

    Args:
        job: the request.
        content_type: of the first answer.
        streamed: the request asked for a stream (Gemini's array has the type of plain JSON).
    """
    sse = content_type.lower().startswith("text/event-stream")
    if job.format == "gemini" and (sse or streamed):
        return GeminiStream(job, sse)
    if not sse:
        return Whole(job)
    return AnthropicStream(job) if job.format == "anthropic" else ChatStream(job)
