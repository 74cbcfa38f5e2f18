"""Each thing that can be wrong with an installation, done on purpose: the doctor finds it, and it alone, and says what to do.

Nothing is changed by looking; what `--fix` may mend is mended.
"""

import json
import os
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

import headroom
from headroom import presence
from headroom.agents.edits import Change
from headroom.agents.journal import Journal
from headroom.blocks import Failure
from headroom.ledger.entry import Entry, Segment
from headroom.ledger.ledger import Ledger
from headroom.presence import Proxy


@pytest.mark.usefixtures("compressed")
def test_a_machine_on_which_all_is_well(machine):
    before = machine.files()
    report = machine.doctor()
    assert [each for each in report["findings"] if each["state"] != "ok"] == []
    says = {each["name"]: each["says"] for each in report["findings"]}
    assert "1 originals, 1 decisions" in says["store"]
    assert says["claude"] == "Claude Code: anthropic directly, MCP not registered"
    assert "MCP not registered" in says["codex"]
    assert "gemini" in says["agents"]
    assert machine.files() == before


def test_the_store_is_no_database(machine):
    machine.write("data/store.sqlite3", b"this is no database at all. " * 400)
    before = machine.files()
    says = machine.found("broken", "store")
    assert says.startswith("~/data/store.sqlite3: file is not a database -> The file is damaged. Move it aside")
    assert machine.files() == before


@pytest.mark.parametrize("options", [(), ("--full",)])
def test_an_original_in_the_store_is_damaged(machine, compressed, options):
    with sqlite3.connect(compressed) as database:
        database.execute("UPDATE originals SET packed = substr(packed, 1, 40) || x'00'")
    database.close()
    report = machine.doctor(*options)
    assert {each["name"] for each in report["findings"] if each["state"] == "broken"} == {"store"}


def test_the_folder_is_none(machine):
    machine.write("data", "")
    assert "data is not a folder" in machine.found("broken", "folder")


def test_the_configuration_is_no_toml(machine):
    machine.write("data/config.toml", "level = \n")
    assert "is not TOML" in machine.found("broken", "settings")


@pytest.mark.parametrize("text", ["[proxy]\nprot = 1\n", '[proxy]\nport = "x"\n', "proxy = 7\n", "levle = 1\n"])
def test_the_configuration_says_what_does_not_exist(machine, text):
    machine.write("data/config.toml", text)
    assert "edit ~/data/config.toml" in machine.found("broken", "settings")


def test_the_configuration_names_a_compressor_that_does_not_exist(machine):
    machine.write("data/config.toml", '[kinds]\nlogs = "off"\nlog = "off"\n')
    assert "kinds.log in your settings has no effect" in machine.found("attention", "settings")


def test_an_extra_is_missing(machine):
    asked = "Requires-Dist: no-such-parser>=1; extra == 'code'\nRequires-Dist: click>=8\n"
    machine.write(
        "site/headroom_ai-0.1.0.dist-info/METADATA",
        f"Metadata-Version: 2.1\nName: headroom-ai\nVersion: 0.1.0\n{asked}",
    )
    path = f"{machine.home / 'site'}:{machine.environment['PYTHONPATH']}"
    made = machine.run("doctor", "--offline", "--json", PYTHONPATH=path)
    (bad,) = [each for each in machine.read(made.stdout, made.returncode)["findings"] if each["state"] != "ok"]
    assert (bad["name"], bad["state"], bad["says"]) == (
        "extras",
        "attention",
        "not installed: code (needs no-such-parser)",
    )
    assert bad["do"] == 'pip install "headroom-ai[code]"'


def without(machine, *modules):
    """A PYTHONPATH on which these are not to be had."""
    machine.write("site/sitecustomize.py", f"import sys\nfor name in {modules}:\n    sys.modules[name] = None\n")
    return f"{machine.home / 'site'}:{machine.environment['PYTHONPATH']}"


