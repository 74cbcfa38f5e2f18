"""Must-handle item 13 and the doors: keys, tokens, redirection, pages in a browser, and how the proxy starts."""

import subprocess
import sys

import pytest
from conftest import KEY
from provider import Provider, Raw
from provider_client import BrokenOffError, Client
from provider_talk import FORMS, PATHS, Talk, log

LONG = log(6)
CHAT = PATHS["chat"]


SECRETS = [
    ("x-api-key", "sk-ant-api03-SECRET"),
    ("authorization", "Bearer sk-ant-oat01-SECRET"),
    ("authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.SECRET.x"),
    ("x-goog-api-key", "AIza-SECRET"),
    ("chatgpt-account-id", "account-SECRET"),
    ("cookie", "session=SECRET"),
]


def test_item_13_keys_travel_and_are_never_printed(launch, provider):
    proxy = launch("--verbose")
    client = Client(proxy.url)
    for form in FORMS:
        said = Talk(form, "PAYLOAD-SECRET").body()
        for secret in SECRETS:
            client.send(PATHS[form] + "?key=QUERY-SECRET", said, [secret])
            assert secret in provider.seen[-1].headers
        for odd in (
            b'{"messages":"BROKEN-SECRET',
            b'{"input":[{"SECRET":1}],"messages":[{"role":"SECRET"}],"contents":["SECRET"]}',
        ):
            client.send(PATHS[form], odd, [("x-api-key", KEY)])
        provider.say(Raw(500, {}, (b"ANSWER-SECRET",)), Raw(200, {}, (b"x", b"SECRET"), "cut"), Raw(ends="garbage"))
        client.send(PATHS[form], said)
        with pytest.raises(BrokenOffError):
            client.send(PATHS[form], said)
        client.send(PATHS[form], said)
    proxy.stop()
    assert "SECRET" not in proxy.printed()
    for path in proxy.home.rglob("*ledger*"):
        assert b"SECRET" not in path.read_bytes()


OAUTH = [
    [("authorization", "Bearer sk-ant-oat01-x"), ("anthropic-beta", "claude-code-20250219,oauth-2025-04-20")],
    [("authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.x.y"), ("chatgpt-account-id", "a")],
]


@pytest.mark.parametrize("headers", OAUTH, ids=["anthropic", "chatgpt"])
def test_item_13_nothing_is_added_to_a_subscribers_request(client, provider, headers):
    """Six turns without a way to ask for originals: no tool, mark, beta or system text appears."""
    form = "anthropic" if "beta" in str(headers) else "chat"
    talk = Talk(form, "subscribed", tools=("bash",), marks=False)
    signed = Client(client_url(client), {"content-type": "application/json", **dict(headers)})
    for number in range(6):
        talk.turn(signed, provider, number)
    assert len(provider.seen) == 6
    for seen in provider.seen:
        assert {key: seen.value[key] for key in talk.fields} == talk.fields
        assert b"cache_control" not in seen.body
        assert b"headroom" not in seen.body
        assert [pair for pair in seen.headers if pair[0] in dict(headers)] == headers


MALFORMED = (
    b"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: sk-SECRET\x01\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key sk-SECRET\r\n\r\n",
    b"POST /v1/messages?key=SECRET-\xff HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    b"POST SECRET HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    b"POST http://127.0.0.1/v1/messages?key=SECRET HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\n\r\n{}",
    b"SECRET\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: SECRET" + b"T" * 2**17 + b"\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-encoding: gzip\r\ncontent-length: 6\r\n\r\nSECRET",
    b"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\nSECRET\r\nSECRET\r\n",
)


def test_item_13_what_is_no_proper_request_is_not_printed(launch):
    proxy = launch("--verbose")
    for sent in MALFORMED:
        proxy.client.raw(sent, ends=True)
        proxy.client.raw(sent.replace(b"host:", b"connection: close\r\nhost:"), ends=sent in MALFORMED[6:])
    assert proxy.client.send("/health", method="GET").status == 200
    proxy.stop()
    assert "SECRET" not in proxy.printed()


def test_a_target_with_a_host_in_it_is_a_path(client, provider):
    """As clients of a forward proxy write it. The host in it counts for nothing."""
    for host in ("127.0.0.1:1", "evil.example.com", ""):
        provider.reset()
        own = f"127.0.0.1:{client.port}"
        head = f"POST http://{host}/v1/messages?a=b HTTP/1.1\r\nhost: {own}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n"
        answer = client.raw(head.encode() + b"{}")
        assert answer.split()[1] in (b"200", b"400")
        assert {seen.path for seen in provider.seen} <= {"/v1/messages?a=b"}


def client_url(client):
    """The base URL of a client."""
    return f"http://{client.host}:{client.port}"


