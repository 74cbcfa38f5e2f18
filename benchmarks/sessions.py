"""Whole sessions: what an agent's input bill becomes, turn by turn, and whether the prompt cache keeps hitting.

    python benchmarks/sessions.py                                   the bundled transcript
    python benchmarks/sessions.py FILE.jsonl.gz --limit 20 --every 19
    python benchmarks/sessions.py FILE.jsonl.gz --reads skeleton --sizes 1000,4000      one row a size, after the default's
    python benchmarks/sessions.py FILE.jsonl.gz --proxy             the same through `headroom proxy`, request by request

A session is {"messages", and optionally "id", "system", "tools"}, one a line, in Anthropic's shape; or a transcript of
Claude Code or Codex. Every turn is sent as an agent sends it, the whole history through `compress` on one store. Priced
as a prompt cache does: a leading run of messages equal to the last request's is read at 0.1, the rest written at 1.25.
Recall: literals (identifiers, paths, numbers) that a tool result shows first and a later assistant turn uses; the share
in sight in the request whose answer uses it. A prefix break is a request that does not begin with the one before.
"""

import argparse
import gzip
import json
import re
import statistics
import tempfile
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from relay import Relay

from headroom import Settings, compress
from headroom.agents import transcripts
from headroom.originals.sqlite import SqliteStore
from headroom.tokens import report

LITERAL = re.compile(r"[A-Za-z_][\w./-]{5,}|\d{3,}")
BUNDLED = Path(__file__).parent.parent / "src" / "headroom" / "perf" / "samples" / "transcript.json"
READ, WRITE = 0.1, 1.25


@cache
def tokens(text):
    return report(text, "claude")


def canonical(message):
    return json.dumps(message, ensure_ascii=False, sort_keys=True)


def text_of(message):
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(
        part.get("text")
        or (
            part["content"]
            if isinstance(part.get("content"), str)
            else json.dumps(part.get("content") or part.get("input") or "", ensure_ascii=False)
        )
        for part in content or []
    )


def load(path):
    if path.suffix == ".json":
        return [{"id": path.stem, "messages": transcripts.read(path)}]
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def replay(session, send, times):
    """The bill and the recall of one session."""
    messages = session["messages"]
    head = json.dumps(session.get("tools")) + str(session.get("system"))
    bill, before, row = (
        {"raw": 0.0, "ours": 0.0},
        {"raw": [], "ours": []},
        {"turns": 0, "breaks": 0, "needed": 0, "seen": 0},
    )
    known, wanted = set(LITERAL.findall(str(session.get("system")))), set()
    for i, message in enumerate(messages):
        literals = set(LITERAL.findall(text_of(message)))
        if message.get("role") == "assistant":
            start = time.perf_counter()
            made = send(session, messages[:i])
            times.append(1000 * (time.perf_counter() - start))
            row["turns"] += 1
            for name, sent in (("raw", messages[:i]), ("ours", made)):
                now = [head, *map(canonical, sent)]
                same = next(
                    (k for k, (a, b) in enumerate(zip(before[name], now, strict=False)) if a != b),
                    min(len(before[name]), len(now)),
                )
                row["breaks"] += name == "ours" and same < len(before[name])
                bill[name] += READ * sum(map(tokens, now[:same])) + WRITE * sum(map(tokens, now[same:]))
                before[name] = now
            used = literals & wanted
            sight = "\n".join(map(text_of, made))
            row["needed"] += len(used)
            row["seen"] += sum(literal in sight for literal in used)
            wanted -= used
        elif i:
            wanted |= literals - known
        known |= literals
    return row | bill


@contextmanager
def library(settings=None):
    """`headroom.compress` on a store of its own."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "store.sqlite3")
        yield lambda _, messages: compress(messages, model="claude-sonnet-4-6", settings=settings, store=store)


def ways(options):
    """What a row is about, and how requests are sent for it."""
    if options.proxy:
        yield "proxy", Relay()
        return
    yield "exact", library()
    if options.reads == "skeleton":
        for size in options.sizes:
            yield f"skeleton from {size:,} tokens", library(Settings(reads="skeleton", skeleton_tokens=size))


def row_of(rows, times):
    total = {key: sum(row[key] for row in rows) for key in rows[0]}
    cells = [
        len(rows),
        total["turns"],
        f"{100 * (1 - total['ours'] / total['raw']):.2f}",
        f"{min(100 * (1 - row['ours'] / row['raw']) for row in rows):.2f}",
        f"{100 * total['seen'] / max(1, total['needed']):.2f} of {total['needed']}",
        total["breaks"],
        f"{statistics.median(times):.1f} / {times[int(len(times) * 0.95)]:.1f} / {times[-1]:.1f}",
    ]
    return " | ".join(map(str, cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=BUNDLED)
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--proxy", action="store_true")
    parser.add_argument("--reads", choices=("exact", "skeleton"), default="exact")
    parser.add_argument("--sizes", type=lambda text: list(map(int, text.split(","))), default=[2000])
    options = parser.parse_args()
    sessions = load(options.file)[:: options.every][: options.limit]
    names = "reads | sessions | turns | bill saved % | worst session % | later-used literals in sight % | prefix breaks | ms a request p50 / p95 / max"
    lines = [f"| {names} |", "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for name, way in ways(options):
        times = []
        with way as send:
            rows = [replay(session, send, times) for session in sessions]
        lines.append(f"| {name} | {row_of(rows, sorted(times))} |")
        print(lines[-1], flush=True)
    lines.append("")
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    main()
