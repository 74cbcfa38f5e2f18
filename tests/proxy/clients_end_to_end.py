"""Claude Code and Codex run an errand through the proxy: `make e2e`, which fetches both; not part of `make test`.

Rules:
* Both are the real programs, from the folder that E2E_CLIENTS names. They really run the commands, which print what the
  errand says; only the provider is scripted.
* They have a home of their own and no way out: every host but this one is behind a proxy that does not exist.
* The errand runs directly first, then through the proxy, and must look the same to the client.
"""

import functools
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import provider_errand as errand
import provider_rules as rules
import pytest
from conftest import KEY
from provider_answers import Turn
from provider_client import Client
from provider_talk import HANDLE, assert_only_grew

FOLDER = Path(os.environ.get("E2E_CLIENTS", ".e2e")) / "node_modules"
NOWHERE = "http://127.0.0.1:9"
"""The port `discard`: nothing listens there."""
FACTS = ("session_timeout_1 changed 3600 -> 1", "session_timeout_4 changed 3600 -> 4", "https://api.example.org/u/2")
"""One thing of each output that no other line of it says, and a record that differs from its neighbours."""


@dataclass(frozen=True)
class Program:
    """A client: how it is started, and how its model calls its shell."""

    form: str
    command: tuple
    """After the program's own path; `{url}` is filled in, the question comes last."""
    environment: tuple
    call: object
    """A shell command to the name of the tool and its arguments."""


def _script(command):
    """Codex's newer models write JavaScript into a tool that takes free text."""
    return "exec", f"const made = await tools.exec_command({json.dumps({'cmd': command})}); text(made.output ?? made);"


CLAUDE = Program(
    "anthropic",
    ("--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions", "-p"),
    (
        ("ANTHROPIC_BASE_URL", "{url}"),
        ("ANTHROPIC_API_KEY", KEY),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
        ("IS_SANDBOX", "1"),
    ),
    lambda command: ("Bash", {"command": command}),
)
QUIET = [f"features.{name}=false" for name in ("plugins", "remote_plugin", "apps")] + ["analytics.enabled=false"]
SOCKET = ['openai_base_url="{url}/v1"']
HTTP = [
    "model_provider=own",
    'model_providers.own={{name="own",base_url="{url}/v1",env_key="OPENAI_API_KEY",wire_api="responses"}}',
]


