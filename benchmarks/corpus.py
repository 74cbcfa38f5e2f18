"""Payloads side by side: this project and, where its venv is given, the original Headroom, in one run on one machine.

    python benchmarks/corpus.py                                             the bundled sample
    python benchmarks/corpus.py --corpus FOLDER --original VENV --out FILE.md
    python benchmarks/corpus.py --corpus FOLDER --reads skeleton

A corpus is a folder of `*.jsonl` or `*.jsonl.gz`, one item a line: {"id", "category", "question", "tool", "tool_input",
"result", "needles": [{"kind", "any": [...]} or {"kind", "all": [...]}]} (or "messages" and "api" in place of the single
result), or a folder with an `index.json` as `headroom perf` reads it. A needle is visible if one of `any`, or all of
`all`, stand in the output word for word; "loose" only wants every word of it.

Every system gets the same messages (a question, a tool call, its result), in an empty home, offline. Tokens are o200k.
"""

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import quicktok

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "src" / "headroom" / "perf" / "samples"
WORD = re.compile(r"[A-Za-z0-9_./:$-]{3,}")
ENCODING = quicktok.get_encoding("o200k_base")
OUTSIDE = {"code", "docs", "rag_qa", "rag_user", "code_read_tool", "transcript_text"}
"""Categories of text that an agent may edit, or prose: not part of the second total."""


def load(folder, only):
    """The items of a corpus."""
    if (folder / "index.json").is_file():
        items = [
            {
                "id": e["file"],
                "category": e["kind"],
                "question": e.get("question") or "Look at this output and tell me what matters.",
                "tool": "Bash",
                "tool_input": {"command": e.get("command", "")},
                "result": (folder / e["file"]).read_bytes().decode("utf-8"),
                "needles": [{"kind": "fact", "any": [f]} for f in e["facts"]],
            }
            for e in json.loads((folder / "index.json").read_text("utf-8"))
        ]
    else:
        items = []
        for path in sorted(folder.glob("*.jsonl*")):
            with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
                items += [json.loads(line) for line in lines]
    return [item for item in items if not only or item["category"] in only]


def messages_of(item):
    """The conversation in which a system meets the item, and whose shape it has."""
    if "messages" in item:
        return item["messages"], item["api"]
    call = "call_" + hashlib.sha256(item["id"].encode()).hexdigest()[:16]
    return [
        {"role": "user", "content": item["question"]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I will fetch it."},
                {"type": "tool_use", "id": call, "name": item["tool"], "input": item["tool_input"]},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call, "content": item["result"]}]},
    ], "anthropic"


def texts(messages):
    """Everything a model would read."""
    for message in messages:
        content = message.get("content")
        for part in [content] if isinstance(content, str) else content or []:
            if isinstance(part, str):
                yield part
            elif part.get("type") == "tool_use":
                yield json.dumps(part.get("input"), ensure_ascii=False)
            elif part.get("type") == "tool_result":
                inner = part.get("content")
                yield from [inner] if isinstance(inner, str) else [p.get("text", "") for p in inner or []]
            else:
                yield part.get("text", "")
        for call in message.get("tool_calls") or []:
            yield call["function"].get("arguments", "")


def visible(text, needle):
    """Whether a needle stands in the text, as it is or as a JSON string writes it."""

    def one(words):
        return words in text or json.dumps(words, ensure_ascii=False)[1:-1] in text

    return any(map(one, needle["any"])) if "any" in needle else all(map(one, needle["all"]))


def loose(words, needle):
    """Whether every word of a needle is among the words of the text."""
    ways = [[way] for way in needle["any"]] if "any" in needle else [needle["all"]]
    return any(all(word in words for part in way for word in WORD.findall(part)) for way in ways)


