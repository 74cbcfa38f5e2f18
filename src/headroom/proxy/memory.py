"""Memory that large requests took goes back to the system, once nobody needs it.

glibc keeps what was freed below something that is still in use: a proxy that saw two bodies of 20 MB would stay 150 MB
larger. To have each large block mapped by itself (M_MMAP_THRESHOLD) would give it back at once, but then every copy of
a body costs its page faults again, five times as long, while everybody's stream waits.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys


def give_back() -> None:
    """Release free pages wherever they lie; nothing where the allocator is not glibc's."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
