"""Headroom: context compression for AI agents.

    from headroom import compress
    compressed = compress(messages, model="claude-sonnet-4-6")   # a drop-in replacement for `messages`

Long tool output becomes shorter, every fact that matters stays, and whatever was taken away can be had back:
`retrieve(handle)`. Importing this is cheap; the first call loads the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from headroom.errors import HeadroomError
from headroom.result import Compressed, CompressedText
from headroom.settings import Settings

if TYPE_CHECKING:
    from headroom.originals.slices import Lines, Rows
    from headroom.originals.store import Store

__version__ = "0.1.0"
__all__ = [
    "Compressed",
    "CompressedText",
    "HeadroomError",
    "Settings",
    "acompress",
    "compress",
    "compress_text",
    "retrieve",
]


def compress(
    messages: Sequence[Any],
    *,
    model: str | None = None,
    system: object = None,
    tools: object = None,
    settings: Settings | None = None,
    store: Store | None = None,
) -> Compressed:
    """Make the long tool results in a conversation shorter.

    Args:
        messages: a conversation as Anthropic, OpenAI (chat or Responses) or Gemini take it; dicts or the SDKs' objects.
            Never changed.
        model: counts tokens for this model in the report; changes no decision.
        system: the system prompt, if it stands outside the messages. Never changed.
        tools: the tool definitions. Never changed.
        settings: what may be done; the user's configuration unless given.
        store: keeps originals and decisions; the SQLite store of this user unless given.

    Returns:
        The messages in the same shape: a list that also has `tokens_before`, `tokens_after`, `saved`, `edits`, `failures`.

    Raises:
        InputError: `messages` is not a list of messages.
        SettingsError: the configuration file cannot be read.
    """
    del system, tools  # part of the signature so that shells can hand over a whole request; no decision depends on them
    from headroom import engine  # noqa: PLC0415 - the first call loads the rest, not the import

    return engine.compress(messages, settings or _settings(), store or _store(), model)


async def acompress(messages: Sequence[Any], **options: Any) -> Compressed:  # noqa: ANN401 - the options of `compress`
    """`compress` for async code: runs in a thread, so the event loop goes on. Takes what `compress` takes."""
    import asyncio  # noqa: PLC0415 - slow to import, and only async callers need it

    return await asyncio.to_thread(compress, messages, **options)


def compress_text(
    text: str,
    hint: str | None = None,
    query: str | None = None,
    *,
    settings: Settings | None = None,
    store: Store | None = None,
) -> CompressedText:
    """Make one text shorter, outside any conversation.

    Args:
        text: the output of a tool.
        hint: the command that printed it (`pytest -q`), or the name of a compressor to use.
        query: what the reader is after; lines and rows that answer it stay.
        settings: what may be done; the user's configuration unless given.
        store: keeps the original; the SQLite store of this user unless given.

    Returns:
        A string, with `tokens_before`, `tokens_after`, `saved`, `edit` and `failures` on it.

    Raises:
        InputError: `text` is not a string.
    """
    from headroom import engine  # noqa: PLC0415 - the first call loads the rest, not the import

    return engine.compress_text(text, settings or _settings(), store or _store(), hint, query)


def retrieve(
    handle: str,
    lines: Lines | None = None,
    rows: Rows | None = None,
    grep: str | None = None,
    *,
    store: Store | None = None,
) -> str:
    """Give back an original, or the slice asked for, exactly.

    Args:
        handle: from a marker, with or without its `h:`.
        lines: `"41-388"`, `"41"`, `"41-"`, `"-20"`, `"1-5,9"`; from 1, inclusive.
        rows: records of JSON, NDJSON or CSV: `"3-10"`, or a condition such as `"status!=completed"`.
        grep: a regular expression; matching lines with their numbers.
        store: where to look; the SQLite store of this user unless given.

    Raises:
        UnknownHandleError: no original has this handle.
        SliceError: the slice cannot be read.
        StoreError: the store cannot be read.
    """
    from headroom.originals import slices  # noqa: PLC0415 - only retrieval needs it

    return slices.cut((store or _store()).original(handle.removeprefix("h:")), lines, rows, grep)


@lru_cache(maxsize=1)
def _settings() -> Settings:
    from headroom import config  # noqa: PLC0415 - reads the environment at the first call, not at import

    return config.settings()


@lru_cache(maxsize=1)
def _store() -> Store:
    from headroom import config  # noqa: PLC0415 - reads the environment at the first call, not at import
    from headroom.originals.sqlite import SqliteStore  # noqa: PLC0415 - opens nothing until it is used

    return SqliteStore(config.store_path())
