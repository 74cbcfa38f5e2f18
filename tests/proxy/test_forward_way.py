"""What the environment says about the way to a provider: proxies are followed, a `.netrc` is not."""

import aiohttp
import pytest
from provider_talk import compact
from yarl import URL

from headroom.proxy import forward


@pytest.fixture
def environment(monkeypatch):
    """The way with only these variables set."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

    def way(url, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        forward._by_way_of.cache_clear()
        return forward.by_way_of(URL(url))

    yield way
    forward._by_way_of.cache_clear()


@pytest.mark.parametrize(
    ("url", "variables", "proxy", "user"),
    [
        ("https://api.example", {}, None, None),
        ("https://api.example", {"HTTPS_PROXY": "http://p.example:3128"}, "http://p.example:3128", None),
        ("wss://api.example", {"HTTPS_PROXY": "http://p.example:3128"}, "http://p.example:3128", None),
        ("https://api.example", {"https_proxy": "p.example:3128"}, "http://p.example:3128", None),
        ("https://api.example", {"HTTPS_PROXY": "http://u:s%40@p.example:1"}, "http://p.example:1", ("u", "s@")),
        ("http://api.example", {"HTTPS_PROXY": "http://p.example:3128"}, None, None),
        ("https://api.example", {"HTTPS_PROXY": "http://p.example", "NO_PROXY": "api.example"}, None, None),
        ("https://api.example", {"HTTPS_PROXY": "socks5://p.example:1080"}, None, None),
    ],
)
def test_the_proxy_of_the_environment(environment, url, variables, proxy, user):
    told = aiohttp.BasicAuth(*user) if user else None
    assert environment(url, **variables) == (URL(proxy) if proxy else None, told)


def test_a_netrc_adds_no_key_to_a_request(launch, provider, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client = launch().client
    client.send("/v1/chat/completions", compact({"model": "m", "messages": [{"role": "user", "content": "hi"}]}))
    (seen,) = provider.seen
    assert "authorization" not in {name.lower() for name, _ in seen.headers}
