"""One client of the harness through `headroom wrap`, inside a network of its own; `benchmarks/wrap.py` calls it.

    python benchmarks/wrap_run.py HARNESS CLIENT SCENARIO OUT

The client is set up as by somebody who knows nothing of us: base URLs that the harness passes by environment or flags are
taken away, those that stand in files (a gateway of the user's) stay. The proxy that `wrap` starts sends to the scripted
provider by its configuration.
"""

import argparse
import json
import os
import shlex
import sys
from pathlib import Path

UPSTREAMS = ("anthropic", "openai", "gemini", "chatgpt")
URLS = (
    "ANTHROPIC_BASE_URL",
    "GOOGLE_GEMINI_BASE_URL",
    "OPENAI_BASE_URL",
    "OPENAI_API_BASE",
    "ANTHROPIC_API_BASE",
)
AGENTS = {"cn": "continue"}
"""What we call an agent that the harness calls otherwise."""


def agent_of(client):
    """The name that a user types: the harness adds what it varies."""
    first = client.partition("-")[0]
    return AGENTS.get(first, first)


def programs(name):
    from headroom.agents import TABLE

    return TABLE[name].programs[0]


def split(argv):
    """The words that start a program, and its arguments: `node cli.js` are two."""
    words = 2 if Path(argv[0]).name.startswith("node") or argv[0] == "bash" else 1
    return argv[:words], argv[words:]


def as_found(client, context, args):
    """The client's arguments and files as they would be without us."""
    if client == "codex-flag":
        at = args.index("-c")
        return [*args[:at], *args[at + 2 :]]
    if client == "codex-chatgpt":  # its sign-in is asked at the scripted provider; where it sends to is not said
        file = Path(context.home) / ".codex" / "config.toml"
        kept = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("openai_base_url")]
        file.write_text("\n".join([*kept, ""]), "utf-8")
    return args


def wrapped(harness_clients, client):
    """The harness's description of a client, through `headroom wrap`."""
    name = agent_of(client)

    def described(context):
        spec = harness_clients.CLIENTS[client](context)
        out = Path(context.out)
        folder = out / "bin"
        folder.mkdir()
        argv = spec["argv"]
        if argv[0] == "bash":  # set up first, then asked, in one line of shell
            line = argv[2]
            real = [line.split(" ", 1)[0]]
            first, _, rest = line.partition("; ")
            ours = f"{first}; {shlex.join(headroom(name))} {rest.split(' ', 1)[1]}"
            command = ["bash", "-c", ours]
        else:
            real, args = split(argv)
            command = [*headroom(name), *as_found(client, context, args)]
        script = folder / programs(name)
        script.write_text(f'#!/bin/sh\nexec {shlex.join(real)} "$@"\n', "utf-8")
        script.chmod(0o755)
        home = Path(os.environ["HEADROOM_HOME"])
        home.mkdir(parents=True, exist_ok=True)
        lines = [f'{each} = "{context.mock}"' for each in UPSTREAMS]
        (home / "config.toml").write_text("\n".join(["[proxy.upstreams]", *lines, ""]), "utf-8")
        env = {key: value for key, value in spec.get("env", {}).items() if key not in URLS}
        path = harness_clients.base_env(context.home)["PATH"]
        return {**spec, "argv": command, "env": {**env, "PATH": f"{folder}:{path}", "HEADROOM_HOME": str(home)}}

    return described


def headroom(name):
    return [str(Path(sys.executable).with_name("headroom")), "wrap", name, "--"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harness", type=Path)
    parser.add_argument("client")
    parser.add_argument("scenario")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    sys.path.insert(0, str(options.harness))
    import clients as harness_clients
    import run_client

    harness_clients.CLIENTS["wrapped"] = wrapped(harness_clients, options.client)
    asked = argparse.Namespace(
        client="wrapped", scenario=options.scenario, prompt=None, out=str(options.out), workdir=None, proxy=None,
        base_port=9100, timeout=200, delay=0.0, tls=False, ws_refuse=0, env=[], strace=False, seal=True,
    )  # fmt: skip
    run_client.run(asked)
    left = sorted(path.name for path in (Path(os.environ["HEADROOM_HOME"]) / "run").glob("[ls]*-*"))
    (options.out / "left.json").write_text(json.dumps(left), "utf-8")


if __name__ == "__main__":
    main()
