"""Images: what costs tokens and shows nothing goes, and no text in them becomes hard to read.

It is no entry of the table, which is for texts: the pipeline hands it a data URL, and it gives back another, or `None`.

    provider's own scaling   what would be scaled down at the provider's is scaled here to that very size: the model sees the
                             same, fewer bytes travel with every turn. Loses nothing.
    borders                  of one colour, cut off; what is inside keeps its scale.
    spare resolution         a screenshot of a fine display, a scan at 300 dpi: scaled down as far as its detail survives.

Rules:
* What an image costs is the provider's formula (`rules.toml`). A result that costs more never goes out, and neither does
  one that costs the same, but for the provider's own scaling: for bytes alone no pixel is touched.
* A model whose formula is not known gets its images as they came.
* Where positions in an image count, it keeps its size and its borders.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple

from headroom.compression.compressors.image import alike, pixels, rules
from headroom.compression.compressors.image.pixels import Unfit
from headroom.compression.compressors.image.rules import Rule

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["ABSENT", "EXTRA", "NAME", "PROMISE", "Smaller", "Unfit", "described", "like", "smaller", "tokens"]

NAME: Final = "image"
PROMISE: Final = "Every word that could be read, at the size at which the provider shows it or as legible."
EXTRA: Final = "image"
ABSENT: Final = find_spec("PIL") is None
"""Whether the extra it needs is not installed: images are left alone then."""

_SAFE, _AGGRESSIVE = 0.3, 0.45
"""Share of a block's contrast that may be lost (`pixels.spare`). Of 16 renderings of text that lose up to 0.3, dark and
light, each kept 98 % of the words that an OCR engine finds; of 56 that lose up to 0.5, all but one kept 97 %."""
_LEAST_SIDE = 200
"""Pixels of the short side under which no resolution is spare: models read smaller images badly, as their makers say."""
_LEAST_SAVED = 0.1
"""Share of its tokens that an image must save to lose borders or resolution."""
_LEAST_BYTES = 0.9
"""Share of its length that the provider's own scaling must come to, or the image stays: it costs the same either way."""


class Smaller(NamedTuple):
    """A smaller image."""

    url: str
    lossless: bool
    """The model sees the same."""
    before: int
    """Tokens."""
    after: int


def tokens(url: str, model: str, detail: str = "") -> int | None:
    """What an image costs, by its header alone; `None` where that is not known."""
    rule = None if ABSENT else rules.of(model, detail)
    if rule is None:
        return None
    try:
        return rule.tokens(pixels.size_of(pixels.opened(url)))
    except (Unfit, OSError, ValueError, SyntaxError):
        return None


def described(url: str) -> str:
    """An image in a few words, for people: `image/png, 1,920 by 1,080 pixels, 285,111 bytes`; another text is itself."""
    if not url.startswith("data:image/"):
        return url
    media, _, data = url.partition(",")
    size = f"{len(data) * 3 // 4 - data[-2:].count('='):,} bytes"
    try:
        pixel = "" if ABSENT else "{:,} by {:,} pixels, ".format(*pixels.size_of(pixels.opened(url)))
    except (Unfit, OSError, ValueError, SyntaxError):
        pixel = ""
    return f"{media[5:].partition(';')[0]}, {pixel}{size}"


def like(url: str, earlier: list[str]) -> int | None:
    """The place of the latest of some earlier images whose pixels look just like this one's; `None` where none does.

    Raises:
        Unfit: the image is not to be decoded.
        OSError, ValueError: it cannot be.
    """
    if not earlier or alike.look(url) is None:
        return None
    image = pixels.opened(url)
    seen = pixels.decoded(image, image.size)
    return next((at for at in range(len(earlier) - 1, -1, -1) if alike.same(seen, earlier[at])), None)


def smaller(url: str, rule: Rule, *, lossy: bool, aggressive: bool = False) -> Smaller | None:
    """A smaller image that shows the same; `None` where there is none worth it.

    Args:
        url: the image.
        rule: of the model that looks at it.
        lossy: whether borders and spare resolution may go.
        aggressive: whether more resolution may go than nobody would miss.

    Raises:
        Unfit: the image is not to be decoded.
        OSError, ValueError: it cannot be.
    """
    if not rule.scales:
        return None
    image = pixels.opened(url)
    size = pixels.size_of(image)
    before, seen = rule.tokens(size), rule.seen(size)
    if seen == size and not lossy:
        return None
    shown = pixels.decoded(image, size if lossy else seen)
    if lossy and rule.by_patches:
        cut = _cut(shown)
        most = seen[0] / shown.width
        scale = pixels.spare(cut, most, _AGGRESSIVE if aggressive else _SAFE)
        scale = min(most, max(scale, _LEAST_SIDE / min(cut.size)))
        target = (max(1, round(cut.width * scale)), max(1, round(cut.height * scale)))
        after = rule.tokens(target)
        if after <= before * (1 - _LEAST_SAVED):
            return Smaller(pixels.url_of(pixels.scaled(cut, target)), lossless=False, before=before, after=after)
    if seen == size:
        return None
    made = pixels.url_of(pixels.scaled(shown, seen))
    after = rule.tokens(seen)
    worth = after < before or (after == before and len(made) <= len(url) * _LEAST_BYTES)
    return Smaller(made, lossless=True, before=before, after=after) if worth else None


def _cut(shown: Image) -> Image:
    """The image without its borders, where they are worth a tenth of it."""
    box = pixels.inside(shown)
    if box is None:
        return shown
    kept = (box[2] - box[0]) * (box[3] - box[1]) / (shown.width * shown.height)
    return shown.crop(box) if kept <= 1 - _LEAST_SAVED else shown
