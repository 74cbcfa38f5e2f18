"""Real agents through `headroom wrap`: the same turns, every fact, and what the closing line says.

    python benchmarks/wrap.py HARNESS                                   # all agents, both scenarios: results/wrap.md
    python benchmarks/wrap.py HARNESS --clients claude --scenarios bughunt --out DIR
    python benchmarks/wrap.py --starts 9                                # what it adds to an agent's start: results/wrap-start.md

HARNESS is the folder that `benchmarks/clients.py` uses; what its columns mean stands there. Each client runs once as it is
and once through `headroom wrap`, which starts the proxy, in a network that has nothing but loopback and a scripted provider.
"Left" is what a run has left in our data folder: leases and files of that run.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import clients as bare

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "wrap.md"
CLIENTS = (
    "claude,codex-flag,codex,codex-chatgpt,gemini,opencode,opencode-inline,copilot,copilot-anthropic,aider,aider-anthropic,"
    "qwen,cline-openai,cn,pi,pi-openai,pi-google,droid"
)
COLUMNS = (
    "client | scenario | turns direct → wrapped | complete | needles lost | elsewhere | requests refused"
    " | prompt tokens: share | cost: share | proxy failures | seconds direct → wrapped | left | said at the end"
)
CLOSING = re.compile(r"^headroom: (.*requests?.*)$", re.MULTILINE)


def wrapped(harness, client, scenario, out, home):
    """One run's result through `headroom wrap`; `None` where the client never got so far."""
    result = out / "result.json"
    result.unlink(missing_ok=True)
    seal = ["unshare", "-n", "-m", "-p", "--fork", "--mount-proc", "--kill-child"]
    subprocess.run(
        [*seal, sys.executable, HERE / "wrap_run.py", harness, client, scenario, out],
        env={**os.environ, "HEADROOM_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return json.loads(result.read_text("utf-8")) if result.exists() else None


def said(out):
    """The closing line."""
    found = CLOSING.findall((out / "client.err").read_text("utf-8", "replace")) if (out / "client.err").exists() else []
    return re.sub(r"; to go on: .*", "", found[-1]) if found else "nothing"


def compared(options, client, scenario, folder):
    """A line of the table."""
    direct_out, out = folder / f"{client}-{scenario}-direct", folder / f"{client}-{scenario}-wrapped"
    home = folder / f"{client}-{scenario}-home"
    kept = direct_out / "result.json"
    if options.again and kept.exists():
        direct = json.loads(kept.read_text("utf-8"))
    else:
        direct = bare.run(options.harness, DIRECT.get(client, client), scenario, direct_out)
    for suffix in ("", "-wal", "-shm"):
        (home / f"store.sqlite3{suffix}").unlink(missing_ok=True)
        (home / f"ledger.sqlite3{suffix}").unlink(missing_ok=True)
    through = wrapped(options.harness, client, scenario, out, home)
    cells = bare.row(client, "", direct, through, out, bare.failures_of(home))
    left = out / "left.json"
    rest = ["-", "-"] if not through else [", ".join(json.loads(left.read_text("utf-8"))) or "nothing", said(out)]
    return (
        [client, scenario, *cells[2:8], cells[8], cells[10], cells[11], *rest] if len(cells) > 11 else [*cells, *rest]
    )


def started(command, env, stamp):
    """Seconds until the agent runs, and the processor seconds that all took that ended since."""
    stamp.unlink(missing_ok=True)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return float(stamp.read_text("utf-8")) - began, used


def measured(count):
    """Medians of starts: the agent alone, with a running proxy, and without one. The agent writes down when it starts."""
    program = str(Path(sys.executable).with_name("headroom"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        stamp, agent = folder / "stamp", folder / "claude"
        agent.write_text(f'#!/bin/bash\nprintf %s "$EPOCHREALTIME" >{stamp}\n', "utf-8")
        agent.chmod(0o755)
        env = {
            **os.environ,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "HOME": scratch,
            "HEADROOM_HOME": f"{scratch}/data",
        }
        wrap = [program, "wrap", "claude"]
        found = {"alone": [started([agent], env, stamp) for _ in range(count)], "without a proxy": []}
        for _ in range(count):
            found["without a proxy"].append(started(wrap, env, stamp))
            while list((folder / "data" / "run").glob("proxy-*.json")):
                time.sleep(0.1)
        proxy = subprocess.Popen([program, "proxy", "--port", "0"], env=env, stdout=subprocess.DEVNULL)
        while not list((folder / "data" / "run").glob("proxy-*.json")):
            time.sleep(0.1)
        started(wrap, env, stamp)
        found["with a running proxy"] = [started(wrap, env, stamp) for _ in range(count)]
        proxy.terminate()
        proxy.wait()
    return {name: [statistics.median(column) for column in zip(*runs, strict=True)] for name, runs in found.items()}


def starts(count):
    """The table of starts."""
    rows = measured(count)
    alone = rows.pop("alone")
    lines = [
        "# What `headroom wrap` adds to an agent's start",
        "",
        f"`benchmarks/wrap.py --starts {count}`: medians, over the start of the same program alone ({1000 * alone[0]:.0f} ms). Processor",
        "time is that of `wrap` from its start to its end, with the line that it says there, but without the proxy's.",
        "",
        "| | added, ms | processor, ms |",
        "|---|---:|---:|",
        *(f"| {name} | {1000 * (wall - alone[0]):.0f} | {1000 * used:.0f} |" for name, (wall, used) in rows.items()),
        "",
    ]
    print("\n".join(lines))
    (HERE / "results" / "wrap-start.md").write_text("\n".join(lines), "utf-8")


DIRECT = {"codex-chatgpt": "codex-chatgpt-px"}
"""What a client is compared with where it does not run by itself in a sealed network: the same sign-in, to the scripted
provider by a provider of its own."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harness", type=Path, nargs="?")
    parser.add_argument("--starts", type=int, default=0)
    parser.add_argument("--clients", default=CLIENTS)
    parser.add_argument("--scenarios", default="bughunt,mistakes")
    parser.add_argument("--out", type=Path, help="keep the runs here")
    parser.add_argument("--again", action="store_true", help="keep the direct runs that --out already holds")
    parser.add_argument("--table", type=Path, default=RESULTS)
    options = parser.parse_args()
    if options.starts:
        starts(options.starts)
        return
    lines = [
        "# Real agents through `headroom wrap`",
        "",
        "`benchmarks/wrap.py` on a machine with two cores that had other work to do: seconds say little. The provider is scripted.",
        "",
        f"| {COLUMNS} |",
        "|---|---|---|---|---|---|---|---:|---:|---|---|---|---|",
    ]
    print("\n".join(lines))
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.out or Path(scratch)).absolute()
        for client in options.clients.split(","):
            for scenario in options.scenarios.split(","):
                lines.append(f"| {' | '.join(compared(options, client, scenario, folder))} |")
                print(lines[-1], flush=True)
                options.table.write_text("\n".join([*lines, ""]), "utf-8")


if __name__ == "__main__":
    main()
