"""What `compress` gives back: the messages, and what was done to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from headroom.blocks import Edit, Failure, Message
from headroom.tokens import report

_IMAGE = "image"
"""The name under which images are edited (`compressors.image.NAME`)."""


class Compressed(list[Message]):
    """The messages in the shape that came in: a list, to be sent as it is.

    Attributes:
        edits: what was done to which text, by which compressor, lossless or not, with its handle.
        failures: what went wrong; the texts concerned are as they came.
        model: the model that tokens are counted for.
    """

    def __init__(
        self,
        messages: Iterable[Message],
        before: Sequence[str],
        after: Sequence[str],
        edits: Sequence[Edit],
        failures: Sequence[Failure],
        model: str | None,
    ) -> None:
        """Args: before: every text the model would have read. after: every text it reads now."""
        super().__init__(messages)
        self.edits = tuple(edits)
        self.failures = tuple(failures)
        self.model = model
        self._before, self._after = tuple(before), tuple(after)
        self._images = tuple(edit for edit in edits if edit.compressor == _IMAGE)

    @property
    def messages(self) -> Compressed:
        """Itself: for code that expects a result object with the messages in it."""
        return self

    @cached_property
    def tokens_before(self) -> int:
        """Tokens of all texts as they came, counted when asked for (an estimate for models without a public vocabulary).

        Of images only those that became something else count, by their provider's formula: before and after.
        """
        images = sum(edit.tokens_before for edit in self._images)
        return images + sum(report(text, self.model) for text in self._before)

    @cached_property
    def tokens_after(self) -> int:
        """Tokens of all texts as they are now."""
        if not self.edits:
            return self.tokens_before
        images = sum(edit.tokens_after for edit in self._images)
        return images + sum(report(text, self.model) for text in self._after)

    @property
    def saved(self) -> int:
        """Tokens saved: before less after."""
        return self.tokens_before - self.tokens_after


class CompressedText(str):  # noqa: SLOT000 - it carries attributes
    """One text, shorter: a string, to be used as it is.

    Attributes:
        edit: what was done, or `None` where the text is as it came.
        failures: what went wrong.
        model: the model that tokens are counted for.
    """

    edit: Edit | None
    failures: tuple[Failure, ...]
    model: str | None
    _original: str

    def __new__(  # noqa: PYI034 - `Self` is newer than Python 3.10
        cls, text: str, original: str, edit: Edit | None, failures: Sequence[Failure], model: str | None = None
    ) -> CompressedText:
        """Args: original: the text as it came."""
        made = super().__new__(cls, text)
        made._original, made.edit, made.failures, made.model = original, edit, tuple(failures), model
        return made

    def __getnewargs__(self) -> tuple[str, str, Edit | None, tuple[Failure, ...], str | None]:  # type: ignore[override]
        """What `copy` and `pickle` make it again from."""
        return self.text, self._original, self.edit, self.failures, self.model

    @property
    def text(self) -> str:
        """The plain string."""
        return str.__str__(self)

    @property
    def tokens_before(self) -> int:
        """Tokens of the text as it came."""
        return report(self._original, self.model)

    @property
    def tokens_after(self) -> int:
        """Tokens of the text as it is now."""
        return report(self.text, self.model)

    @property
    def saved(self) -> int:
        """Tokens saved: before less after."""
        return self.tokens_before - self.tokens_after
