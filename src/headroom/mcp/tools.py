"""What each tool does. Text in, text out; what goes wrong is a sentence that says what to do.

* A result has at most so many tokens: clients cut longer ones, some in the middle. What is over stays in the store, and the
  last line says how to get it.
* Whoever speaks MCP to this process is its user's own client: it may have every original that is kept.
* Nothing of a payload is logged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from headroom import config, engine
from headroom.compression import markers
from headroom.errors import HeadroomError, InputError, StoreError
from headroom.ledger.figures import Money
from headroom.ledger.report import Report
from headroom.mcp import offered, roots
from headroom.originals import retrieval
from headroom.originals.sqlite import SqliteStore
from headroom.result import CompressedText

MAX_TOKENS: Final = 8_000
"""Of a result, unless the user says otherwise. The narrowest client cuts at 10,000 tokens of four bytes each."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Tools:
    """The tools, over this user's store, ledger and configuration."""

    def __init__(
        self, folders: Sequence[Path], max_tokens: int = MAX_TOKENS, offer: offered.Offer = offered.EVERYTHING
    ) -> None:
        """Name what they work on; nothing is opened yet.

        Args:
            folders: whose files may be read.
            max_tokens: (cl100k) of a result, its last line aside.
            offer: which tools a client is shown.
        """
        self.offer = offer
        self._folders, self._max_tokens = folders, max_tokens
        self._store = SqliteStore(config.store_path())
        self._texts = self._before = self._after = 0
        """Compressed since this process began: texts, and their tokens before and after."""

    def call(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        """What a tool answers, and whether that is an error."""
        does = {offered.RETRIEVE: self._retrieve, offered.COMPRESS: self._compress, offered.STATS: self._stats}
        try:
            text = does[name](arguments)
        except HeadroomError as error:
            return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", str(error)), True
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text), False

    def _retrieve(self, arguments: Mapping[str, Any]) -> str:
        return retrieval.give(self._store, dict(arguments), None, self._max_tokens)

    def _compress(self, arguments: Mapping[str, Any]) -> str:
        text, path, kind, query = (_text(arguments, name) for name in ("text", "path", "kind", "query"))
        if (text is None) == (path is None):
            raise InputError("Give either path, the name of a file, or text.")
        if path is not None:
            text = roots.read(path, self._folders)
        assert text is not None
        made = engine.compress_text(text, config.settings(), self._store, kind, query)
        self._count(made)
        failures = "".join(
            f"\n{markers.note(f'{each.where} failed, the text is as it came: {each.reason}')}" for each in made.failures
        )
        return self._cut(made.text) + failures or markers.note("an empty text")

    def _cut(self, text: str) -> str:
        """As much as a result may hold; what is over can be had from the store."""
        handle = markers.handle_of(text)
        ask = f'{offered.RETRIEVE} handle="{handle}" '
        shown = retrieval.within(text, self._max_tokens, retrieval.Asked(handle), ask)
        try:
            if shown != text:
                self._store.put({handle: text}, [])
        except StoreError as error:
            return f"{shown}\n{markers.note(f'the rest could not be kept: {error}')}"
        return shown

    def _count(self, made: CompressedText) -> None:
        self._texts += 1
        self._before += made.tokens_before
        self._after += made.tokens_after

    def _stats(self, _: Mapping[str, Any]) -> str:
        kept = self._store.stats()
        totals = Report(config.ledger_path()).totals()
        lines = [f"Kept originals: {kept.originals:,} ({kept.bytes / 1e6:.1f} MB)."]
        if totals.requests:
            share = 100 * totals.removed / (totals.tokens + totals.removed or 1)
            lines.append(
                f"Through the proxy: {totals.requests:,} requests, {totals.removed:,} tokens taken out ({share:.1f} % of"
                f" what was sent), {totals.retrievals:,} originals asked for, {totals.failures:,} failures."
            )
            lines += _money("Saved, net", totals.money) + _money(
                "Saved, at API prices (subscription)", totals.equivalent
            )
        else:
            lines.append("Through the proxy: no request yet (headroom proxy, or headroom wrap AGENT).")
        if self._texts:
            texts = "1 text" if self._texts == 1 else f"{self._texts:,} texts"
            lines.append(f"By {offered.COMPRESS} in this session: {texts}, {self._before:,} -> {self._after:,} tokens.")
        return "\n".join(lines)


def _text(arguments: Mapping[str, Any], name: str) -> str | None:
    """An argument that must be a string; what is empty or null is not given, but for `text`."""
    value = arguments.get(name)
    if value is None or (value == "" and name != "text"):
        return None
    if not isinstance(value, str):
        raise InputError(f"{name} must be a string, not {type(value).__name__}.")
    return value


def _money(name: str, money: Money) -> list[str]:
    if money.saved is None or money.spent is None or not (money.saved or money.spent):
        return []
    unknown = f"; {money.unknown:,} requests not counted, their price or bill is unknown" if money.unknown else ""
    return [f"{name}: ${money.saved:,.2f} of ${money.spent + money.saved:,.2f}{unknown}."]
