"""Content encodings of bodies undone: gzip, deflate, zstd, br.

* An `Unpacker` takes the next bytes and gives what they hold in pieces of at most 1 MB: a body that unpacks to a thousand
  times its size costs time, but no memory.
* `decoded` is for a whole request: what is damaged, cut off or too large is refused with an `InputError`.
* `decoder` is for whoever reads an answer along: it never raises. What cannot be decoded, or has an encoding that is not
  known, gives nothing more.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from headroom.errors import InputError

try:
    from compression import zstd  # type: ignore[import-not-found]  # from Python 3.14 on
except ImportError:
    from backports import zstd
try:
    import brotli
except ImportError:  # comes with the proxy
    brotli = None

Decode = Callable[[bytes], Iterator[bytes]]

_PIECE = 2**20
MAX_BYTES = 256 * 2**20
"""Of a decoded request: four times the largest body that is read."""


class TooLargeError(InputError):
    """There is more in a body than the caller wants to have here."""


def decoded(body: bytes, encoding: str, most: int = MAX_BYTES) -> bytes:
    """A request's body without its encoding.

    Args:
        body: as it came.
        encoding: the value of `Content-Encoding`; empty and `identity` mean none.
        most: bytes, decoded, above which it is refused.

    Raises:
        TooLargeError: there are more than `most`.
        InputError: an encoding nobody here knows, or damaged data.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in _UNPACKERS:
        raise InputError(f"content-encoding {name[:20]!r} is not known here: the body goes as it came")
    unpacker = _UNPACKERS[name]()
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in unpacker.unpack(body):
            size += len(piece)
            if size > most:
                raise TooLargeError(f"the body has more than {most} bytes when decoded: it goes as it came")
            pieces.append(piece)
    except _ERRORS as error:
        raise InputError(f"the body is no valid {name} ({type(error).__name__}): it goes as it came") from error
    if not unpacker.is_whole():
        raise InputError("the body is cut off: it goes as it came")
    return b"".join(pieces)


def decoder(encoding: str) -> Decode | None:
    """The decoder for a `content-encoding` header; `None` where the bytes are plain."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    return _guarded(_UNPACKERS[name]()) if name in _UNPACKERS else _nothing


def _nothing(_: bytes) -> Iterator[bytes]:
    return iter(())


def _guarded(unpacker: Unpacker) -> Decode:
    """A decoder that falls silent at the first error."""
    broken = False

    def guarded(data: bytes) -> Iterator[bytes]:
        nonlocal broken
        if broken:
            return
        try:
            yield from unpacker.unpack(data)
        except _ERRORS:
            broken = True

    return guarded


class Unpacker(Protocol):
    """Undoes one encoding."""

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """What the next bytes hold; raises one of `_ERRORS`."""

    def is_whole(self) -> bool:
        """Whether everything that was begun has ended."""


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits)

    def unpack(self, data: bytes) -> Iterator[bytes]:
        while data:
            yield self._inner.decompress(data, _PIECE)
            data = self._inner.unconsumed_tail

    def is_whole(self) -> bool:
        return self._inner.eof


class _Gzip(_Zlib):
    def __init__(self) -> None:
        super().__init__(16 + zlib.MAX_WBITS)


class _Deflate:
    """`deflate` is zlib by the standard, and raw deflate by the habit of some programs: the first byte tells."""

    def __init__(self) -> None:
        self._inner: _Zlib | None = None

    def unpack(self, data: bytes) -> Iterator[bytes]:
        if data and self._inner is None:
            self._inner = _Zlib(zlib.MAX_WBITS if data[0] & 15 == zlib.DEFLATED else -zlib.MAX_WBITS)
        if self._inner is not None:
            yield from self._inner.unpack(data)

    def is_whole(self) -> bool:
        return self._inner is not None and self._inner.is_whole()


class _Zstd:
    def __init__(self) -> None:
        self._inner = zstd.ZstdDecompressor()
        self._whole = False

    def unpack(self, data: bytes) -> Iterator[bytes]:
        while data or not self._inner.needs_input:
            self._whole = False
            yield self._inner.decompress(data, _PIECE)
            data = b""
            if self._inner.eof:  # another frame may follow
                data, self._inner, self._whole = self._inner.unused_data, zstd.ZstdDecompressor(), True

    def is_whole(self) -> bool:
        return self._whole


class _Brotli:
    def __init__(self) -> None:
        self._inner: Any = brotli.Decompressor()

    def unpack(self, data: bytes) -> Iterator[bytes]:
        piece = self._inner.process(data, output_buffer_limit=_PIECE)
        while piece:
            yield piece
            piece = self._inner.process(b"", output_buffer_limit=_PIECE)

    def is_whole(self) -> bool:
        return bool(self._inner.is_finished())


_UNPACKERS: dict[str, Callable[[], Unpacker]] = {"gzip": _Gzip, "x-gzip": _Gzip, "deflate": _Deflate, "zstd": _Zstd}
_ERRORS: tuple[type[Exception], ...] = (zlib.error, zstd.ZstdError, EOFError)
if brotli is not None:
    _UNPACKERS["br"] = _Brotli
    _ERRORS = (*_ERRORS, brotli.error)
ENCODINGS = frozenset({"", "identity", *_UNPACKERS})
"""Those that are known here."""
