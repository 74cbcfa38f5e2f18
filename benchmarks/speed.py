"""Start-up, large inputs and memory, each in a fresh process, the best and the median of several runs.

    python benchmarks/speed.py [--out FILE.md]

The logs are made here: a web server's lines with a few rare ones, from a fixed seed.
"""

import argparse
import ast
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LOG = """
import random
def log(size):
    rng = random.Random(7)
    lines, length, second = [], 0, 0
    while length < size:
        second += rng.random() < 0.4
        t = f"2026-03-14 {second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        kind = rng.random()
        if kind < 0.6: line = f"{t} INFO http GET /api/items/{rng.randrange(10000)} 200 {rng.randrange(90)}ms client=10.0.{rng.randrange(256)}.{rng.randrange(256)}"
        elif kind < 0.85: line = f"{t} DEBUG cache hit key=user:{rng.randrange(100000)} age={rng.randrange(600)}s"
        elif kind < 0.9999: line = f"{t} INFO db query took {rng.random() * 40:.2f} ms rows={rng.randrange(500)}"
        else: line = f"{t} INFO config reloaded: setting_{rng.randrange(1000)} changed {rng.randrange(3600)} -> {rng.randrange(60)}"
        lines.append(line); length += len(line) + 1
    return "\\n".join(lines)[:size]
"""
COMPRESS = """
import json, resource, sys, time
from headroom import compress_text
from headroom.originals.store import MemoryStore
from headroom.tokens import count
{log}
text = log({size}); count("warm"); compress_text("warm up\\n" * 200, store=MemoryStore())
import gc; gc.collect()
base = int(open("/proc/self/statm").read().split()[1]) * 4096
start = time.perf_counter(); made = compress_text(text, "tail -n 1000000 app.log", store=MemoryStore()); seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
assert made.edit is not None and not made.failures
print(json.dumps([1000 * seconds, (peak - base) / len(text)]))
"""
CASES = {
    "import headroom": "import time; s = time.perf_counter(); import headroom; print([1000 * (time.perf_counter() - s), 0])",
    "first compress of a fresh process, after import": "import time\nimport headroom\n{log}\nm = [{'role': 'user', 'content': log(20000)}, {'role': 'assistant', 'content': [{'type': 'tool_use', 'id': 'a', 'name': 'Bash', 'input': {'command': 'tail app.log'}}]}, {'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': 'a', 'content': log(20000)}]}]\ns = time.perf_counter(); headroom.compress(m); print([1000 * (time.perf_counter() - s), 0])",
    "1 MB of log": COMPRESS.replace("{size}", "1_000_000"),
    "20 MB of log": COMPRESS.replace("{size}", "20_000_000"),
}


def run(code, home):
    """[milliseconds, memory over the input's size] that one fresh process prints."""
    env = {"PATH": "/usr/bin:/bin", "HOME": home, "PYTHONPATH": str(Path(__file__).parent.parent / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code.replace("{log}", LOG)], capture_output=True, text=True, env=env, check=True
    )
    return ast.literal_eval(done.stdout.strip().splitlines()[-1])


def version(home):
    """Milliseconds of `headroom --version` as a whole process."""
    env = {"PATH": "/usr/bin:/bin", "HOME": home, "PYTHONPATH": str(Path(__file__).parent.parent / "src")}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "from headroom.cli.main import main; main()", "--version"],
        capture_output=True,
        env=env,
        check=True,
    )
    return [1000 * (time.perf_counter() - start), 0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    lines = ["| what | ms, best | ms, median | memory above the input's own, times its size |", "|---|---:|---:|---:|"]
    with tempfile.TemporaryDirectory() as home:
        for name, code in {**CASES, "headroom --version (whole process)": None}.items():
            got = [run(code, tempfile.mkdtemp(dir=home)) if code else version(home) for _ in range(options.runs)]
            times = [ms for ms, _ in got]
            memory = f"{max(factor for _, factor in got):.1f}" if got[0][1] else "-"
            lines.append(f"| {name} | {min(times):.0f} | {statistics.median(times):.0f} | {memory} |")
    text = "\n".join([*lines, ""])
    print(text)
    if options.out:
        options.out.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