def test_item_13_a_body_with_a_hash_of_itself_is_left_alone(client, provider):
    talk = Talk("anthropic", "hashed")
    talk.fields["system"] = [{"type": "text", "text": "x-anthropic-billing-header: cc_version=2; cch=0a1b2;"}]
    for number in range(3):
        talk.turn(client, provider, number)
        sent = talk.body()
        client.send(talk.path, sent)
        assert provider.seen[-1].body == sent


def test_no_header_or_target_redirects_a_key(client, provider):
    with Provider() as other:
        elsewhere = [
            (name, other.url)
            for name in (
                "x-headroom-upstream",
                "x-headroom-base-url",
                "x-base-url",
                "x-forwarded-host",
                "x-upstream",
                "forwarded",
            )
        ]
        client.send("/v1/messages", Talk("anthropic", "redirect").body(), elsewhere)
        own = f"127.0.0.1:{client.port}"
        for target in (
            f"{other.url}/v1/messages",
            f"//127.0.0.1:{other.port}/v1/messages",
            f"/@127.0.0.1:{other.port}/v1/messages",
            f"@127.0.0.1:{other.port}/v1/messages",
            f":{other.port}/v1/messages",
            f"/u/{other.url}/v1/messages",
            f"/w/x/{other.url}/v1/messages",
            f"/u/other/@127.0.0.1:{other.port}/v1/messages",
            f"/u/other@127.0.0.1:{other.port}/v1/messages",
            f"/w/x@127.0.0.1:{other.port}/v1/messages",
        ):
            client.raw(
                f"POST {target} HTTP/1.1\r\nhost: {own}\r\nx-api-key: {KEY}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}".encode()
            )
        assert other.seen == []
    assert provider.seen[0].path == "/v1/messages"


def test_the_bypass_leaves_new_text_alone(client, provider):
    talk = Talk("chat", "bypassed")
    talk.turn(client, provider, 0)
    sent = talk.body()
    client.send(CHAT, sent, [("x-headroom-bypass", "1")])
    assert provider.seen[1].body == sent
    assert provider.seen[1].header("x-headroom-bypass") is None


def test_the_bypass_changes_nothing_that_was_sent(client, provider):
    talk = Talk("chat", "bypass later")
    for number in range(3):
        talk.turn(client, provider, number)
    client.send(talk.path, talk.body(), [("x-headroom-bypass", "1")])
    before, after = provider.seen[-2].value["messages"], provider.seen[-1].value["messages"]
    assert after[: len(before)] == before
    assert after[-1] == talk.messages[-1]


REFUSED = {
    "another name": [("host", "evil.example.com")],
    "a name that begins like ours": [("host", "127.0.0.1.evil.example.com:80")],
    "a page": [("origin", "https://evil.example.com")],
    "a page without a place": [("origin", "null")],
    "a page on another port": [("origin", "http://127.0.0.1:1")],
}


@pytest.mark.parametrize("who", REFUSED)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/models", "/health", "/stats"])
def test_pages_and_other_names_are_refused(client, provider, who, path):
    answer = client.send(
        path, b"{}" if "messages" in path else None, REFUSED[who], "POST" if "messages" in path else "GET"
    )
    assert answer.status == 403
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]
    assert provider.seen == []


def test_health_is_ours(proxy, provider):
    for path in ("/health", "/livez", "/readyz"):
        assert proxy.client.send(path, method="GET").value["service"] == "headroom"
    assert provider.seen == []


WRONG = (
    ["--upstream", "openai"],
    ["--upstream", "openai=ftp://x"],
    ["--upstream", "a b=http://x"],
    ["--port", "99999"],
    ["--host", "0.0.0.0"],
    ["--workers", "0"],
)


def test_configuration_errors_are_one_line():
    """One process tries them in turn: each ends with 1 and one line."""
    script = "import sys\nfrom headroom.cli.main import main\ncode = None\nsys.argv[1:] = ['proxy', *sys.argv[1:]]\ntry:\n    main()\nexcept SystemExit as end:\n    code = end.code\nassert code == 1, code\n"
    loop = f"import sys\nfor wrong in {WRONG!r}:\n    sys.argv[1:] = wrong\n    exec({script!r})"
    done = subprocess.run([sys.executable, "-c", loop], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == len(WRONG)
    assert all(line.startswith("headroom: ") for line in lines)


def test_a_taken_port_is_told(proxy, provider):
    """Ours: it is said and joined. Another program's: the next command to type."""
    command = "import sys; sys.argv[1:] = ['proxy', *sys.argv[1:]]; from headroom.cli.main import main; main()"

    def run(port):
        return subprocess.run(
            [sys.executable, "-c", command, "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    ours = run(proxy.client.port)
    assert ours.returncode == 0
    assert str(proxy.process.pid) in ours.stdout
    theirs = run(provider.port)
    assert theirs.returncode == 1
    assert f"--port {provider.port + 1}" in theirs.stderr
