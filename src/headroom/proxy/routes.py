"""Which provider a request is for, where it goes, and whether it may be edited: told by its path.

    /v1/messages                    Anthropic
    /v1/chat/completions            OpenAI, or whoever speaks it: /u/<name>/v1/chat/completions
    /v1/responses                   OpenAI; /backend-api/codex/responses with a ChatGPT sign-in
    .../models/<model>:generateContent, :streamGenerateContent      Gemini, with or without a version in front
    .../publishers/anthropic/models/<model>:rawPredict              Anthropic on Vertex
    /model/<model>/invoke           Anthropic on Bedrock, with a bearer token
    /w/<tag>/...                    any of these, tagged in the ledger

Rules:
* Everything else, known or not, passes through untouched: batches, token counts, files, stored answers.
* A path leaves as it came, byte for byte, but for our own prefixes. One that begins with the endpoint itself gets the
  version in front that the provider's own base URL has.
* The upstream is fixed at start; no header names one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from headroom.wire.body import Format


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes."""

    provider: str
    """A key of the upstreams."""
    url: str
    """The whole URL, percent-escapes as they came."""
    name: str
    """What the ledger calls it: `messages`, `chat/completions`; `other` for what is never edited."""
    format: Format | None = None
    """How to read the body; `None`: it passes through untouched."""
    tag: str = ""
    model: str = ""
    """From the path, where it stands there; Vertex's with what its location means for the price."""
    streamed: bool = False
    """Told by the path (Gemini); elsewhere by the body."""


@dataclass(frozen=True, slots=True)
class _Rule:
    path: re.Pattern[str]
    name: str
    format: Format
    provider: str
    version: str = ""
    """What goes in front of a bare endpoint."""


_RULES = (
    _Rule(
        re.compile(r"/publishers/anthropic/models/(?P<model>[^/]+):(?P<stream>streamR|r)awPredict$"),
        "vertex/messages",
        "anthropic",
        "vertex",
    ),
    _Rule(
        re.compile(r"/model/(?P<model>[^/]+)/invoke(?P<stream>-with-response-stream)?$"),
        "bedrock/messages",
        "anthropic",
        "bedrock",
    ),
    _Rule(
        re.compile(r"/(?:tunedM|m)odels/(?P<model>[^/:]+):(?P<stream>streamG|g)enerateContent$"),
        "generateContent",
        "gemini",
        "gemini",
        "/v1beta",
    ),
    _Rule(re.compile(r"/messages$"), "messages", "anthropic", "anthropic", "/v1"),
    _Rule(re.compile(r"/chat/completions$"), "chat/completions", "chat", "openai", "/v1"),
    _Rule(re.compile(r"(?<=/backend-api/codex)/responses$"), "responses", "responses", "chatgpt"),
    _Rule(re.compile(r"/responses$"), "responses", "responses", "openai", "/v1"),
)
_TAGGED = re.compile(r"/w/([A-Za-z0-9_.:-]{1,64})(?=/|$)")
_NAMED = re.compile(r"/u/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})(?=/|$)")
_VERSION = re.compile(r"/v\d\w*(?=/|$)")
SIGNED = ("signature", "signature-input", "content-digest", "digest", "content-md5", "x-amz-content-sha256")
"""Headers that bind the body's bytes: a request that has one is never edited."""


def find(method: str, raw_path: str, headers: Mapping[str, str], upstreams: Mapping[str, str]) -> Route | None:
    """The route of a request.

    Args:
        method: the HTTP method.
        raw_path: path and query as they stood in the request line.
        headers: of the request, case-insensitive.
        upstreams: provider or name to base URL.

    Returns:
        `None` for `/u/<name>/` with a name that no upstream has.
    """
    path, mark, query = raw_path.partition("?")
    tag = ""
    if tagged := _TAGGED.match(path):
        tag, path = tagged[1], path[tagged.end() :] or "/"
    chosen = None
    if named := _NAMED.match(path):
        chosen, path = named[1], path[named.end() :] or "/"
        if chosen not in upstreams:
            return None
    bare = unquote(path)
    hit = (
        next(((rule, found) for rule in _RULES if (found := rule.path.search(bare))), None)
        if method == "POST"
        else None
    )
    if hit is None:
        provider = chosen or _provider(bare, headers)
        return Route(provider, _join(upstreams[provider], path) + mark + query, "other", tag=tag)
    rule, found = hit
    provider = chosen or ("gemini" if bare.startswith("/v1beta") else rule.provider)
    if found.start() == 0 and rule.version and not _VERSION.search(upstreams[provider]):
        path = rule.version + path
    parts = found.groupdict()
    return Route(
        provider,
        _join(upstreams[provider], path) + mark + query,
        rule.name,
        None if _signed(headers) else rule.format,
        tag,
        (_place(bare) if rule.provider == "vertex" else "") + (parts.get("model") or ""),
        streamed="stream" in (parts.get("stream") or ""),
    )


def _place(path: str) -> str:
    """Vertex charges more where one asks for a location than where it may choose one (`ledger.prices`)."""
    return "vertex/" if "/locations/global/" in path else "vertex-regional/"


def _signed(headers: Mapping[str, str]) -> bool:
    return "AWS4-HMAC-SHA256" in headers.get("authorization", "") or any(name in headers for name in SIGNED)


def _join(base: str, path: str) -> str:
    """Base URL and path; a version that ends the one and begins the other stands once."""
    version = _VERSION.match(path)
    if version and base.endswith(version[0]):
        path = path[version.end() :]
    return base + path


def _provider(path: str, headers: Mapping[str, str]) -> str:
    """Whose a request is that no rule knows: by the path, else by headers that only one provider has."""
    if path.startswith("/backend-api/"):
        return "chatgpt"
    if path.startswith(("/v1beta", "/v1alpha", "/upload/v1beta")) or "x-goog-api-key" in headers:
        return "gemini"
    if path.startswith(("/v1/messages", "/api/")) or "anthropic-version" in headers or "x-api-key" in headers:
        return "anthropic"
    return "openai"
