"""What each provider's answers say of usage: one reader a format.

Anthropic's `input_tokens` leaves out what was read from and written to the cache; OpenAI's and Gemini's prompt counts hold
it. Gemini's thoughts are output beside the candidates. Anthropic bills compactions beside the top level.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from headroom.wire.body import Format
from headroom.wire.usage_events import Reader, Seen


class _Creation(msgspec.Struct):
    ephemeral_1h_input_tokens: int | None = None


class _Iteration(msgspec.Struct):
    type: str = ""
    input_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_creation: _Creation | None = None
    output_tokens: int = 0


class _AnthropicUsage(msgspec.Struct):
    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _Creation | None = None
    output_tokens: int | None = None
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    iterations: list[_Iteration] | None = None


class _Delta(msgspec.Struct):
    stop_reason: str | None = None


class _Message(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    usage: _AnthropicUsage | None = None
    input_transformations: Any = None


class _Anthropic(_Message):
    type: str = ""
    message: _Message | None = None
    delta: _Delta | None = None
    error: Any = None


def _anthropic(event: _Anthropic, seen: Seen) -> None:
    for said in (event, event.message):
        if said is None:
            continue
        seen.name(said.id, said.model)
        seen.went_wrong(said.input_transformations)
        if said.usage is not None:
            _anthropic_usage(said.usage, seen)
    seen.went_wrong(event.error)
    if event.type == "message" or (event.type == "message_delta" and event.delta and event.delta.stop_reason):
        seen.complete = True
    seen.ended = seen.ended or event.type in ("message", "message_stop", "error")


def _anthropic_usage(usage: _AnthropicUsage, seen: Seen) -> None:
    seen.count(
        fresh=usage.input_tokens,
        read=usage.cache_read_input_tokens,
        written=usage.cache_creation_input_tokens,
        long=usage.cache_creation.ephemeral_1h_input_tokens if usage.cache_creation else None,
        output=usage.output_tokens,
    )
    if usage.iterations is not None:
        beside = [one for one in usage.iterations if one.type == "compaction"]
        seen.count(
            beside_fresh=sum(one.input_tokens for one in beside),
            beside_read=sum(one.cache_read_input_tokens for one in beside),
            beside_written=sum(one.cache_creation_input_tokens for one in beside),
            beside_long=sum(
                (one.cache_creation and one.cache_creation.ephemeral_1h_input_tokens) or 0 for one in beside
            ),
            beside_output=sum(one.output_tokens for one in beside),
        )
    seen.price(tier=usage.service_tier, speed=usage.speed, place=usage.inference_geo)


def _anthropic_bill(counts: Mapping[str, int]) -> tuple[int, int, int, int, int] | None:
    if "fresh" not in counts:
        return None
    fresh, read, written, long, output = (
        counts.get(name, 0) + counts.get(f"beside_{name}", 0) for name in ("fresh", "read", "written", "long", "output")
    )
    return fresh, read, max(written - long, 0), long, output


class _LongWrites(msgspec.Struct):
    ttl_12h_tokens: int | None = None


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_tokens_details: _LongWrites | None = None


class _OpenAIUsage(msgspec.Struct):
    """Of both of OpenAI's formats: they differ in names only."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None


class _Choice(msgspec.Struct):
    finish_reason: str | None = None


