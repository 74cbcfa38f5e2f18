"""Request bodies as they were before their content encoding: zstd, gzip, deflate, br.

A body that grows beyond any request's size while it is decoded (a bomb), or that is damaged, is refused with an
`InputError`: it goes on as it came, and the provider says what it thinks of it.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Mapping

import brotli

from headroom.errors import InputError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BYTES = 256 * 2**20
"""Decoded: four times the largest body that is read."""


def decoded(body: bytes, encoding: str) -> bytes:
    """The body without its encoding.

    Args:
        body: as it came.
        encoding: the value of `Content-Encoding`, lower case; empty and `identity` mean none.

    Raises:
        InputError: an encoding nobody here knows, damaged data, or too much of it.
    """
    if encoding in ("", "identity"):
        return body
    if encoding not in _DECODERS:
        raise InputError(f"content-encoding {encoding[:20]!r} is not known here: the body goes as it came")
    try:
        return _DECODERS[encoding](body)
    except (zlib.error, zstd.ZstdError, brotli.error, EOFError) as error:
        raise InputError(f"the body is no valid {encoding} ({type(error).__name__}): it goes as it came") from error


def _zlib(bits: int, body: bytes) -> bytes:
    decoder = zlib.decompressobj(bits)
    made = decoder.decompress(body, MAX_BYTES)
    if not decoder.eof:
        raise InputError("the body is cut off, or too large when decoded: it goes as it came")
    return made


def _gzip(body: bytes) -> bytes:
    return _zlib(zlib.MAX_WBITS | 16, body)


def _deflate(body: bytes) -> bytes:
    try:
        return _zlib(zlib.MAX_WBITS, body)
    except zlib.error:  # some clients send it without the zlib header
        return _zlib(-zlib.MAX_WBITS, body)


def _zstd(body: bytes) -> bytes:
    decoder = zstd.ZstdDecompressor()
    made: bytes = decoder.decompress(body, MAX_BYTES)
    if not decoder.eof:
        raise InputError("the body is cut off, or too large when decoded: it goes as it came")
    return made


def _br(body: bytes) -> bytes:
    decoder = brotli.Decompressor()
    parts, size = [], 0
    for start in range(0, len(body), 2**16):
        part = decoder.process(body[start : start + 2**16])
        size += len(part)
        if size > MAX_BYTES:
            raise InputError("the body is too large when decoded: it goes as it came")
        parts.append(part)
    if not decoder.is_finished():
        raise InputError("the body is cut off: it goes as it came")
    return b"".join(parts)


_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
    "br": _br,
}
