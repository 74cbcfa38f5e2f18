"""`headroom wrap` with a real agent program, a really started proxy and a provider: set up, passed on, nothing left."""

import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import termios
from urllib.parse import urlsplit

import psutil
import pytest
from place import PROGRAM, until

from headroom import config, presence
from headroom.ledger.figures import Filter
from headroom.ledger.report import Report
from headroom.presence import Proxy


def body(seen):
    return json.loads(seen.body)


def test_one_run_from_start_to_end(place, provider):
    code, out, errors = place.run("wrap", "claude", "--", "--model", "opus", "ask", "exit", "7")
    said = place.said()
    assert (code, said["status"], out) == (7, 200, "")
    assert said["args"][-5:] == ["--model", "opus", "ask", "exit", "7"]
    tag = said["env"]["ANTHROPIC_BASE_URL"].rpartition("/w/")[2]
    assert [seen.path for seen in provider.turns] == ["/v1/messages"] * 2
    sent = body(provider.turns[-1])["messages"][-1]["content"][0]["content"]
    assert len(sent) < 900 * 40
    assert "[log of 900 lines" in sent
    report = Report(place.data / config.ledger_path().name)
    totals = report.totals(Filter(tag=tag))
    report.close()
    assert totals.requests == 2
    (line,) = errors.splitlines()
    assert line.startswith(f"headroom: saved {totals.removed:,} prompt tokens (")
    assert f"${totals.money.saved:.4f} of $" in line
    assert "2 requests; to go on: headroom wrap claude -- --resume" in line
    assert [name for name in place.left() if not name.startswith("proxy-")] == []
    until(lambda: place.left() == [])
    base = urlsplit(said["env"]["ANTHROPIC_BASE_URL"])
    until(lambda: not presence.is_open(Proxy(0, base.port, base.hostname, "", 0.0)))


@pytest.mark.parametrize(("words", "code"), [([], 0), (["exit", "3"], 3), (["die"], 137)])
def test_the_exit_code_is_the_agents(place, words, code):
    done, _, errors = place.run("wrap", "claude", "--", *words)
    assert (done, "no request of this run" in errors) == (code, True)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGUSR1"])
def test_what_others_send_is_handed_on(place, name):
    process = place.start("wrap", "claude", "--", "wait", "exit", "5")
    place.ready()
    process.send_signal(getattr(signal, name))
    process.communicate()
    assert (process.returncode, place.said()["caught"]) == (5, [name])


class Terminal:
    """A pseudo terminal whose session a program leads."""

    def __init__(self, place, *args):
        self.pid, self.master = pty.fork()
        if not self.pid:
            os.chdir(place.work)
            os.execve(PROGRAM[0], [*PROGRAM, *args], place.env)

    def ended(self):
        with contextlib.suppress(OSError):  # a terminal without a program reads as an error
            while os.read(self.master, 4096):
                pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.master)
        return os.waitstatus_to_exitcode(status)


def test_the_terminal_is_the_agents(place):
    """Ctrl-C comes once, from the terminal and not from us as well, and ends nobody but who wants to."""
    terminal = Terminal(place, "wrap", "claude", "--", "wait", "exit", "9")
    assert place.ready()["tty"] == [True, True, True]
    os.write(terminal.master, b"\x03")
    assert (terminal.ended(), place.said()["caught"]) == (9, ["SIGINT"])


def test_a_new_size_arrives(place):
    terminal = Terminal(place, "wrap", "claude", "--", "wait")
    place.ready()
    fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
    assert terminal.ended() == 0
    assert "SIGWINCH" in place.said()["caught"]


def test_where_the_agent_stops_so_does_the_shells_job(place):
    process = place.start("wrap", "claude", "--", "stop", "exit", "4")
    place.ready()
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    process.communicate()
    assert process.returncode == 4


def test_two_at_once_share_a_proxy_and_a_killed_wrapper_breaks_nothing(place):
    first = place.start("wrap", "claude", "--", "wait", "ask")
    one = place.ready()
    place.report.with_suffix(".ready").unlink()
    other = place.report.with_name("other.json")
    place.add("claude", other)
    second = place.start("wrap", "claude", "--", "wait")
    two = json.loads(until(lambda: (path := other.with_suffix(".ready")).exists() and path.read_text()))
    (proxy,) = place.proxies()
    urls = [said["env"]["ANTHROPIC_BASE_URL"] for said in (one, two)]
    assert [url.partition("/w/")[0] for url in urls] == [proxy.url] * 2
    assert urls[0] != urls[1]
    first.kill()
    first.wait()
    os.kill(two["pid"], signal.SIGTERM)
    second.communicate()
    assert second.returncode == 0
    for _ in range(2):  # the proxy looks twice who is left, and sees the one whose wrapper was killed
        dead = presence.lease(place.data, first.pid)
        until(lambda path=dead: not path.exists())
    os.kill(one["pid"], signal.SIGTERM)
    assert until(lambda: place.report.exists() and place.said())["status"] == 200
    until(lambda: not psutil.pid_exists(proxy.pid))
    assert place.left() == []


