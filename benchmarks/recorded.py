"""Recorded sessions of real clients: does each compressed request begin with the one before, and what is saved.

    python benchmarks/recorded.py FILE.jsonl...     one file a session: requests as a proxy saw them, in order

A line holds {"path", "body"}: the URL's path, and the JSON that the client posted. Other keys do not count, nor do lines
that are no request for an answer, requests without tools where others have some (titles, summaries), and frames that
carry only what is new.

Each request goes the proxy's way: read off its bytes, decided on one store that begins empty, spliced, and given cache
breakpoints where the client sets none. Compared is what a provider reads: `cache_control` taken off, a string equal to
one text block. The client's breaks are requests that do not begin with the one before as the client sent them; ours are
those that only the compressed ones have. "Afresh" compresses each session's last request at once on an empty store, which
must give the same messages. The bill is a prompt cache's: the messages, system prompt and tools equal to the last
request's are read at 0.1, the rest is written at 1.25, for both alike: what breakpoints save a client that sets none is
not in it.
"""

import argparse
import json
import tempfile
from functools import cache
from pathlib import Path

from headroom import Settings, engine, wire
from headroom.originals.sqlite import SqliteStore
from headroom.tokens import report
from headroom.wire.body import KEYS, Body, SetText
from headroom.wire.marks import marks

PATHS = {"/messages": "anthropic", "/chat/completions": "chat", "/responses": "responses", "enerateContent": "gemini"}
HEAD = ("tools", "system", "instructions", "systemInstruction", "system_instruction")
READ, WRITE = 0.1, 1.25
MINIMUM_TOKENS = 1024


def turns(path):
    """The format and the bodies of a session's turns, and how many requests are none."""
    found, skipped = [], 0
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        form = next((form for end, form in PATHS.items() if row["path"].endswith(end)), None)
        body = row.get("body")
        if form and isinstance(body, dict) and "previous_response_id" not in body and body.get("generate") is not False:
            found.append((form, body))
        else:
            skipped += 1
    with_tools = [each for each in found if each[1].get("tools") or each[0] == "responses"]
    return with_tools or found, skipped + len(found) - len(with_tools or found)


def canonical(value):
    """What a provider reads of a message, as text."""
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True)


def plain(value):
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    seen = {key: plain(inner) for key, inner in value.items() if key != "cache_control"}
    if isinstance(seen.get("content"), str):
        seen["content"] = [{"type": "text", "text": seen["content"]}]
    return seen


def lightened(body, form, store, sent):
    """The compressed request decoded, its edits, its failures and how many breakpoints were added."""
    blocks, failures = wire.read(body.messages)
    edits, wrong = engine.edit(blocks, Settings(), store, sent)
    changes = [SetText((KEYS[form], *edit.path), edit.text) for edit in edits]
    added = marks(body, MINIMUM_TOKENS, {change.path for change in changes}) if form == "anthropic" else []
    return json.loads(body.edited([*changes, *added])), edits, failures + wrong, len(added)


@cache
def tokens(text):
    return report(text, "claude")


def shared(before, now):
    """How many parts two requests have in common from the first."""
    pairs = enumerate(zip(before, now, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(before), len(now)))


def session(path, folder):
    """One row of the table."""
    rows, skipped = turns(path)
    store = SqliteStore(folder / "store.sqlite3")
    before, bill, count = {"raw": [], "ours": []}, {"raw": 0.0, "ours": 0.0}, {"raw": 0, "ours": 0}
    breaks, failures, added, told = {"raw": 0, "ours": 0}, 0, 0, []
    for number, (form, value) in enumerate(rows, 1):
        body = Body(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), form)
        made, edits, wrong, marked = lightened(body, form, store, wire.answered(body.messages))
        failures, added = failures + len(wrong), added + marked
        for name, sent in (("raw", value), ("ours", made)):
            now = [json.dumps([plain(sent.get(key)) for key in HEAD]), *map(canonical, sent[KEYS[form]])]
            same = shared(before[name], now)
            if same < len(before[name]) and (name == "raw" or not told or told[-1][0] != number):
                breaks[name] += 1
                part = f"message {same - 1}" if same else "tools or system prompt"
                told.append((number, f"request {number}, {name}: {part}"))
            bill[name] += READ * sum(map(tokens, now[:same])) + WRITE * sum(map(tokens, now[same:]))
            count[name] += sum(map(tokens, now))
            before[name] = now
    afresh, _, _, _ = lightened(body, form, SqliteStore(folder / "afresh.sqlite3"), 0)
    same = list(map(canonical, afresh[KEYS[form]])) == before["ours"][1:]
    cells = [path.parent.name if path.stem == "requests" else path.stem, form, len(rows), skipped, count["raw"]]
    cells += [f"{100 * (1 - total['ours'] / total['raw']):.1f}" for total in (count, bill)]
    cells += [len(edits), breaks["raw"], breaks["ours"], "same" if same else "OTHER", failures, added]
    return cells, [line for _, line in told]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    names = (
        "session | format | turns | skipped | prompt tokens | tokens saved % | bill saved % | edits in the last"
        " | breaks of the client | breaks of ours | afresh | failures | breakpoints added"
    )
    lines = [f"| {names} |", "|---|---|" + "---:|" * 8 + "---|---:|---:|"]
    broken = []
    for path in options.files:
        with tempfile.TemporaryDirectory() as folder:
            cells, told = session(path, Path(folder))
        lines.append(f"| {' | '.join(map(str, cells))} |")
        broken += [f"{cells[0]}: {line}" for line in told]
    lines += ["", *broken]
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    main()
