"""Real agents through `headroom wrap`: the same turns, every fact, and what the closing line says.

    python benchmarks/wrap.py HARNESS                                   # all agents, both scenarios: results/wrap.md
    python benchmarks/wrap.py HARNESS --clients claude --scenarios bughunt --out DIR

HARNESS is the folder that `benchmarks/clients.py` uses; what its columns mean stands there. Each client runs once as it is
and once through `headroom wrap`, which starts the proxy, in a network that has nothing but loopback and a scripted provider.
"Left" is what a run has left in our data folder: leases and files of that run.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
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


DIRECT = {"codex-chatgpt": "codex-chatgpt-px"}
"""What a client is compared with where it does not run by itself in a sealed network: the same sign-in, to the scripted
provider by a provider of its own."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harness", type=Path)
    parser.add_argument("--clients", default=CLIENTS)
    parser.add_argument("--scenarios", default="bughunt,mistakes")
    parser.add_argument("--out", type=Path, help="keep the runs here")
    parser.add_argument("--again", action="store_true", help="keep the direct runs that --out already holds")
    parser.add_argument("--table", type=Path, default=RESULTS)
    options = parser.parse_args()
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
