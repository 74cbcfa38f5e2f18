"""Pixels in and out: a data URL decoded within bounds, borders and spare resolution found, another data URL made.

Rules:
* The header decides what is decoded at all: nothing over `MOST_CHARS` or `MOST_PIXELS`, nothing animated, no CMYK, no more
  than 8 bits a channel. What is refused says why, without any of the payload.
* An image turned by its EXIF entry is turned for good, so that it is seen the same way with or without the entry.
* A colour profile stays on the image.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from bisect import bisect_left
from io import BytesIO
from typing import TYPE_CHECKING

from headroom.compression.compressors.image.rules import Size

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_CHARS = 28_000_000
"""Of a data URL: 20 MB of bytes, the most that a provider takes for one image."""
MOST_PIXELS = 36_000_000
"""Decoded in 0.7 s and 150 MB; a phone's largest photo of common size has 24 million."""
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
"""What providers take."""
_MODES = frozenset({"RGB", "RGBA", "L", "LA", "P", "PA", "1"})
_SRGB_GAMMA = 0.45455
_TRANSPOSED = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap width and height."""
_ORIENTATION = 0x0112

BORDER_LEVELS = 3
"""How much a border may differ from its corner (of 255, mean of 4 by 4 pixels): the noise of a JPEG."""
BORDER_KEPT = 12
"""Pixels of a border that stay around what is inside."""
BLOCK = 32
"""Pixels: the side of the blocks in which detail is measured, about two lines of text."""
_VISIBLE = 6
"""Half levels (of 255) by which a block's pixels differ from their mean, from which there is something to see in it."""
_SPECKS = 3
"""Blocks that may be worse than the bound: edges of the picture, a cursor; a word of small print covers more."""
LADDER = (0.5, 0.6, 0.7, 0.8)
"""Scales that are tried, smallest first."""
_SAMPLE, _SAMPLES = 3, 24
"""Blocks of one sample's side, and samples: where an image loses most, a scale that fails fails first."""
_FOURFOLD = [min(255, 4 * level) for level in range(256)]
_TWOFOLD = [min(255, 2 * level) for level in range(256)]
"""A block's mean is a whole level: small differences are made larger before it is taken."""
_QUALITY = 90
"""Of JPEG, without colour subsampling: 99.8 % of recognised words are as before (benchmarks/results/images.md)."""
_FEW_COLOURS = 256


class Unfit(Exception):  # noqa: N818 - an image that is left alone is no error
    """An image that is left as it came; says why."""


def opened(url: str) -> Image:
    """The image of a data URL, its header read and nothing decoded yet.

    Raises:
        Unfit: it is not to be decoded.
        OSError, ValueError: it cannot be.
    """
    from PIL import Image  # noqa: PLC0415 - Pillow is an extra, and takes 40 ms

    if len(url) > MOST_CHARS:
        raise Unfit(f"{len(url):,} characters, over {MOST_CHARS:,}")
    text = url[url.index(",") + 1 :]
    if "-" in text or "_" in text:
        text = text.translate({ord("-"): "+", ord("_"): "/"})
    try:
        data = b64decode(text)
    except binascii.Error as error:
        raise Unfit("its base64 cannot be decoded") from error
    image = Image.open(BytesIO(data), formats=_FORMATS)
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise Unfit(f"{width:,} by {height:,} pixels, over {MOST_PIXELS:,}")
    if getattr(image, "is_animated", False):
        raise Unfit("it is animated")
    if image.mode not in _MODES:
        raise Unfit(f"its pixels are {image.mode}: only 8 bits a channel, RGB, grey or palette, are worked on")
    gamma = image.info.get("gamma")
    if gamma is not None and "srgb" not in image.info and abs(gamma - _SRGB_GAMMA) > 0.01:
        raise Unfit("it has a gamma of its own")
    return image


def size_of(image: Image) -> Size:
    """Width and height as it is looked at, by the header: a PNG's own `getexif` decodes all of it."""
    from PIL.Image import Image as Pillow  # noqa: PLC0415 - Pillow is an extra

    width, height = image.size
    return (height, width) if Pillow.getexif(image).get(_ORIENTATION) in _TRANSPOSED else (width, height)


def decoded(image: Image, wanted: Size) -> Image:
    """The pixels, upright, as RGB, RGBA or grey.

    Args:
        image: from `opened`.
        wanted: the largest size that is needed; a JPEG is decoded at a fraction of its own where that is enough.

    Raises:
        Unfit: they are turned by an entry that the header does not tell of.
        OSError, ValueError: they cannot be decoded.
    """
    from PIL import ImageOps  # noqa: PLC0415 - Pillow is an extra

    told = "exif" in image.info
    image.draft(None, (max(wanted), max(wanted)))
    image.load()
    if ("exif" in image.info) != told:
        raise Unfit("its EXIF entry stands behind its pixels")
    ImageOps.exif_transpose(image, in_place=True)
    upright = image
    clear = "A" in upright.mode or "transparency" in upright.info
    mode = "RGBA" if clear else ("L" if upright.mode in ("L", "1") else "RGB")
    return upright if upright.mode == mode else upright.convert(mode)


