"""What large requests took goes back to the system."""

import platform
import subprocess
import sys

import pytest

GROWTH = """
import os
from headroom.proxy.memory import give_back
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
kept, before = [], resident()
for _ in range(4):
    body = b"x" * 20_000_000
    kept.append(b"y" * 5_000)
    copy = body + b"z"
    kept.append(b"y" * 5_000)
    del body, copy
{last}
print(resident() - before)
"""


def grown(last):
    """Bytes that a fresh process is larger by, after large blocks came and went among small ones that stay."""
    done = subprocess.run([sys.executable, "-c", GROWTH.format(last=last)], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators give back by themselves")
def test_freed_bodies_leave_nothing_behind():
    assert grown("give_back()") < 2_000_000
    assert grown("") > 10_000_000, "without it they would: it is still needed"
