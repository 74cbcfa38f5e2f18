"""Content encodings of an answer, undone piece by piece for the tee that reads it.

* A decoder takes the next bytes and gives what they hold in pieces of at most 1 MB: an answer that unpacks to a thousand
  times its size costs time, but no memory.
* It never raises. What cannot be decoded, or has an encoding that is not known, gives nothing more.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

try:
    from compression import zstd  # type: ignore[import-not-found]  # from Python 3.14 on
except ImportError:
    from backports import zstd
try:
    import brotli
except ImportError:  # comes with aiohttp's fast parts; where it is missing, usage is unknown
    brotli = None

Decode = Callable[[bytes], Iterator[bytes]]

_PIECE = 2**20
ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate", "zstd"} | ({"br"} if brotli is not None else set()))
"""Those that `decoder` undoes."""


def decoder(encoding: str) -> Decode | None:
    """The decoder for a `content-encoding` header; `None` where the bytes are plain."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name in ("gzip", "x-gzip"):
        return _guarded(_zlib(16 + zlib.MAX_WBITS), zlib.error)
    if name == "deflate":
        return _guarded(_deflate(), zlib.error)
    if name == "zstd":
        return _guarded(_zstd(), zstd.ZstdError)
    if name == "br" and brotli is not None:
        return _guarded(_brotli(), brotli.error)
    return _nothing


def _nothing(_: bytes) -> Iterator[bytes]:
    return iter(())


def _guarded(decode: Decode, error: type[Exception]) -> Decode:
    """A decoder that falls silent at the first error."""
    broken = False

    def guarded(data: bytes) -> Iterator[bytes]:
        nonlocal broken
        if broken:
            return
        try:
            yield from decode(data)
        except error:
            broken = True

    return guarded


def _zlib(wbits: int) -> Decode:
    unpack = zlib.decompressobj(wbits)

    def decode(data: bytes) -> Iterator[bytes]:
        while data:
            yield unpack.decompress(data, _PIECE)
            data = unpack.unconsumed_tail

    return decode


def _deflate() -> Decode:
    """`deflate` is zlib by the standard, and raw deflate by the habit of some servers: the first byte tells."""
    inner: Decode | None = None

    def decode(data: bytes) -> Iterator[bytes]:
        nonlocal inner
        if data and inner is None:
            inner = _zlib(zlib.MAX_WBITS if data[0] & 15 == zlib.DEFLATED else -zlib.MAX_WBITS)
        if inner is not None:
            yield from inner(data)

    return decode


def _zstd() -> Decode:
    unpack = zstd.ZstdDecompressor()

    def decode(data: bytes) -> Iterator[bytes]:
        nonlocal unpack
        while data or not unpack.needs_input:
            yield unpack.decompress(data, _PIECE)
            data = b""
            if unpack.eof:  # another frame may follow
                data, unpack = unpack.unused_data, zstd.ZstdDecompressor()

    return decode


def _brotli() -> Decode:
    unpack: Any = brotli.Decompressor()

    def decode(data: bytes) -> Iterator[bytes]:
        piece = unpack.process(data, output_buffer_limit=_PIECE)
        while piece:
            yield piece
            piece = unpack.process(b"", output_buffer_limit=_PIECE)

    return decode