class System:
    """A worker process."""

    def __init__(self, name, python, settings):
        self.name, self.python, self.settings = name, python, json.dumps(settings)
        self.start()

    def start(self):
        self.home = tempfile.mkdtemp(prefix="bench-")
        keep = {key: os.environ[key] for key in ("TIKTOKEN_CACHE_DIR",) if key in os.environ}
        env = {
            "PATH": os.environ["PATH"],
            "HOME": self.home,
            "LANG": "C.UTF-8",
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "HEADROOM_OFFLINE": "1",
            "HEADROOM_TELEMETRY": "off",
            **keep,
        }
        self.process = subprocess.Popen(
            [self.python, HERE / "worker.py", self.name, self.settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=env,
            cwd=self.home,
        )
        self.import_ms = json.loads(self.process.stdout.readline())["import_ms"]

    def call(self, messages, model, repeats):
        self.process.stdin.write(json.dumps({"messages": messages, "model": model, "repeats": repeats}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.close()
        self.start()
        return {"error": "the process died"}

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        shutil.rmtree(self.home, ignore_errors=True)


def tokens(text):
    return ENCODING.count(text.encode("utf-8", "replace").decode())


def measure(name, python, items, repeats, settings):
    """One row an item."""
    system, rows, first_ms = System(name, python, settings), [], None
    for item in items:
        messages, api = messages_of(item)
        model = "claude-sonnet-4-6" if api == "anthropic" else "gpt-4o"
        if first_ms is None:  # the cold cost is measured once, on the first item; then the process is warm
            first_ms = system.call(messages, model, 1).get("times_ms", [0])[0]
            system.close()
            system.start()
            system.call(
                [
                    {"role": "user", "content": "hello"},
                    *messages[:1],
                    {"role": "user", "content": "tokenizer warm-up " * 100},
                ],
                model,
                1,
            )
        before = "\n".join(texts(messages))
        row = {
            "category": item["category"],
            "id": item["id"],
            "before": tokens(before),
            "needles": len(item["needles"]),
        }
        reply = system.call(messages, model, repeats)
        if "error" in reply:
            row["error"] = reply["error"]
        else:
            after = "\n".join(texts(reply["messages"]))
            recovered = after + "\n" + "\n".join(reply["recovered"])
            words = set(WORD.findall(after))
            row |= {
                "after": tokens(after),
                "visible": sum(visible(after, n) for n in item["needles"]),
                "loose": sum(visible(after, n) or loose(words, n) for n in item["needles"]),
                "retrievable": sum(visible(recovered, n) for n in item["needles"]),
                "first_ms": reply["times_ms"][0],
                "again_ms": statistics.median(reply["times_ms"][1:] or [0]),
                "stable": reply["stable"],
                "peak_mb": reply["peak_mb"],
            }
        rows.append(row)
        print(
            f"{name:9} {item['id'][:60]:60} {row['before']:8} -> {row.get('after', row.get('error'))}", file=sys.stderr
        )
    import_ms = system.import_ms
    system.close()
    return {"rows": rows, "import_ms": import_ms, "first_ms": first_ms}


def percent(part, whole):
    return f"{100 * part / whole:.1f}" if whole else "-"


def cell(rows):
    """Saved / visible / loose / retrievable / ms."""
    good = [row for row in rows if "error" not in row]
    failed = f" ({len(rows) - len(good)} failed)" if len(good) < len(rows) else ""
    if not good:
        return f"-{failed}"
    needles = sum(row["needles"] for row in good)
    shares = [percent(sum(row[key] for row in good), needles) for key in ("visible", "loose", "retrievable")]
    before = sum(row["before"] for row in good)
    return (
        " / ".join(
            [
                percent(before - sum(row["after"] for row in good), before),
                *shares,
                f"{statistics.median(row['first_ms'] for row in good):.1f}",
            ]
        )
        + failed
    )


def table(results):
    by = defaultdict(lambda: defaultdict(list))
    for name, result in results.items():
        for row in result["rows"]:
            by[row["category"]][name].append(row)
            by["~ALL"][name].append(row)
            if row["category"] not in OUTSIDE:
                by["~ALL without code, docs, RAG"][name].append(row)
    lines = ["| category | items | " + " | ".join(results) + " |", "|---|---:|" + "---|" * len(results)]
    for category in sorted(by):
        rows = by[category]
        lines.append(
            f"| {category.lstrip('~')} | {len(next(iter(rows.values())))} | "
            + " | ".join(cell(rows[name]) for name in results)
            + " |"
        )
    return lines


def summary(results):
    lines = [
        "| system | failed | longer | unstable | import ms | first call ms | first sight ms p50 / p95 / max | seen again ms p50 | peak MB |",
        "|---|" + "---:|" * 8,
    ]
    for name, result in results.items():
        good = [row for row in result["rows"] if "error" not in row]
        first = sorted(row["first_ms"] for row in good)
        lines.append(
            f"| {name} | {len(result['rows']) - len(good)} | {sum(row['after'] > row['before'] for row in good)} | {sum(not row['stable'] for row in good)} | {result['import_ms']:.0f} | {result['first_ms']:.0f} "
            f"| {statistics.median(first):.1f} / {first[int(len(first) * 0.95)]:.1f} / {first[-1]:.1f} | {statistics.median(row['again_ms'] for row in good):.2f} | {max(row['peak_mb'] for row in good):.0f} |"
        )
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=SAMPLES)
    parser.add_argument("--original", type=Path, help="a venv with headroom-ai 0.42 from PyPI")
    parser.add_argument("--categories", type=lambda text: set(text.split(",")), default=set())
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--reads", choices=("exact", "skeleton"), default="exact", help="of ours")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    items = load(options.corpus, options.categories)
    results = {"ours": measure("ours", sys.executable, items, options.repeats, {"reads": options.reads})}
    if options.original:
        results["original"] = measure("original", options.original / "bin" / "python", items, options.repeats, {})
    lines = [
        f"{len(items)} items, {sum(row['before'] for row in results['ours']['rows']):,} tokens. Each cell: % tokens saved / % facts visible / visible word by word / visible or retrievable / median ms at first sight.",
        "",
        *table(results),
        "",
        *summary(results),
        "",
    ]
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    main()