def test_a_crashed_proxy_comes_back_where_it_was(place):
    process = place.start("wrap", "claude", "--", "wait", "ask")
    said = place.ready()
    (proxy,) = place.proxies()
    os.kill(proxy.pid, signal.SIGKILL)
    (again,) = until(lambda: [each for each in place.proxies() if each.pid != proxy.pid])
    assert (again.port, again.leased) == (proxy.port, True)
    os.kill(said["pid"], signal.SIGTERM)
    _, errors = process.communicate()
    assert (process.returncode, place.said()["status"]) == (0, 200)
    assert b"the proxy had ended and was started again" in errors


def test_a_gateway_of_the_users_stays_behind_the_proxy(place, provider):
    place.run("wrap", "claude", "--", "ask", env={"ANTHROPIC_BASE_URL": f"{provider.url}/team/a"})
    assert [seen.path for seen in provider.turns] == ["/team/a/v1/messages"] * 2
    assert "[log of 900 lines" in provider.turns[-1].body.decode()


def test_a_wrapped_agent_that_wraps_is_not_sent_round(place, provider):
    """What we set ourselves is no gateway."""
    base = "http://127.0.0.1:8787/w/claude-12345678"
    place.run("wrap", "claude", "--", "ask", env={"ANTHROPIC_BASE_URL": base})
    assert [seen.path for seen in provider.turns] == ["/v1/messages"] * 2


def test_no_network(place):
    """A provider that cannot be reached is the agent's to see: one clear answer, and its own exit code."""
    (place.data / "config.toml").write_text('[proxy.upstreams]\nanthropic = "http://127.0.0.1:9"\n')
    code, _, errors = place.run("wrap", "claude", "--", "ask", "exit", "1")
    assert (code, place.said()["status"]) == (1, 502)
    assert errors.startswith("headroom: ")


def test_a_proxy_that_cannot_start_says_why(place):
    (place.data / "config.toml").write_text('[proxy]\nretrieve = "often"\n')
    code, _, errors = place.run("wrap", "claude", "--", "ask")
    assert code == 1
    assert "retrieve='often' does not exist" in errors
    assert not place.report.exists()
    assert [name for name in place.left() if not name.startswith("proxy")] == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("wrap", "codex"), "Codex is not on your PATH (looked for codex): npm install -g @openai/codex"),
        (("wrap", "clod"), "no agent is called 'clod'; there are claude, codex"),
        (("wrap", "claude", "--model", "opus"), "after --"),
        (("unwrap", "clod"), "no agent is called 'clod'"),
    ],
)
def test_what_cannot_be_says_what_can(place, args, words):
    code, _, errors = place.run(*args)
    assert (code in (1, 2), words in errors) == (True, True), errors


def everything(place):
    return {path: path.read_bytes() for root in (place.home, place.data) for path in root.rglob("*") if path.is_file()}


def test_a_dry_run_shows_every_change_and_makes_none(place):
    before = everything(place)
    code, out, _ = place.run("wrap", "claude", "--dry-run", "--", "-p", "hello there")
    assert code == 0
    assert "environment  ANTHROPIC_BASE_URL=http://127.0.0.1:PORT/w/claude-" in out
    assert "-p 'hello there'" in out
    code, out, _ = place.run("wrap", "claude", "--install", "--dry-run")
    assert '+    "ANTHROPIC_BASE_URL": "http://127.0.0.1:8787"' in out
    assert (everything(place), place.report.exists()) == (before, False)


def test_the_list_says_what_is_there(place):
    _, out, _ = place.run("wrap", "--list")
    assert f"Claude Code: {place.bin}/claude" in out
    assert "Codex: not installed (npm install -g @openai/codex)" in out
    assert "ANTHROPIC_BASE_URL, ENABLE_TOOL_SEARCH" in out


def test_installed_and_back(place):
    settings = place.home / ".claude" / "settings.json"
    settings.parent.mkdir()
    settings.write_bytes(b'{\r\n\t"model": "opus" // mine\r\n}\r\n')
    before = everything(place)
    code, out, _ = place.run("wrap", "claude", "--install")
    assert (code, "Undo it with: headroom unwrap claude" in out) == (0, True)
    assert b'"ANTHROPIC_BASE_URL": "http://127.0.0.1:8787"' in settings.read_bytes()
    code, out, _ = place.run("unwrap", "claude")
    assert (code, "byte for byte as before" in out) == (0, True)
    assert "headroom wrap claude -- --resume SESSION" in out
    assert everything(place) == before


def test_a_gateway_in_a_file_is_not_replaced_for_good(place):
    settings = place.home / ".claude" / "settings.json"
    settings.parent.mkdir()
    settings.write_text('{"env": {"ANTHROPIC_BASE_URL": "https://gateway.example.com/a"}}')
    before = everything(place)
    code, _, errors = place.run("wrap", "claude", "--install")
    assert (code, everything(place)) == (1, before)
    assert 'anthropic = "https://gateway.example.com/a" under [proxy.upstreams]' in errors
