"""Encoded bodies: what was packed comes back, and nothing else does."""

import gzip
import zlib

import brotli
import pytest

from headroom.errors import InputError
from headroom.wire.content_encoding import TooLargeError, decoded

try:
    from compression import zstd
except ImportError:
    from backports import zstd


def raw_deflate(data):
    pack = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return pack.compress(data) + pack.flush()


PACKED = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    " Deflate ": raw_deflate,
    "zstd": zstd.compress,
    "br": brotli.compress,
    "": bytes,
    "identity": bytes,
}
TEXT = b'{"messages": []}' + b" " * 3_000_000 + bytes(range(256))


@pytest.mark.parametrize("encoding", PACKED)
@pytest.mark.parametrize("text", [b"", b"{}", TEXT])
def test_what_was_packed_comes_back(encoding, text):
    assert decoded(PACKED[encoding](text), encoding) == text


@pytest.mark.parametrize("encoding", [name for name in PACKED if name not in ("", "identity")])
def test_damage_is_refused(encoding):
    packed = PACKED[encoding](TEXT)
    for broken in (packed[:-1], packed[: len(packed) // 2], b"", b"{}", b"\x00" * 50):
        with pytest.raises(InputError, match="goes as it came"):
            decoded(broken, encoding)
    with pytest.raises(TooLargeError, match="more than 2000000 bytes"):
        decoded(packed, encoding, 2_000_000)


def test_an_unknown_encoding_is_refused():
    for name in ("compress", "gzip, br", "x" * 1000):
        with pytest.raises(InputError, match="not known here"):
            decoded(b"", name)
