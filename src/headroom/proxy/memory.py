"""Memory that large requests took goes back to the system.

glibc's allocator learns from a freed 20 MB body to take the next one from its heap, where whatever comes to stand behind
it keeps it: a proxy that saw two of them would stay 150 MB larger. Fixed limits keep large blocks apart.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys

_OPTIONS = {-3: 2**20, -1: 2**22, -8: 2}
"""From glibc's `malloc.h`. M_MMAP_THRESHOLD: bytes from which a block stands by itself and goes back when it is freed;
M_TRIM_THRESHOLD: free bytes at the heap's end that go back; M_ARENA_MAX: heaps, of which each thread would have its own."""


def give_back() -> None:
    """Fix the allocator's limits for this process; nothing where it is not glibc's."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in _OPTIONS.items():
            mallopt(option, value)
