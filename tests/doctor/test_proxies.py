"""What the doctor says of proxies, of who sits on their port, and of the providers behind them."""

import http.client
import http.server
import json
import os
import subprocess
import threading

import pytest
from doctor_machine import PROGRAM

import headroom
from headroom import presence
from headroom.presence import Proxy


def test_another_program_has_the_port(machine, other_program):
    machine.write("data/config.toml", f"[proxy]\nport = {other_program}\n")
    says = machine.found("attention", "proxy")
    assert says.startswith(
        f"port {other_program} is taken by another program -> headroom proxy --port {other_program + 1}"
    )


@pytest.fixture
def old_proxy():
    """A proxy of an older version, which answers as it did."""

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"service": "headroom", "status": "ok", "version": "0.0.9", "pid": os.getpid()}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("announced", [True, False])
def test_a_proxy_of_another_version_runs(machine, old_proxy, announced):
    if announced:
        presence.announce(machine.data, Proxy(os.getpid(), old_proxy, "127.0.0.1", "0.0.9", 1.0))
    else:
        machine.write("data/config.toml", f"[proxy]\nport = {old_proxy}\n")
    says = machine.found("attention", "proxy")
    assert f"version 0.0.9, process {os.getpid()}: this is version {headroom.__version__}" in says
    assert f"kill {os.getpid()}; headroom proxy" in says


def test_a_proxy_of_this_version_runs_and_an_agent_goes_through_it(machine):
    with machine.data.parent.joinpath("out").open("wb") as out:
        process = subprocess.Popen(
            [*PROGRAM, "proxy", "--port", "0"], env=machine.environment, stdout=subprocess.PIPE, stderr=out
        )
    try:
        url = process.stdout.readline().decode().split()[3]
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        connection.request("GET", "/health")
        connection.getresponse().read()  # it listens before it answers
        machine.write("data/config.toml", f"[proxy]\nport = {url.rpartition(':')[2]}\n")
        machine.write(".claude/settings.json", json.dumps({"env": {"ANTHROPIC_BASE_URL": f"{url}/w/claude-0a1b2c3d"}}))
        report = machine.doctor()
        assert [each for each in report["findings"] if each["state"] != "ok"] == []
        says = {each["name"]: each["says"] for each in report["findings"]}
        assert says["proxy"] == f"{url}, version {headroom.__version__}, process {process.pid}"
        assert says["claude"] == "Claude Code: anthropic through the proxy, MCP not registered"
    finally:
        process.terminate()
        process.communicate(timeout=60)


def upstreams(**urls):
    """A configuration in which every provider stands at one of these addresses."""
    names = ("anthropic", "openai", "gemini", "chatgpt", "vertex", "bedrock")
    lines = [f'{name} = "{urls.get(name, urls["others"])}"\n' for name in names]
    return f"[proxy.upstreams]\n{''.join(lines)}"


def online(machine):
    made = machine.run("doctor", "--json")
    return [each for each in json.loads(made.stdout)["findings"] if each["name"] == "upstreams"]


def test_one_provider_cannot_be_reached(machine, other_program, free_port):
    closed, there = f"http://127.0.0.1:{free_port}", f"http://127.0.0.1:{other_program}"
    machine.write("data/config.toml", upstreams(others=there, openai=closed))
    reached, refused = online(machine)
    assert reached["says"] == "can be reached: anthropic, gemini, chatgpt, vertex, bedrock"
    assert (refused["state"], refused["says"]) == ("attention", "openai cannot be reached: Connection refused")
    assert closed in refused["do"]


def test_no_provider_can_be_reached(machine, free_port):
    machine.write("data/config.toml", upstreams(others=f"http://127.0.0.1:{free_port}"))
    (refused,) = online(machine)
    assert refused["state"] == "attention"
    assert "none of 6 can be reached (Connection refused): is there a network?" in refused["says"]


def test_the_networks_own_proxy_is_asked_in_a_providers_place(machine, other_program):
    machine.write("data/config.toml", upstreams(others="https://provider.invalid"))
    made = machine.run("doctor", "--json", HTTPS_PROXY=f"http://127.0.0.1:{other_program}")
    (reached,) = [each for each in json.loads(made.stdout)["findings"] if each["name"] == "upstreams"]
    assert reached["state"] == "ok"