def scaled(image: Image, size: Size) -> Image:
    """At a smaller size, by a filter that keeps text as sharp as a bicubic one does, in half the time."""
    from PIL import Image as Pillow  # noqa: PLC0415 - Pillow is an extra

    if image.size == size:
        return image
    return image.resize(size, Pillow.Resampling.HAMMING)


def inside(image: Image) -> tuple[int, int, int, int] | None:
    """What stands inside a border of one colour: left, top, right, bottom; `None` where there is no such border."""
    from PIL import Image as Pillow  # noqa: PLC0415 - Pillow is an extra
    from PIL import ImageChops  # noqa: PLC0415 - Pillow is an extra

    if image.mode == "RGBA" or min(image.size) < 8 * BORDER_KEPT:
        return None
    small = image.reduce(4)
    right, bottom = small.width - 1, small.height - 1
    plain = Pillow.new(small.mode, small.size, small.getpixel((0, 0)))
    levels = [0] * (BORDER_LEVELS + 1) + [255] * (255 - BORDER_LEVELS)
    other = ImageChops.difference(small, plain).point(levels * len(small.getbands()))
    box = other.getbbox()
    if box is None or (box[0] == 0 and box[1] == 0 and box[2] > right and box[3] > bottom):
        return None
    return (
        max(0, 4 * box[0] - BORDER_KEPT),
        max(0, 4 * box[1] - BORDER_KEPT),
        min(image.width, 4 * box[2] + BORDER_KEPT),
        min(image.height, 4 * box[3] + BORDER_KEPT),
    )


def spare(image: Image, most: float, bound: float) -> float:
    """The smallest scale of the ladder at which an image keeps its detail; `most` where there is none below it.

    An image is scaled down and up again, and what is lost is compared, block by block, with what there was to see.

    Args:
        image: as it came, so that what a first scaling takes away counts as well.
        most: what the provider scales it to anyway.
        bound: the share of a block's contrast that may be lost.
    """
    sample = _sample(image.convert("L"))
    fits = [scale for scale in LADDER if scale < most]
    least = bisect_left(fits, True, key=lambda scale: _lost(sample, scale) <= bound)
    return fits[least] if least < len(fits) else most


def _sample(grey: Image) -> Image:
    """The places of an image that lose most when its size is halved, side by side."""
    from PIL import Image as Pillow  # noqa: PLC0415 - Pillow is an extra

    side = _SAMPLE * BLOCK
    if grey.width < side or grey.height < side:
        return grey
    rough = grey.reduce(2).resize(grey.size, Pillow.Resampling.NEAREST)
    shares = sorted(((share, place) for place, share in _shares(grey, rough)), reverse=True)[:_SAMPLES]
    if not shares:
        return grey.crop((0, 0, side, side))
    columns = -(-grey.width // BLOCK)
    found = Pillow.new("L", (side * len(shares), side))
    for at, (_, place) in enumerate(shares):
        row, column = divmod(place, columns)
        left = min(max(0, (column - 1) * BLOCK), grey.width - side)
        top = min(max(0, (row - 1) * BLOCK), grey.height - side)
        found.paste(grey.crop((left, top, left + side, top + side)), (at * side, 0))
    return found


def _lost(grey: Image, scale: float) -> float:
    """The share of its contrast that a block loses at a scale: the worst block but for `_SPECKS`."""
    from PIL import Image as Pillow  # noqa: PLC0415 - Pillow is an extra

    size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
    back = grey.resize(size, Pillow.Resampling.HAMMING).resize(grey.size, Pillow.Resampling.BICUBIC)
    shares = sorted((share for _, share in _shares(grey, back)), reverse=True)
    return shares[_SPECKS] if len(shares) > _SPECKS else 0.0


def _shares(grey: Image, other: Image) -> list[tuple[int, float]]:
    """For each block in which there is something to see: its number, and the share of its contrast by which it differs."""
    from PIL import Image as Pillow  # noqa: PLC0415 - Pillow is an extra
    from PIL import ImageChops  # noqa: PLC0415 - Pillow is an extra

    lost = ImageChops.difference(grey, other).point(_FOURFOLD).reduce(BLOCK)
    mean = grey.reduce(BLOCK).resize(grey.size, Pillow.Resampling.NEAREST)
    seen = ImageChops.difference(grey, mean).point(_TWOFOLD).reduce(BLOCK)
    pairs = enumerate(zip(lost.tobytes(), seen.tobytes(), strict=True))
    return [(place, away / (2 * there)) for place, (away, there) in pairs if there >= _VISIBLE]


def url_of(image: Image) -> str:
    """A data URL: PNG where there are few colours or there is transparency, else JPEG without colour subsampling."""
    profile = image.info.get("icc_profile")
    file = BytesIO()
    if image.mode == "RGBA" or image.getcolors(_FEW_COLOURS) is not None:
        image.save(file, "PNG", icc_profile=profile)
        media = "image/png"
    else:
        image.save(file, "JPEG", quality=_QUALITY, subsampling=0, icc_profile=profile)
        media = "image/jpeg"
    return f"data:{media};base64,{b64encode(file.getbuffer()).decode('ascii')}"