@pytest.mark.parametrize(
    ("module", "name", "extra"),
    [("PIL", "image", "image"), ("onnxruntime", "kompress", "ml"), ("tree_sitter", "source", "code")],
)
def test_what_a_compressor_needs_is_not_installed(machine, module, name, extra):
    made = machine.run("doctor", "--offline", "--json", PYTHONPATH=without(machine, module))
    found = machine.read(made.stdout, made.returncode)["findings"]
    (bad,) = [each for each in found if each["state"] != "ok"]
    assert (bad["name"], bad["state"], bad["do"]) == (name, "attention", f'pip install "headroom-ai[{extra}]"')
    assert "its extra is not installed" in bad["says"]
    (active,) = [each["says"] for each in found if each["name"] == "compressors"]
    assert name not in active.split()[-1:] + active.replace(",", "").split()


def test_images_are_a_compressor_like_the_others(machine):
    says = {each["name"]: each["says"] for each in machine.doctor()["findings"]}
    assert says["compressors"].endswith(", image")
    machine.write("data/config.toml", 'images = "off"\n')
    says = {each["name"]: each["says"] for each in machine.doctor()["findings"]}
    assert "image" not in says["compressors"]
    assert says["image"] == "off, by your settings"
    assert "Every word that could be read" in machine.run("doctor", "--offline", "--verbose").stdout


