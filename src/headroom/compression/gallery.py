"""The images of a conversation: which were shown, and what becomes of a new one.

An image that was shown above becomes a line that says so. Any other becomes smaller where that loses nothing that can be
seen (`compressors.image`). Only a new image is decoded; how much is, sizes decide.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from headroom.blocks import Block, Decision
from headroom.compression import cache, markers
from headroom.compression.compressors import image
from headroom.compression.compressors.image import rules
from headroom.settings import Settings, Treatment
from headroom.tokens import count

MOST_COMPARED = 8
"""Earlier images that a new one is compared with, the latest first."""
MOST_NEW = 120_000_000
"""Characters of new images in one request; what comes after them stays. Some 60 large screenshots, five seconds."""
_SCREENS = re.compile(
    r"(?i)computer|browser|screen|desktop|display|click|mouse|cursor|\btap\b|swipe|touch|adb|android|ios|emulator|simulator"
    r"|device|mobile|playwright|puppeteer|selenium|chrome|firefox|webdriver|navigate|window|\bcua\b|\bgui\b|zoom"
)
"""Tools whose results an agent points at: what it says of a place is measured in the image as it was sent."""
_POINTED = re.compile(r'"(?:coordinates?|start_coordinate|end_coordinate|bbox|position|x)"\s*:')
_PLACES = re.compile(
    r"(?i)\bco-?ordinates?\b|\bbounding[ -]?box|\bbbox|\bpixel (?:position|location|offset)|\bclick (?:at|on)\b|\bx ?(?:,|and) ?y\b"
)
"""What someone says who wants places in an image."""


class _Shown(NamedTuple):
    """An image that stands in the conversation."""

    url: str
    """As it came: its pixels, its address, or what stands for it (`cache.stand_in`)."""
    source: str
    """The tool that gave it; empty: the user."""


class Gallery:
    """Goes through one conversation."""

    def __init__(self, settings: Settings) -> None:
        """Args: settings: what may be done."""
        self._settings = settings
        self._shown: list[_Shown] = []
        self._heard: list[Block] = []
        self._pointing = False
        self._characters = 0

    def hear(self, block: Block) -> None:
        """Take note of a text, and of the call that made a result; looked at where a new image comes."""
        self._heard.append(block)

    def _points(self) -> bool:
        """Whether places in images have been talked about so far."""
        heard, self._heard = self._heard, []
        self._pointing = self._pointing or any(map(_about_places, heard))
        return self._pointing

    def forget(self) -> None:
        """The provider may have dropped everything so far."""
        self._shown.clear()

    def add(self, block: Block, text: str) -> None:
        """Take note of an image that stands in the conversation now, as it is or smaller; a reference is none."""
        if text.startswith("data:") or text is block.text:
            self._shown.append(_Shown(block.text, block.call.name if block.call else ""))

    def decide(self, block: Block, key: str, treatment: Treatment) -> Decision | None:
        """What a new image becomes; `None`: it stays.

        Args:
            block: the image.
            key: of the decision.
            treatment: what may be done to it.

        Raises:
            image.Unfit, OSError, ValueError: it cannot be worked on.
        """
        about = block.picture
        rule = rules.of(about.model, about.detail) if about else None
        if about is None or rule is None or image.ABSENT or treatment == "off":
            return None
        before = image.tokens(block.text, about.model, about.detail)
        if before is not None and before < self._settings.min_tokens:
            return None
        self._characters += len(block.text)
        if self._characters > MOST_NEW:
            raise image.Unfit(f"{self._characters:,} characters of new images, over {MOST_NEW:,}")
        lossy = treatment not in ("off", "exact", "lossless")
        if about.textual and self._settings.repeats and self._settings.retrieval and treatment != "lossless":
            told = self._above(block)
            if told and before is not None and (after := count(told)) < before:
                return self._decision(block, key, told, (before, after), lossless=False)
        name = block.call.name if block.call else ""
        if treatment == "exact" or about.exact or self._points() or _SCREENS.search(name):
            return None
        aggressive = treatment == "aggressive"
        made = image.smaller(block.text, rule, lossy=lossy, aggressive=aggressive)
        if made is None:
            return None
        return self._decision(block, key, made.url, (made.before, made.after), lossless=made.lossless)

    def _decision(self, block: Block, key: str, text: str, tokens: tuple[int, int], *, lossless: bool) -> Decision:
        return Decision(key, text, image.NAME, lossless, markers.handle_of(block.text), *tokens)

    def _above(self, block: Block) -> str:
        """A line that says where an image was shown before; empty where it was not."""
        earlier = [each.url for each in self._shown[-MOST_COMPARED:]]
        names = (block.text, cache.stand_in(block.text))
        found = next((at for at in range(len(earlier) - 1, -1, -1) if earlier[at] in names), None)
        found = image.like(block.text, earlier) if found is None else found
        if found is None:
            return ""
        back = len(earlier) - found
        source = self._shown[-back].source
        which = "the last image above" if back == 1 else f"the image {back} images above"
        return markers.note(f"the same image as {which}{f', a result of {source}' if source else ''}: nothing changed")


def _about_places(block: Block) -> bool:
    said = block.picture is None and block.role in ("user", "system") and _PLACES.search(block.text)
    return bool(said or (block.call and _POINTED.search(block.call.arguments)))
