"""onnxruntime, loaded here and nowhere else, and told to report nothing.

Since 1.29 its builds write an id of the machine into the user's home and send their maker what runs, unless a variable says
no when the library loads. It is set for just that moment: what the process starts later is none of ours. A program that has
loaded the library before us has decided for itself.
"""

from __future__ import annotations

import os
from typing import Any, Final

_QUIET: Final = "ORT_DISABLE_TELEMETRY"


def load() -> Any:  # noqa: ANN401 - onnxruntime ships no types
    """The module.

    Raises:
        ImportError: it is not installed, or does not fit this machine.
    """
    before = os.environ.get(_QUIET)
    os.environ[_QUIET] = "1"
    try:
        import onnxruntime  # noqa: PLC0415 - heavy and optional: loaded with the first text that needs it
    finally:
        if before is None:
            del os.environ[_QUIET]
        else:
            os.environ[_QUIET] = before
    onnxruntime.disable_telemetry_events()  # on Windows, where the variable is not read
    return onnxruntime
