"""Whether two images are the same to whoever looks at them: pixel for pixel, or but for what compression does to pixels.

A clock that went on, a digit or a cursor makes them different: what changed may be what matters.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from headroom.compression.compressors.image import pixels
from headroom.compression.compressors.image.rules import Size

if TYPE_CHECKING:
    from PIL.Image import Image

_SIDE = 16
_CLOSE = 3
"""Levels (of 255) by which a 16 by 16 picture of the same thing may differ."""
_MOST_ONE, _MOST_FOUR = 32, 9
"""Levels by which one pixel, and the mean of 4 by 4, may differ. A screenshot saved as a JPEG of quality 85 is at 27 and 8,
another digit in black on white at 250 and 90 (measured)."""
_KEPT = 256


class Look(NamedTuple):
    """What an image looks like at a glance."""

    size: Size
    glance: bytes
    """16 by 16 pixels in grey."""


class _Looks:
    """Of images seen lately, so that a new one is compared with earlier ones without decoding them; threads may share it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Look | None] = OrderedDict()

    def of(self, url: str) -> Look | None:
        key = blake2b(url.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if key not in self._kept:
            self._kept[key] = _look(url)
            while len(self._kept) > _KEPT:
                self._kept.pop(next(iter(self._kept)), None)
        return self._kept.get(key)


look = _Looks().of
"""What an image looks like; `None` where it is not to be decoded. What was looked at before is remembered."""


def _look(url: str) -> Look | None:
    try:
        image = pixels.opened(url)
        return Look(pixels.size_of(image), _glance(pixels.decoded(image, image.size)))
    except (pixels.Unfit, OSError, ValueError, SyntaxError):  # an earlier image that cannot be read is like no other
        return None


def _glance(image: Image) -> bytes:
    from PIL import Image as Pillow  # noqa: PLC0415 - Pillow is an extra

    return image.convert("L").resize((_SIDE, _SIDE), Pillow.Resampling.BOX).tobytes()


def same(image: Image, url: str) -> bool:
    """Whether an image looks just like another.

    Args:
        image: decoded.
        url: of an earlier one.
    """
    from PIL import ImageChops  # noqa: PLC0415 - Pillow is an extra

    other = look(url)
    if other is None or other.size != image.size:
        return False
    if any(abs(one - two) > _CLOSE for one, two in zip(_glance(image), other.glance, strict=True)):
        return False
    earlier = pixels.opened(url)
    before = pixels.decoded(earlier, earlier.size)
    if before.mode != image.mode:
        before, image = before.convert("RGB"), image.convert("RGB")
    apart = ImageChops.difference(before, image)
    return _most(apart) <= _MOST_ONE and _most(apart.reduce(4)) <= _MOST_FOUR


def _most(apart: Image) -> int:
    """The largest level of any channel."""
    found = apart.getextrema()
    return int(max(each[1] if isinstance(each, tuple) else each for each in found))
