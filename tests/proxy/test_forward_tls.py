"""Providers behind TLS: authorities of one's own are trusted where the environment names them, and proxies are asked."""

import base64
import subprocess

import pytest
from provider import Turn
from provider_talk import compact
from relays import OPENSSL, ConnectProxy, Tls, certificate
from test_websocket_chains import Socket

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="needs openssl, to make a certificate")

CHAT = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def secure(provider, tmp_path):
    """TLS in front of the provider, and the file of who vouches for it."""
    both, authority = certificate(tmp_path)
    relay = Tls(both, int(provider.url.rsplit(":", 1)[1]))
    yield f"https://localhost:{relay.port}", str(authority)
    relay.close()


@pytest.fixture
def connect_proxy():
    running = ConnectProxy()
    yield running
    running.close()


def test_an_authority_of_ones_own_is_trusted(launch, provider, secure):
    url, authority = secure
    answer = launch(upstream=url, environment={"SSL_CERT_FILE": authority}).client.send(CHAT, compact(BODY))
    assert answer.status == 200
    assert [seen.path for seen in provider.seen] == [CHAT]


def test_a_folder_of_authorities_is_trusted(launch, provider, secure, tmp_path):

    url, authority = secure
    folder = tmp_path / "authorities"
    folder.mkdir()
    hashed = subprocess.run([OPENSSL, "x509", "-hash", "-noout", "-in", authority], capture_output=True, check=True)
    (folder / f"{hashed.stdout.decode().strip()}.0").symlink_to(authority)
    answer = launch(upstream=url, environment={"SSL_CERT_DIR": str(folder)}).client.send(CHAT, compact(BODY))
    assert answer.status == 200
    assert len(provider.seen) == 1


def test_an_authority_that_nobody_trusts_is_refused_and_said(launch, provider, secure):
    url, _ = secure
    answer = launch(upstream=url).client.send(CHAT, compact(BODY))
    assert answer.status == 502
    assert b"cannot be reached (ClientConnectorCertificateError)" in answer.body
    assert provider.seen == []


def test_a_certificate_of_another_name_is_refused(launch, provider, tmp_path):
    both, authority = certificate(tmp_path, "elsewhere.example")
    relay = Tls(both, int(provider.url.rsplit(":", 1)[1]))
    url = f"https://localhost:{relay.port}"
    answer = launch(upstream=url, environment={"SSL_CERT_FILE": str(authority)}).client.send(CHAT, compact(BODY))
    relay.close()
    assert answer.status == 502
    assert provider.seen == []


def test_https_goes_by_way_of_the_proxy_of_the_environment(launch, provider, secure, connect_proxy):
    url, authority = secure
    way = {"SSL_CERT_FILE": authority, "HTTPS_PROXY": f"http://me:s%40cret@127.0.0.1:{connect_proxy.port}"}
    proxy = launch(upstream=url, environment=way)
    provider.say(Turn("one"), Turn("two"))
    for said in (b"one", b"two"):
        assert said in proxy.client.send(CHAT, compact({**BODY, "stream": True})).body
    (asked,) = connect_proxy.asked  # one connection serves both
    assert asked.startswith(f"CONNECT {url.removeprefix('https://')} HTTP/1.1\r\n")
    told = base64.b64encode(b"me:s@cret").decode()
    assert f"Proxy-Authorization: Basic {told}\r\n" in asked
    assert all("proxy-authorization" not in {name.lower() for name, _ in seen.headers} for seen in provider.seen)


def test_a_websocket_goes_by_way_of_the_proxy_too(launch, provider, secure, connect_proxy):
    url, authority = secure
    way = {"SSL_CERT_FILE": authority, "HTTPS_PROXY": f"http://127.0.0.1:{connect_proxy.port}"}
    with Socket(launch(upstream=url, environment=way).url) as socket:
        assert socket is not None
    assert len(connect_proxy.asked) == 1
    assert provider.problems == []


def test_a_proxy_that_cannot_be_reached_is_said(launch, secure, connect_proxy):
    url, authority = secure
    connect_proxy.close()
    way = {"SSL_CERT_FILE": authority, "HTTPS_PROXY": f"http://127.0.0.1:{connect_proxy.port}"}
    answer = launch(upstream=url, environment=way).client.send(CHAT, compact(BODY))
    assert answer.status == 502
    assert b"the proxy settings" in answer.body
