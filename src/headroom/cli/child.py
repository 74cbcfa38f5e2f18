"""A program in the user's own terminal, as if nobody stood between them.

* It has our standard input, output and errors, and our process group, so what the terminal sends (Ctrl-C, Ctrl-Z, a new
  size) reaches it as always. We take no notice of Ctrl-C: what it means is the program's to say.
* What others send to us by our process id is handed on.
* Where the program stops, we stop, so that the shell gets its terminal back; when we go on, so does it.
* Its exit code is ours; ended by a signal it is 128 and the signal's number, as shells have it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

_HANDED_ON = ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGBREAK")
_BY_KEY = ("SIGINT", "SIGQUIT")
"""What a key sends to the whole group."""


def run(argv: Sequence[str], env: Mapping[str, str], started: Callable[[int], None]) -> int:
    """Start a program, and return when it has ended.

    Args:
        argv: the program and its arguments.
        env: its environment.
        started: called with its process id.

    Returns:
        Its exit code.

    Raises:
        OSError: it cannot be started.
    """
    pids: list[int] = []

    def hand_on(number: int, _: FrameType | None) -> None:
        if signal.Signals(number).name in _BY_KEY and _in_foreground():
            return
        for pid in pids:
            try:
                os.kill(pid, number)
            except (ProcessLookupError, PermissionError):
                continue

    numbers = [getattr(signal, name) for name in _HANDED_ON if hasattr(signal, name)]
    before = [(number, signal.signal(number, hand_on)) for number in numbers]
    try:
        process = subprocess.Popen(list(argv), env=dict(env))  # noqa: S603 - what the user asked for
        pids.append(process.pid)
        started(process.pid)
        return _windows(process) if sys.platform == "win32" else _ended(process)
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _ended(process: subprocess.Popen[bytes]) -> int:
    while True:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            os.kill(os.getpid(), signal.SIGSTOP)
            os.kill(process.pid, signal.SIGCONT)
            continue
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode if process.returncode >= 0 else 128 - process.returncode


def _windows(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def _in_foreground() -> bool:
    """Whether our group is the one that the terminal's keys reach."""
    for descriptor in range(3):
        try:
            return os.tcgetpgrp(descriptor) == os.getpgrp()
        except OSError:
            continue
    return False
