"""One system under test in a process of its own, with its own Python: requests on stdin, replies on stdout, JSON lines.

    python worker.py ours|original [SETTINGS AS JSON]

Request: {"messages": [...], "model": "...", "repeats": 3}. Reply: {"messages", "recovered", "times_ms", "stable",
"peak_mb"}. The first line out is {"import_ms"}. Whatever the system raises ends the process, and counts as a failed item.
"""

import contextlib
import copy
import json
import os
import re
import resource
import sys
import time

HANDLE = re.compile(r"\bh:([0-9a-f]{12})\b")
ORIGINAL_HANDLE = re.compile(r"(?:hash=|<<ccr:)([a-f0-9]{12,24})")


def ours(settings):
    """This project, by its public names."""
    from headroom import Settings, compress, retrieve
    from headroom.errors import HeadroomError

    def recover(messages):
        found = []
        for handle in dict.fromkeys(HANDLE.findall(json.dumps(messages))):
            with contextlib.suppress(HeadroomError):  # a look-alike in the payload itself
                found.append(retrieve(handle))
        return found

    made = Settings(**settings) if settings else None
    return lambda messages, model: list(compress(messages, model=model, settings=made)), recover


def original(_settings):
    """headroom-ai 0.42 from PyPI, by its public names."""
    from headroom.cache.compression_store import get_compression_store

    from headroom import compress

    def recover(messages):
        entries = [
            get_compression_store().retrieve(handle)
            for handle in dict.fromkeys(ORIGINAL_HANDLE.findall(json.dumps(messages)))
        ]
        return [entry.original_content for entry in entries if entry]

    return lambda messages, model: compress(messages, model=model).messages, recover


def answer(request, compress, recover):
    """One request, timed."""
    times, first, stable = [], None, True
    for _ in range(request["repeats"]):
        messages = copy.deepcopy(request["messages"])
        start = time.perf_counter()
        result = compress(messages, request["model"])
        times.append(1000 * (time.perf_counter() - start))
        stable = stable and (first is None or result == first)
        first = first if first is not None else copy.deepcopy(result)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"messages": first, "recovered": recover(first), "times_ms": times, "stable": stable, "peak_mb": peak}


def main():
    """Until stdin ends."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever the system prints goes to stderr
    start = time.perf_counter()
    compress, recover = {"ours": ours, "original": original}[sys.argv[1]](json.loads(sys.argv[2]))
    out.write(json.dumps({"import_ms": 1000 * (time.perf_counter() - start)}) + "\n")
    for line in sys.stdin:
        out.write(json.dumps(answer(json.loads(line), compress, recover)) + "\n")


if __name__ == "__main__":
    main()
