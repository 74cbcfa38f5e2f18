"""Images in messages: where their pixels stand in each provider's shape, and how others, or a text, get there.

Rules:
* An image is read as a data URL, `data:image/png;base64,…`, whatever its provider writes. An address or a file's id holds no
  pixels: it stays as it is, and is read so that images can be counted.
* Another image changes the media type and the data, and nothing else of its part. A text makes the part a text part of the
  same format: it keeps every key that is not the image's own, `cache_control` above all.
* In bytes the same is done by splices. What is kept is the very bytes that came.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from headroom.blocks import Path, Picture
from headroom.wire.access import Put, at, get, replaced
from headroom.wire.body import Body, Change, SetRaw, SetText

_URL: Final = re.compile(r"(?i)data:(image/[\w.+-]+)(?:;[^,;]*)*;base64,")
"""A data URL up to its data; parameters may stand before `;base64`."""

_encode = msgspec.json.Encoder().encode


class Spot(NamedTuple):
    """Where the parts of an image stand in the part that holds it."""

    url: Path = ()
    """A data URL; empty where media type and data stand apart."""
    media: Path = ()
    data: Path = ()
    own: tuple[str, ...] = ()
    """Keys that mean nothing beside a text."""
    text_type: str = ""
    """The `type` of a text part of this format; empty where parts have none."""


_ANTHROPIC: Final = Spot(
    media=("source", "media_type"), data=("source", "data"), own=("source", "transformations"), text_type="text"
)
_CHAT: Final = Spot(url=("image_url", "url"), own=("image_url",), text_type="text")
_CHAT_BARE: Final = Spot(url=("image_url",), own=("image_url",), text_type="text")
_RESPONSES: Final = Spot(url=("image_url",), own=("image_url", "detail"), text_type="input_text")


def spot(part: object) -> Spot | None:
    """Where an image stands in a part of a message; `None` where the part holds none."""
    kind = get(part, "type")
    if kind == "image":
        return _ANTHROPIC if get(get(part, "source"), "type") == "base64" else None
    if kind == "image_url":
        return _CHAT_BARE if isinstance(get(part, "image_url"), str) else _CHAT
    if kind == "input_image":
        return _RESPONSES
    for key in ("inlineData", "inline_data"):
        blob = get(part, key)
        if blob is not None:
            media = "mimeType" if get(blob, "mimeType") is not None else "mime_type"
            own = (key, "mediaResolution", "media_resolution", "displayName", "display_name")
            return Spot(media=(key, media), data=(key, "data"), own=own)
    return None


def url_of(part: object) -> str:
    """The image of a part as a data URL; empty where it holds none, or only its address."""
    where = spot(part)
    if where is None:
        return ""
    if where.url:
        url = get(get(part, "image_url"), "url") if len(where.url) > 1 else get(part, "image_url")
        return url if isinstance(url, str) and _URL.match(url) else ""
    holder = get(part, where.media[0] if isinstance(where.media[0], str) else "")
    media, data = get(holder, str(where.media[1])), get(holder, str(where.data[1]))
    if isinstance(data, (bytes, bytearray)):  # google-genai's Blob
        data = b64encode(data).decode("ascii")
    url = f"data:{media};base64,{data}"
    return url if isinstance(media, str) and isinstance(data, str) and data and _URL.match(url) else ""


def address_of(part: object) -> str:
    """Where an image is that does not stand in the part itself: its address or the id of a file; empty for other parts."""
    kind = get(part, "type")
    file = get(part, "fileData") or get(part, "file_data")
    found: object = None
    if kind == "image":
        found = get(get(part, "source"), "url") or get(get(part, "source"), "file_id")
    elif kind in ("image_url", "input_image"):
        found = get(get(part, "image_url"), "url") or get(part, "image_url") or get(part, "file_id")
    elif file is not None and str(get(file, "mimeType") or get(file, "mime_type")).startswith("image/"):
        found = get(file, "fileUri") or get(file, "file_uri")
    return found if isinstance(found, str) and not is_inline(found) else ""


def is_inline(url: str) -> bool:
    """Whether an address holds an image itself."""
    return _URL.match(url) is not None


def about(part: object, model: str = "", *, textual: bool = True) -> Picture:
    """What a part says of its image beside the pixels.

    Args:
        part: one that holds an image.
        model: who looks at it.
        textual: whether the place takes text too.
    """
    detail = get(part, "detail") or get(get(part, "image_url"), "detail")
    exact = get(part, "transformations") is not None
    copied = isinstance(part, Mapping) or get(part, "inline_data") is not None
    return Picture(detail if isinstance(detail, str) else "", exact, model, textual and copied)


def swapped(part: Any, text: str) -> Any:  # noqa: ANN401 - a provider's value, of any shape
    """A part with another image, or with a text instead of it.

    Args:
        part: one that holds an image; never changed.
        text: a data URL, or what is to be read instead.

    Raises:
        LookupError: the part holds no image.
        InputError: it allows no copy.
    """
    where = spot(part)
    if where is None:
        raise LookupError("a path that leads to no image")
    found = _URL.match(text)
    if found is None:
        return _as_text(part, where, text)
    if where.url:
        return replaced(part, _tree(where.url, text))
    data: Any = text[found.end() :]
    if isinstance(at(part, where.data), (bytes, bytearray)):
        data = Put(b64decode(data))
    return replaced(part, {str(where.media[0]): {where.media[1]: found[1], where.data[1]: data}})


def _tree(path: Path, leaf: object) -> dict[str | int, Any]:
    return {path[0]: _tree(path[1:], leaf) if len(path) > 1 else leaf}


def _as_text(part: Any, where: Spot, text: str) -> Any:  # noqa: ANN401 - a provider's value, of any shape
    if not isinstance(part, Mapping):
        gone: dict[str | int, Any] = {key: Put(None) for key in where.own if get(part, key) is not None}
        return replaced(part, {**gone, "text": text})
    kept = {key: value for key, value in part.items() if key not in (*where.own, "type", "text")}
    return {**({"type": where.text_type} if where.text_type else {}), "text": text, **kept}


def changes(body: Body, path: Path, text: str) -> list[Change]:
    """What puts a text, or another image, at a path of a body: the same as `wire.put`, in bytes.

    Args:
        body: the request.
        path: from the root of the body, to a string or to a part that holds an image.
        text: what is to stand there; for an image a data URL or a text.

    Raises:
        LookupError: nothing stands there.
    """
    part = at(body.value, path)
    where = None if isinstance(part, str) else spot(part)
    if where is None:
        return [SetText(path, text)]
    found = _URL.match(text)
    if found is None:
        members = {key: raw for key, raw in body.members(path).items() if key not in (*where.own, "type", "text")}
        kind = {"type": _encode(where.text_type)} if where.text_type else {}
        told = {**kind, "text": _encode(text), **members}
        return [SetRaw(path, b"{%b}" % b",".join(b"%b:%b" % (_encode(key), raw) for key, raw in told.items()))]
    if where.url:
        return [SetText((*path, *where.url), text)]
    return [SetText((*path, *where.media), found[1]), SetText((*path, *where.data), text[found.end() :])]
