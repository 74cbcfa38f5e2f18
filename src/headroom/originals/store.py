"""Where originals and decisions are kept: the protocol that `store=` takes, and a store in memory.

Rules every store keeps:
* what `put` was given is durable when it returns; when it raises, nothing of it was kept.
* the first decision under a key stands for ever; `put` gives back what stands, not what it was handed.
* an original is content-addressed: its handle is the start of the SHA-256 of its text, and a text comes back as it
  went in, lone surrogates included. Two texts with one handle are refused, so the second goes out unedited.
* a decision never outlives its original: one whose original is gone is not given back, and the block is decided anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Protocol

from headroom.blocks import Decision
from headroom.compression.cache import digest
from headroom.compression.markers import HANDLE_DIGITS, handle_of
from headroom.errors import StoreError, UnknownHandleError


class Store(Protocol):
    """What `store=` takes. Every method may be called from any thread."""

    def put(self, originals: Mapping[str, str], decisions: Sequence[Decision]) -> dict[str, Decision]:
        """Keep originals and decisions, all or nothing.

        Args:
            originals: handle to text.
            decisions: those whose key is already known are ignored.

        Returns:
            Every decision by its key, as it now stands (the first writer wins).

        Raises:
            StoreError: nothing was kept.
        """

    def original(self, handle: str) -> str:
        """The text that has this handle.

        Raises:
            UnknownHandleError: no text has it.
            StoreError: the store cannot be read.
        """

    def decisions(self, keys: Sequence[str]) -> dict[str, Decision]:
        """The decisions that stand under these keys; a key without one is left out.

        Raises:
            StoreError: the store cannot be read.
        """

    def ours(self, digests: Sequence[str]) -> set[str]:
        """Which of these are digests (see `compression.cache.digest`) of texts that a decision produced.

        Raises:
            StoreError: the store cannot be read.
        """


def unknown(handle: str) -> UnknownHandleError:
    """The error for a handle that no original has."""
    return UnknownHandleError(
        f"no original has the handle {handle!r}: check its {HANDLE_DIGITS} hex digits; if they are right, it aged out"
        " or was stored elsewhere, so run the command that printed the text again"
    )


def mismatched(handle: str) -> StoreError:
    """The error for an original put under a handle that is not its own."""
    return StoreError(f"{handle!r} is not the handle of the text given with it: use markers.handle_of(text)")


def collision(handle: str) -> StoreError:
    """The error for a text whose handle another text already has."""
    return StoreError(f"the handle {handle!r} already belongs to another text: leave this one as it is")


def orphan(decision: Decision) -> StoreError:
    """The error for a decision whose original is neither stored nor given."""
    return StoreError(
        f"no original has the handle {decision.handle!r} of decision {decision.key!r}: put it together with its text"
    )


class MemoryStore:
    """A store that lives as long as the object; without limits, for tests and one-off runs."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = Lock()
        self._originals: dict[str, str] = {}
        self._decisions: dict[str, Decision] = {}
        self._ours: set[str] = set()

    def put(self, originals: Mapping[str, str], decisions: Sequence[Decision]) -> dict[str, Decision]:
        """See `Store.put`."""
        for handle, text in originals.items():
            if handle_of(text) != handle:
                raise mismatched(handle)
        with self._lock:
            for handle, text in originals.items():
                if self._originals.get(handle, text) != text:
                    raise collision(handle)
            for decision in decisions:
                if decision.handle and decision.handle not in originals and decision.handle not in self._originals:
                    raise orphan(decision)
            self._originals.update(originals)
            for decision in decisions:
                if self._decisions.setdefault(decision.key, decision) is decision and decision.text is not None:
                    self._ours.add(digest(decision.text))
            return {decision.key: self._decisions[decision.key] for decision in decisions}

    def original(self, handle: str) -> str:
        """See `Store.original`."""
        try:
            return self._originals[handle]
        except KeyError:
            raise unknown(handle) from None

    def decisions(self, keys: Sequence[str]) -> dict[str, Decision]:
        """See `Store.decisions`."""
        with self._lock:
            return {key: self._decisions[key] for key in keys if key in self._decisions}

    def ours(self, digests: Sequence[str]) -> set[str]:
        """See `Store.ours`."""
        with self._lock:
            return self._ours.intersection(digests)
