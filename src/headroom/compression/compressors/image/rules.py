"""What a provider makes of an image before the model sees it, and what it bills: the formulas, over `rules.toml`.

Rules:
* A model that no family names, or a `detail` that a family does not list, has no rule: its images are left alone.
* Sizes are (width, height) in pixels; a fraction of a pixel is rounded as the provider's own documents do it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from math import ceil, floor, sqrt
from typing import NamedTuple

import msgspec

Size = tuple[int, int]
"""Width and height in pixels."""

_TILE, _SHORT_SIDE = 512, 768
"""OpenAI's tiles, and what the short side is scaled down to before they are counted."""


class _Limit(msgspec.Struct, forbid_unknown_fields=True):
    edge: int = 0
    patches: int = 0


class _Family(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One entry of the file."""

    name: str
    match: str
    sizes: dict[str, _Limit]
    date: dt.date
    source: str
    patch: int = 0
    padded: bool = False
    multiplier: float = 1.0
    base: int = 0
    tile: int = 0
    constant: int = 0


class _File(msgspec.Struct, forbid_unknown_fields=True):
    family: list[_Family]


class Rule(NamedTuple):
    """How one model looks at an image at one level of detail."""

    family: _Family
    limit: _Limit

    @property
    def scales(self) -> bool:
        """Whether an image's size counts at all."""
        return not self.family.constant

    @property
    def by_patches(self) -> bool:
        """Whether a smaller image costs less, pixel for pixel: not so with tiles, which follow the short side."""
        return bool(self.family.patch)

    def tokens(self, size: Size) -> int:
        """What an image of this size costs."""
        family = self.family
        if family.constant:
            return family.constant
        width, height = self.seen(size)
        if family.tile:
            return family.base + family.tile * ceil(width / _TILE) * ceil(height / _TILE)
        return ceil(round(self._patches(width, height) * family.multiplier, 6))

    def seen(self, size: Size) -> Size:
        """The size that the provider scales an image to; the same where it takes it as it is."""
        if self.family.constant:
            return size
        if self.family.tile:
            return self._seen_by_tiles(size)
        return _longest(size, self._fits) if self.family.padded else self._seen_by_patches(size)

    def _patches(self, width: int, height: int) -> int:
        return ceil(width / self.family.patch) * ceil(height / self.family.patch)

    def _fits(self, width: int, height: int) -> bool:
        patch = self.family.patch
        sides = (ceil(side / patch) * patch for side in (width, height))
        return max(sides) <= self.limit.edge and self._patches(width, height) <= self.limit.patches

    def _seen_by_tiles(self, size: Size) -> Size:
        width, height = size
        factor = min(1.0, self.limit.edge / max(size))
        factor = min(factor, _SHORT_SIDE / min(size))
        return max(1, round(width * factor)), max(1, round(height * factor))

    def _seen_by_patches(self, size: Size) -> Size:
        factor = min(1.0, self.limit.edge / max(size))
        width, height = (max(1, round(side * factor)) for side in size)
        if self._patches(width, height) <= self.limit.patches:
            return width, height
        patch = self.family.patch
        shrink = sqrt(patch**2 * self.limit.patches / (width * height))
        wide, high = width * shrink / patch, height * shrink / patch
        shrink *= min(max(1, floor(wide)) / wide, max(1, floor(high)) / high)
        return max(1, floor(width * shrink)), max(1, floor(height * shrink))


def _longest(size: Size, fits: Callable[[int, int], bool]) -> Size:
    """The largest size of the same shape that fits: Claude's search along the long edge, the short one rounded half to even."""
    width, height = size
    if fits(width, height):
        return size
    if height > width:
        high, wide = _longest((height, width), fits)
        return wide, high
    least, most = 1, width
    while least + 1 < most:
        middle = (least + most) // 2
        if fits(middle, max(1, round(middle * height / width))):
            least = middle
        else:
            most = middle
    return least, max(1, round(least * height / width))


@lru_cache(maxsize=1)
def _families() -> list[tuple[re.Pattern[str], _Family]]:
    data = files(__package__).joinpath("rules.toml").read_bytes()
    return [(re.compile(family.match), family) for family in msgspec.toml.decode(data, type=_File).family]


@lru_cache(maxsize=256)
def of(model: str, detail: str = "") -> Rule | None:
    """The rule for a model, as a request names it, at OpenAI's level of detail; `None` where it is not known."""
    name = model.lower()
    family = next((family for pattern, family in _families() if pattern.search(name)), None)
    limit = (
        family.sizes.get("" if detail == "auto" or (family.padded or family.constant) else detail) if family else None
    )
    return Rule(family, limit) if family is not None and limit is not None else None
