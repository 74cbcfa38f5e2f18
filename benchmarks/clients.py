"""Real clients through the proxy: do they take the same turns, does every fact reach the model, what does it cost.

    python benchmarks/clients.py HARNESS --clients claude,gemini --scenario bughunt
    python benchmarks/clients.py HARNESS --clients claude --options "" --options "--retrieve=file" --out DIR

HARNESS is a folder with a `run_client.py CLIENT --scenario S --out DIR [--proxy COMMAND]` that runs one client in a
network of its own against a scripted provider and writes `requests.jsonl` (what the provider got), `result.json` and
`stats.json`. It is not part of the project. Each client runs once directly and once through a proxy for each
`--options`, one after the other, the proxy on an empty store.

A needle is a string that must reach the model in the result of a certain step. One that is not in that result may stand
elsewhere in what the provider had been sent up to then: a repeat refers to it. It counts as "elsewhere", and as lost
where it stands nowhere, and only if it was there without the proxy. Cost: fresh tokens at 1, cache writes at 1.25, cache
reads at 0.1. Tokens are the provider's own count. Failures are those that the proxy's ledger recorded. A client without
tools (aider) has requests instead of turns, and "as without" is that it ended in the same way. Ids, dates and signatures
differ from run to run, which moves the tokens of a short session by 1 %.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from headroom.ledger.report import Report

RESULTS = Path(__file__).parent / "results" / "clients.md"
UPSTREAMS = " ".join(f"--upstream {name}={{upstream}}" for name in ("anthropic", "openai", "gemini", "chatgpt"))
COLUMNS = (
    "client | options | turns direct → through | complete | needles lost | elsewhere | requests refused | prompt tokens: share"
    " | cost: share | cache reads % direct → through | proxy failures | seconds direct → through"
)


def run(harness, client, scenario, out, proxy=(), home=None):
    """One run's result, with the rows that the provider recorded; `None` where the client never got so far."""
    script, result = harness / "run_client.py", out / "result.json"
    result.unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, script, client, "--scenario", scenario, "--out", out, "--timeout", "150", *proxy],
        env={**os.environ, **({"HEADROOM_HOME": str(home)} if home else {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return json.loads(result.read_text("utf-8")) if result.exists() else None


def strings(value):
    """Every string in a decoded request."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


def sent_before(out, step):
    """What the provider had been sent when the results of a step came, as one text."""
    with (out / "requests.jsonl").open(encoding="utf-8") as lines:
        rows = [row for line in lines if 0 <= (row := json.loads(line)).get("step", -1) <= step + 1]
    return "\n".join(text for row in rows for text in strings(row.get("body")))


def needles(direct, through, out):
    """The needles that only the proxied run lacks in their place: those lost, and those that stand elsewhere."""
    there = {(check["step"], check["needle"]) for check in direct["checks_lost"]}
    lost, elsewhere = [], []
    for check in through["checks_lost"]:
        step, needle = check["step"], check["needle"]
        if (step, needle) not in there:
            (elsewhere if needle in sent_before(out, step) else lost).append(f"{step}: {needle}")
    return lost, elsewhere


def cost(result):
    return result["uncached_input"] + 1.25 * result["cache_write"] + 0.1 * result["cache_read"]


def row(client, options, direct, through, out, failures):
    """A line of the table."""
    if not direct or not through:
        missing = "directly" if not direct else "through the proxy"
        return [client, f"`{options}`", f"did not run {missing}", *["-"] * 9]
    lost, elsewhere = needles(direct, through, out)
    refused = [[str(reason) for _, reason in each["rejected"]] for each in (direct, through)]
    reads = [f"{100 * each['cache_read'] / max(1, each['prompt_tokens']):.0f}" for each in (direct, through)]
    ends = [(each["rc"], each["complete"], each["final_text_shown"]) for each in (direct, through)]
    return [
        client,
        f"`{options}`" if options else "",
        " → ".join(str(each["main_turns"] or each["side"]) for each in (direct, through)),
        "NO" if ends[0] != ends[1] else "yes" if through["complete"] else "as without",
        "; ".join(lost) or "0",
        "; ".join(elsewhere) or "0",
        " → ".join(str(len(each)) for each in refused) if refused[0] == refused[1] else "; ".join(refused[1]) or "0",
        f"{through['prompt_tokens'] / max(1, direct['prompt_tokens']):.2f}",
        f"{cost(through) / max(1, cost(direct)):.2f}",
        " → ".join(reads),
        "; ".join(failures) or "0",
        f"{direct['seconds']} → {through['seconds']}",
    ]


def failures_of(home):
    path = home / "ledger.sqlite3"
    if not path.exists():
        return ["no ledger"]
    report = Report(path)
    found = [f"{each.count} times {each.where}: {each.reason}".replace("|", "/") for each in report.failures()]
    report.close()
    return found


def compared(options, client, scenario, folder):
    """The lines of one client."""
    direct_out = folder / f"{client}-{scenario}-direct"
    kept = direct_out / "result.json"
    if options.again and kept.exists():
        direct = json.loads(kept.read_text("utf-8"))
    else:
        direct = run(options.harness, client, scenario, direct_out)
    for number, given in enumerate(options.options or [""]):
        out, home = folder / f"{client}-{scenario}-{number}", folder / f"{client}-{scenario}-{number}-home"
        for suffix in ("", "-wal", "-shm"):
            (home / f"store.sqlite3{suffix}").unlink(missing_ok=True)
            (home / f"ledger.sqlite3{suffix}").unlink(missing_ok=True)
        command = f"{shlex.quote(sys.executable)} -m headroom proxy --port {{port}} --verbose {UPSTREAMS} {given}"
        through = run(options.harness, client, scenario, out, ("--proxy", command), home)
        yield row(client, given, direct, through, out, failures_of(home))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harness", type=Path)
    parser.add_argument("--clients", default="claude,codex-flag,codex-flagprov,gemini")
    parser.add_argument("--scenario", default="bughunt")
    parser.add_argument("--options", action="append", help="of the proxy; may be given more than once")
    parser.add_argument("--out", type=Path, help="keep the runs here")
    parser.add_argument("--again", action="store_true", help="keep the direct runs that --out already holds")
    parser.add_argument("--table", type=Path, default=RESULTS)
    options = parser.parse_args()
    lines = [
        f"Scenario `{options.scenario}`.",
        "",
        f"| {COLUMNS} |",
        "|---|---|---|---|---|---|---|---:|---:|---|---|---|",
    ]
    print("\n".join(lines))
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.out or Path(scratch)).absolute()
        for client in options.clients.split(","):
            for cells in compared(options, client, options.scenario, folder):
                lines.append(f"| {' | '.join(cells)} |")
                print(lines[-1], flush=True)
    options.table.write_text("\n".join([*lines, ""]), "utf-8")


if __name__ == "__main__":
    main()