DAMAGE = {
    "cut short": ("weights.onnx", lambda whole: whole[: len(whole) // 3], "weights.onnx is damaged"),
    "empty": ("weights.onnx", lambda _: b"", "weights.onnx is damaged"),
    "missing": ("weights.onnx", None, "weights.onnx is missing"),
    "vocabulary cut short": ("vocabulary.txt", lambda whole: whole[:5000], "entries of 30,522"),
    "no text": ("vocabulary.txt", lambda _: b"\xff\xfe", "its files cannot be read"),
    "vocabulary missing": ("vocabulary.txt", None, "vocabulary.txt is missing"),
}


@pytest.mark.parametrize(("name", "damage", "told"), DAMAGE.values(), ids=DAMAGE)
def test_the_network_came_damaged(machine, tmp_path, name, damage, told):
    package = tmp_path / "copy" / "headroom"
    shutil.copytree(Path(headroom.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__", "samples"))
    file = package / "kompress" / name
    whole = file.read_bytes()
    file.unlink()
    if damage:
        file.write_bytes(damage(whole))
    made = machine.run("doctor", "--offline", "--json", PYTHONPATH=package.parent)
    (bad,) = [each for each in machine.read(made.stdout, made.returncode)["findings"] if each["state"] != "ok"]
    assert (bad["name"], bad["state"]) == ("kompress", "broken")
    assert told in bad["says"]
    assert bad["do"] == 'pip install --force-reinstall "headroom-ai[ml]"'


def test_a_file_of_the_package_is_cut_short(machine):
    """As pip lists them: each with its length."""
    info = "site/headroom_ai-0.1.0.dist-info"
    machine.write(f"{info}/METADATA", "Metadata-Version: 2.1\nName: headroom-ai\nVersion: 0.1.0\n")
    machine.write("site/headroom_data/whole.txt", "12345")
    machine.write("site/headroom_data/short.txt", "123")
    names = ("whole", "short", "gone")
    machine.write(
        f"{info}/RECORD", "".join(f"headroom_data/{name}.txt,sha256=x,5\n" for name in names) + f"{info}/RECORD,,\n"
    )
    path = f"{machine.home / 'site'}:{machine.environment['PYTHONPATH']}"
    made = machine.run("doctor", "--offline", "--json", PYTHONPATH=path)
    (bad,) = [each for each in machine.read(made.stdout, made.returncode)["findings"] if each["state"] != "ok"]
    assert (bad["name"], bad["state"]) == ("package", "broken")
    assert bad["says"] == "missing or cut short: headroom_data/short.txt, headroom_data/gone.txt"


def test_the_package_is_not_whole(machine):
    asked = "Requires-Dist: no-such-tokenizer==1\n"
    machine.write(
        "site/headroom_ai-0.1.0.dist-info/METADATA",
        f"Metadata-Version: 2.1\nName: headroom-ai\nVersion: 0.1.0\n{asked}",
    )
    path = f"{machine.home / 'site'}:{machine.environment['PYTHONPATH']}"
    made = machine.run("doctor", "--offline", "--json", PYTHONPATH=path)
    (bad,) = [each for each in machine.read(made.stdout, made.returncode)["findings"] if each["state"] != "ok"]
    assert (bad["name"], bad["state"], bad["says"]) == ("package", "broken", "the package needs no-such-tokenizer")


def test_the_ledger_is_no_database(machine):
    machine.write("data/ledger.sqlite3", b"this is no database at all. " * 400)
    assert "~/data/ledger.sqlite3: file is not a database -> " in machine.found("broken", "ledger")


def test_a_proxy_ended_without_a_word(machine, dead, free_port):
    proxy = Proxy(dead, free_port, "127.0.0.1", headroom.__version__, 1.0)
    path = presence.announce(machine.data, proxy)
    before = machine.files()
    assert f"proxy-{free_port}.json -> headroom doctor --fix" in machine.found("attention", "leftovers")
    assert machine.files() == before
    report = machine.doctor("--fix")
    assert report["fixed"] == ["took away 1 file of processes that have ended"]
    assert (report["state"], path.exists()) == ("ok", False)


def test_a_wrapper_was_killed(machine, dead):
    scratch = machine.data / "run" / f"scratch-{dead}-0a1b2c3d"
    scratch.mkdir(parents=True)
    (scratch / "settings.json").write_text("{}")
    lease = presence.lease(machine.data, dead, scratch)
    living = presence.lease(machine.data, os.getpid())
    assert f"{lease.name}, {scratch.name}" in machine.found("attention", "leftovers")
    assert machine.doctor("--fix")["state"] == "ok"
    assert (lease.exists(), scratch.exists(), living.exists()) == (False, False, True)


def change(machine):
    return Change(
        machine.home / ".claude/settings.json", "json", ("env", "ANTHROPIC_BASE_URL"), "https://gateway.example"
    )


def test_a_change_was_recorded_and_never_made(machine):
    file = machine.write(".claude/settings.json", '{"model": "opus"}\n')
    Journal(machine.data).apply("claude", "wrap", [change(machine)])
    file.write_text('{"model": "opus"}\n')
    says = machine.found("attention", "leftovers")
    assert "~/.claude/settings.json holds none of it any more" in says
    report = machine.doctor("--fix")
    assert (report["state"], report["fixed"]) == ("ok", ["took away the record of ~/.claude/settings.json"])
    assert file.read_text() == '{"model": "opus"}\n'
    assert Journal(machine.data).records() == []


def test_a_change_that_stands_is_no_leftover(machine):
    Journal(machine.data).apply("claude", "wrap", [change(machine)])
    before = machine.files()
    assert machine.doctor("--fix")["state"] == "ok"
    assert machine.files() == before


def test_a_file_that_was_changed_is_broken_since(machine):
    Journal(machine.data).apply("claude", "wrap", [change(machine)])
    (machine.home / ".claude/settings.json").write_text("{")
    before = machine.files()
    report = machine.doctor("--fix")
    says = [f"{each['says']} -> {each['do']}" for each in report["findings"] if each["state"] != "ok"]
    assert any("cannot be read any more -> mend that file, then: headroom unwrap claude" in each for each in says)
    assert machine.files() == before


def test_a_record_of_changes_is_damaged(machine):
    Journal(machine.data).apply("claude", "wrap", [change(machine)])
    (record,) = (machine.data / "journal").glob("*.json")
    record.write_bytes(record.read_bytes()[:-20])
    assert f"rm ~/data/journal/{record.name}" in machine.found("attention", "leftovers")


def test_an_agent_is_pointed_at_a_proxy_that_is_gone(machine, free_port):
    url = f"http://127.0.0.1:{free_port}"
    machine.write(".claude/settings.json", json.dumps({"env": {"ANTHROPIC_BASE_URL": url}}))
    says = machine.found("broken", "claude")
    assert f"anthropic goes to {url}, where nothing listens (~/.claude/settings.json: env.ANTHROPIC_BASE_URL)" in says
    assert f"headroom proxy --port {free_port}" in says


def test_an_agent_that_was_installed_is_pointed_at_a_proxy_that_is_gone(machine, free_port):
    dead_end = replace(change(machine), value=f"http://127.0.0.1:{free_port}")
    Journal(machine.data).apply("claude", "wrap", [dead_end])
    assert "back to how it was: headroom unwrap claude" in machine.found("broken", "claude")


def test_a_variable_points_at_a_proxy_that_is_gone(machine, free_port):
    url = f"http://localhost:{free_port}/w/claude-0a1b2c3d"
    says = machine.found("broken", "claude", ANTHROPIC_BASE_URL=url)
    assert "unset ANTHROPIC_BASE_URL" in says


def test_an_agent_may_have_a_server_of_the_users_own(machine, other_program):
    report = machine.doctor(ANTHROPIC_BASE_URL=f"http://127.0.0.1:{other_program}/api")
    assert report["state"] == "ok"
    says = {each["name"]: each["says"] for each in report["findings"]}
    assert f"anthropic by http://127.0.0.1:{other_program}/api" in says["claude"]


def test_a_registration_starts_what_is_gone(machine):
    gone = str(machine.home / "old-venv/bin/headroom")
    machine.write(".claude.json", json.dumps({"mcpServers": {"headroom": {"command": gone, "args": ["mcp"]}}}))
    says = machine.found("broken", "claude")
    assert "which is not there -> headroom mcp install claude" in says
    assert machine.run("mcp", "install", "claude").returncode == 0
    assert machine.doctor()["state"] == "ok"
    assert machine.run("mcp", "uninstall").returncode == 0
    assert gone in machine.found("broken", "claude").replace("~", str(machine.home))


def test_a_registration_behind_env_starts_what_is_gone(machine):
    words = ["env", "HEADROOM_HOME=/x", str(machine.home / "gone"), "mcp"]
    machine.write(
        ".config/opencode/opencode.json", json.dumps({"mcp": {"headroom": {"type": "local", "command": words}}})
    )
    machine.program("opencode")
    assert "starts ~/gone, which is not there" in machine.found("broken", "opencode")


def test_an_agents_file_is_broken(machine):
    machine.write(".claude.json", "{")
    assert "mend that file" in machine.found("broken", "claude")


def booked(machine, tag, *failures):
    import time

    entry = Entry(
        time.time(),
        "c1",
        tag,
        "claude-cli",
        "anthropic",
        "messages",
        "claude-sonnet-4-6",
        400,
        True,
        0,
        (Segment(100, 50, "logs"),),
        None,
        False,
        False,
        1.0,
        1.0,
        1.0,
        failures=tuple(failures),
    )
    machine.data.mkdir(exist_ok=True)
    Ledger(machine.data / "ledger.sqlite3").add(entry)


def test_something_failed_of_late(machine):
    booked(machine, "", Failure("logs", "KeyError at headroom.x:7"), Failure("logs", "KeyError at headroom.x:7"))
    says = machine.found("attention", "failures")
    assert says.startswith(
        "logs: KeyError at headroom.x:7 (2 times, last a minute ago) -> The text went out as it came"
    )


def test_a_conversation_was_refused_as_bound_to_another(machine):
    booked(machine, "claude-0a1b2c3d", Failure("prefix", "the provider says prefix_binding"))
    says = machine.found("attention", "failures")
    assert '400 "bound to a different conversation"' in says
    assert "headroom wrap claude -- --" in says
    assert "begin a new session" in says


def test_a_session_of_late_says_how_to_go_on(machine):
    import time

    usage_free = Entry(
        time.time(),
        "c1",
        "claude-0a1b2c3d",
        "claude-cli",
        "anthropic",
        "messages",
        "m",
        200,
        True,
        0,
        (Segment(100, 50, "logs"),),
        None,
        False,
        False,
        1.0,
        1.0,
        1.0,
    )
    machine.data.mkdir()
    Ledger(machine.data / "ledger.sqlite3").add(usage_free)
    (claude,) = [each for each in machine.doctor()["findings"] if each["name"] == "claude"]
    assert "sessions that went through the proxy go on by: headroom wrap claude -- --" in claude["do"]


def test_several_at_once(machine, dead, free_port):
    machine.write("data/store.sqlite3", b"this is no database at all. " * 400)
    presence.announce(machine.data, Proxy(dead, free_port, "127.0.0.1", headroom.__version__, 1.0))
    report = machine.doctor()
    assert report["state"] == "broken"
    assert {each["name"] for each in report["findings"] if each["state"] != "ok"} == {"store", "leftovers"}
    assert Path(machine.data / "run").exists()
