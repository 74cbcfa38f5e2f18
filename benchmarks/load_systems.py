"""The systems that `load.py` measures: processes on loopback, how long they take to start, and the memory they hold."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
START_SECONDS = 120.0
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HEADROOM_OFFLINE": "1",
    "HEADROOM_TELEMETRY": "off",
    "HEADROOM_BEACON": "off",
    "DO_NOT_TRACK": "1",
}
"""The original asks several hosts otherwise."""


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class System:
    """A process that listens, `None` for the direct way."""

    def __init__(self, name, url, process=None, started=0.0):
        self.name, self.url, self.process, self.started = name, url, process, started

    def memory(self):
        """Megabytes (2**20) of resident memory, with all children."""
        return sum(_resident(pid) for pid in _family(self.process.pid)) / 2**20

    def stop(self):
        """End it and its children."""
        if self.process is None:
            return
        family = _family(self.process.pid)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        for pid in family[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _family(pid):
    """A process and all below it."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found


def _resident(pid):
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def provider():
    """A provider in a process of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, str(HERE / "load_wire.py"), str(port)])
    _wait_for(port, process, None)
    return System("direct", f"http://127.0.0.1:{port}", process)


def ours(home, anthropic, openai):
    """This project's proxy."""
    port = free_port()
    command = [sys.executable, "-c", "from headroom.cli.main import main; main()", "proxy", "--port", str(port)]
    command += ["--upstream", f"anthropic={anthropic}", "--upstream", f"openai={openai}"]
    return _started("ours", port, command, {"PYTHONPATH": str(HERE.parent / "src"), "HEADROOM_HOME": str(home)}, home)


def original(venv, home, anthropic, openai):
    """headroom-ai 0.42 from PyPI, without the parts that would answer in the provider's place or refuse."""
    port = free_port()
    command = [str(venv / "bin" / "headroom"), "proxy", "--port", str(port), "--no-rate-limit", "--no-cache"]
    command += ["--anthropic-api-url", anthropic, "--openai-api-url", openai]
    ranks = next(venv.glob("lib/python3*/site-packages/litellm/litellm_core_utils/tokenizers"), home)
    environment = {**QUIET, "TIKTOKEN_CACHE_DIR": os.environ.get("TIKTOKEN_CACHE_DIR", str(ranks))}
    return _started("original", port, command, environment, home)


def _started(name, port, command, environment, home):
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **environment}
    with (home / "printed.txt").open("wb") as printed:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=clean, cwd=home, stdout=printed, stderr=printed)
    try:
        _wait_for(port, process, "/health")
    except RuntimeError as error:
        raise RuntimeError(
            f"{name}: {error}: {(home / 'printed.txt').read_text('utf-8', 'replace')[-1500:]}"
        ) from error
    return System(name, f"http://127.0.0.1:{port}", process, time.perf_counter() - began)


def _wait_for(port, process, path):
    """Until it listens, and answers `path` with a 200 where one is given."""
    end = time.perf_counter() + START_SECONDS
    while time.perf_counter() < end:
        if process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            if path is None:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        time.sleep(0.01)
    process.kill()
    raise RuntimeError(f"not healthy after {START_SECONDS:.0f} s")
