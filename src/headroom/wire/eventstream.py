"""The binary frames in which Bedrock streams (`application/vnd.amazon.eventstream`), as far as usage needs them.

A message is, in bytes and big-endian: its length (4), the length of its headers (4), a checksum of both (4), headers, payload,
a checksum of all (4). Of a model's stream each payload is JSON, with an event of the model's own format under `bytes`, in
base64: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html describes the frames.

Checksums are not looked at: nothing is decided here, and the client looks at them.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator

import msgspec

TYPE = "application/vnd.amazon.eventstream"
_AROUND = 16
"""Bytes of a message that are neither headers nor payload: 12 before the headers, 4 at the end."""


class _Chunk(msgspec.Struct):
    bytes: str = ""


_decode = msgspec.json.Decoder(_Chunk).decode


class Frames:
    """One stream, read as it passes. Never raises: from what is no message on, nothing more is given."""

    def __init__(self, longest: int) -> None:
        """Args: longest: bytes of a message that are kept; a longer one is passed over."""
        self._longest = longest
        self._kept = bytearray()
        self._skipped = 0
        """Bytes of a long message that are still to come."""
        self._lost = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Take the next bytes; give the events that are whole now."""
        if self._skipped:
            skipped = min(self._skipped, len(chunk))
            self._skipped -= skipped
            chunk = chunk[skipped:]
        self._kept += chunk
        while not self._lost and len(self._kept) >= 8:
            size = int.from_bytes(self._kept[:4], "big")
            headers = int.from_bytes(self._kept[4:8], "big")
            if size < headers + _AROUND:
                self._lost = True
            elif size > self._longest:
                self._skipped = max(0, size - len(self._kept))
                del self._kept[:size]
            elif len(self._kept) >= size:
                payload = bytes(self._kept[12 + headers : size - 4])
                del self._kept[:size]
                yield from _event(payload)
            else:
                return
        if self._lost:
            self._kept.clear()


def _event(payload: bytes) -> Iterator[bytes]:
    try:
        yield binascii.a2b_base64(_decode(payload).bytes)
    except ValueError:  # msgspec's errors and base64's: an error of Bedrock's own, or nothing we know
        return