class _Chat(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    choices: list[_Choice] | None = None
    usage: _OpenAIUsage | None = None
    error: Any = None


def _chat(event: _Chat, seen: Seen) -> None:
    seen.name(event.id, event.model)
    seen.price(tier=event.service_tier)
    seen.went_wrong(event.error)
    if event.usage is not None:
        _openai_usage(event.usage, seen)
    # A chunk of usage alone comes last. Some servers report usage in every chunk: there the end is the finish reason.
    if event.usage is not None and (not event.choices or any(one.finish_reason for one in event.choices)):
        seen.complete = True


def _openai_usage(usage: _OpenAIUsage, seen: Seen) -> None:
    details = usage.prompt_tokens_details or usage.input_tokens_details or _InputDetails()
    seen.count(
        input=usage.input_tokens if usage.prompt_tokens is None else usage.prompt_tokens,
        output=usage.output_tokens if usage.completion_tokens is None else usage.completion_tokens,
        read=details.cached_tokens,
        written=details.cache_write_tokens,
        long=details.cache_write_tokens_details.ttl_12h_tokens if details.cache_write_tokens_details else None,
    )


def _openai_bill(counts: Mapping[str, int]) -> tuple[int, int, int, int, int] | None:
    if "input" not in counts:
        return None
    read, written, long = (counts.get(name, 0) for name in ("read", "written", "long"))
    return counts["input"] - read - max(written, long), read, written - long, long, counts.get("output", 0)


class _Response(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    usage: _OpenAIUsage | None = None
    error: Any = None


class _Responses(_Response):
    type: str = ""
    message: Any = None
    response: _Response | None = None


def _responses(event: _Responses, seen: Seen) -> None:
    said = event.response or event
    if event.type == "error":
        seen.went_wrong((event.error, event.message))
        seen.ended = True
        return
    if event.response is None and event.type:
        return  # an event that is about a part of the answer
    seen.name(said.id, said.model)
    seen.price(tier=said.service_tier)
    seen.went_wrong(said.error)
    if event.type in ("", "response.completed", "response.incomplete", "response.failed"):
        seen.ended = True
        if said.usage is not None:
            _openai_usage(said.usage, seen)
            seen.complete = True


class _Candidate(msgspec.Struct, rename="camel"):
    finish_reason: str | None = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _GeminiUsage(msgspec.Struct, rename="camel"):
    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    traffic_type: str | None = None
    service_tier: str | None = None


class _Generated(msgspec.Struct, rename="camel"):
    response_id: str | None = None
    model_version: str | None = None
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _GeminiUsage | None = None
    error: Any = None


class _Gemini(_Generated, rename="camel"):
    response: _Generated | None = None
    """Code Assist puts the answer in an envelope."""


def _gemini(event: _Gemini | list[_Gemini], seen: Seen) -> None:
    for one in event if isinstance(event, list) else [event]:
        said = one.response or one
        seen.name(said.response_id, said.model_version)
        if said.usage_metadata is not None:
            usage = said.usage_metadata
            seen.count(
                input=usage.prompt_token_count,
                read=usage.cached_content_token_count,
                tools=usage.tool_use_prompt_token_count,
                output=usage.candidates_token_count,
                thoughts=usage.thoughts_token_count,
            )
            traffic = (usage.traffic_type or "").lower().removeprefix("on_demand_")
            seen.price(traffic=traffic or None, tier=usage.service_tier)
        blocked = said.prompt_feedback is not None and said.prompt_feedback.block_reason
        if blocked or any(candidate.finish_reason for candidate in said.candidates or ()):
            seen.complete = seen.ended = True


def _gemini_bill(counts: Mapping[str, int]) -> tuple[int, int, int, int, int] | None:
    if "input" not in counts:
        return None
    read = counts.get("read", 0)
    fresh = counts["input"] - read + counts.get("tools", 0)
    return fresh, read, 0, 0, counts.get("output", 0) + counts.get("thoughts", 0)


_USAGE, _ERROR = b'"usage"', b'"error"'
"""Within a text of the model their quotes are escaped: found so, they are keys or whole values."""
_READERS: dict[Format, Reader[Any]] = {
    "anthropic": Reader(_Anthropic, _anthropic, _anthropic_bill, _USAGE, _ERROR, b"message_stop", b"input_transf"),
    "chat": Reader(_Chat, _chat, _openai_bill, _USAGE, _ERROR),
    "responses": Reader(_Responses, _responses, _openai_bill, _USAGE, _ERROR),
    "gemini": Reader(_Gemini | list[_Gemini], _gemini, _gemini_bill, b'"usageMetadata"', _ERROR, b'Reason"'),
}


def reader(format: Format) -> Reader[Any]:  # noqa: A002 - what it is called everywhere
    """The reader for a format."""
    return _READERS[format]