def codex(way, model, call):
    """Codex, by one of its two ways to the provider and with one of its two kinds of models."""
    settings = [part for each in (*QUIET, *way) for part in ("-c", each)]
    start = ("exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "-m", model)
    environment = (("OPENAI_API_KEY", KEY), ("CODEX_API_KEY", KEY), ("CODEX_HOME", "{home}/.codex"))
    return Program("responses", (*start, *settings), environment, call)


def _exec_command(command):
    return "exec_command", {"cmd": command}


PROGRAMS = {
    "claude": CLAUDE,
    "codex websocket free text": codex(SOCKET, "gpt-6.1-sol", _script),
    "codex websocket": codex(SOCKET, "gpt-5.5", _exec_command),
    "codex http free text": codex(HTTP, "gpt-6.1-sol", _script),
    "codex http": codex(HTTP, "gpt-5.5", _exec_command),
}


def started(name):
    """What starts a client, from the folder where npm put it."""
    if name.startswith("claude"):
        found = sorted(FOLDER.glob("@anthropic-ai/claude-code-*/claude*"))
        assert found, f"no Claude Code for this machine in {FOLDER}"
        return [str(found[0].absolute())]
    return [shutil.which("node"), str((FOLDER / "@openai/codex/bin/codex.js").absolute())]


def says(program):
    """The errand's script, with calls of this client's shell."""
    return [
        replace(turn, calls=tuple((id_, *program.call(f"./{given['command']}")) for id_, _, given in turn.calls))
        for turn in errand.script()
    ]


def workplace(folder):
    """A folder with the commands of the errand, and a home beside it."""
    work, home = folder / "work", folder / "home"
    (home / ".codex").mkdir(parents=True)
    work.mkdir()
    for command, printed in errand.COMMANDS.items():
        name = command.split()[0]
        (work / f".{command.replace('/', '_')}").write_text(printed, "utf-8")
        (work / name).write_text('#!/bin/sh\ncat ".$(echo "${0#./} $*" | tr / _)"\n', "utf-8")
        (work / name).chmod(0o755)
    return work, home


def run(name, url, folder):
    """What a client printed when it ran the errand."""
    program = PROGRAMS[name]
    work, home = workplace(folder)
    fill = functools.partial(str.format, url=url, home=home)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "dumb",
        "DO_NOT_TRACK": "1",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
        **{key: fill(value) for key, value in program.environment},
    }
    done = subprocess.run(
        [*started(name), *map(fill, program.command), errand.QUESTION],
        env=environment,
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, (done.stdout[-1500:], done.stderr[-1500:])
    return done.stdout


def seen(name, url, provider, folder):
    """What the provider saw of the errand: requests or frames that a model answers."""
    provider.reset(strict=True)
    provider.say(*says(PROGRAMS[name]))
    printed = run(name, url, folder)
    assert errand.ANSWER in printed
    assert provider.problems == []
    return [turn for turn in provider.turns if turn.value.get("generate") is not False]


@pytest.fixture(scope="module", params=PROGRAMS)
def alone(request, _provider, tmp_path_factory):
    """A client, and how large the messages of each request of its errand are without the proxy."""
    turns = seen(request.param, _provider.url, _provider, tmp_path_factory.mktemp("direct"))
    return request.param, sizes(turns)


def messages(turn):
    """The text of all messages of a request."""
    return json.dumps(rules.messages_of(turn.form, turn.value))


def sizes(turns):
    """How large they are."""
    return [len(messages(turn)) for turn in turns]


def grown(method, found):
    """How much the errand added to the first request: a frame brings only what is new."""
    return sum(found[1:]) if method == "WS" else found[-1] - found[0]


@pytest.mark.parametrize("options", [(), ("--retrieve=file",)], ids=["default", "file"])
def test_a_client_has_the_same_turns(alone, launch, provider, tmp_path, options):
    name, direct = alone
    assert len(direct) == errand.TURNS
    proxy = launch(*options)
    turns = seen(name, proxy.url, provider, tmp_path)
    assert len(turns) == errand.TURNS
    assert [turn.method for turn in turns] == ["WS" if "websocket" in name else "POST"] * errand.TURNS
    sent = "".join(map(messages, turns))
    assert [fact for fact in FACTS if fact not in sent] == []
    if turns[0].method == "POST":
        assert_only_grew(turns[0].form, [turn.value for turn in turns])
    brought, through = (grown(turns[0].method, each) for each in (direct, sizes(turns)))
    assert through < (0.5 if options else 0.95) * brought, (through, brought)
    if options:
        client = Client(proxy.url)
        originals = [client.send(f"/v1/retrieve/{handle[2:]}", method="GET") for handle in set(HANDLE.findall(sent))]
        texts = [json.loads(each.body)["original_content"] for each in originals]
        assert any(errand.NEEDLE in text for text in texts)


def test_claude_code_hears_nothing_of_what_the_model_asks_the_proxy(launch, provider, tmp_path):
    """In the middle of the errand and at its end the model asks for an original; later requests still hold that."""

    def ask(seen):
        handle = HANDLE.findall(messages(seen))[-1].removeprefix("h:")
        return Turn("", ((f"call_own_{handle}", errand.OWN_TOOL, {"handle": handle}),), "What was left out?")

    first, *between, answer = says(CLAUDE)
    provider.reset(strict=True)
    provider.say(first, ask, *between, ask, answer)
    printed = run("claude", launch("--retrieve=proxy").url, tmp_path)
    assert errand.ANSWER in printed
    assert errand.OWN_TOOL not in printed
    assert provider.problems == []
    assert len(provider.turns) == errand.TURNS + 2
    assert_only_grew("anthropic", [turn.value for turn in provider.turns])
    sent = messages(provider.turns[-1])
    for command in ("curl -s api/users", "kubectl logs pod 4"):
        assert json.dumps(errand.COMMANDS[command].rstrip())[1:-1] in sent
