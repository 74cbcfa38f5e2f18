"""The errors Headroom raises. Every message says what to do.

    HeadroomError
    ├── InputError (TypeError)      an argument of the wrong type or shape
    ├── SettingsError (ValueError)  a setting that does not exist or has no such value
    ├── SliceError (ValueError)     a slice (lines, rows, grep) that cannot be read
    ├── StoreError                  the store cannot be read or written
    │   └── UnknownHandleError (KeyError)    no original has this handle
    └── MissingExtraError (ImportError)      an optional part of the package is not installed

`compress` raises only `InputError` and `SettingsError`; everything else that goes wrong leaves the text as it was and is
reported in `.failures`.
"""


class HeadroomError(Exception):
    """The root of the tree."""


class InputError(HeadroomError, TypeError):
    """An argument of the wrong type or shape."""


class SettingsError(HeadroomError, ValueError):
    """A setting that does not exist, or a value that it does not take."""


class SliceError(HeadroomError, ValueError):
    """A slice (lines, rows, grep) that cannot be read."""


class StoreError(HeadroomError):
    """The store cannot be read or written."""


class UnknownHandleError(StoreError, KeyError):
    """No original has this handle: it was never stored, or it aged out."""

    def __str__(self) -> str:
        """The message as given; `KeyError` would show its repr."""
        return str(self.args[0]) if self.args else ""


class MissingExtraError(HeadroomError, ImportError):
    """An optional part of the package is not installed."""
