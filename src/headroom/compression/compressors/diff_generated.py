"""Files in a diff that no person wrote: lock files, bundles, snapshots, generated code; and what of them is worth a line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom.compression.compressors.diff_parse import FileDiff

MINIFIED = "minified file"
"""What nobody can read: a bundle, a source map, lines of thousands of characters."""
_LOCK = re.compile(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|Cargo\.lock|poetry\.lock|uv\.lock|pdm\.lock"
    r"|Pipfile\.lock|pixi\.lock|conda-lock\.yml|composer\.lock|Gemfile\.lock|mix\.lock|pubspec\.lock|Podfile\.lock|Package\.resolved|go\.sum|go\.work\.sum"
    r"|flake\.lock|gradle\.lockfile|packages\.lock\.json|paket\.lock|Chart\.lock|\.terraform\.lock\.hcl|MODULE\.bazel\.lock)$"
)
_SNAPSHOT = re.compile(r"(?:^|/)__snapshots__/|\.snap(?:\.new)?$|\.ambr$")
_BUNDLE = re.compile(r"(?i)\.min\.(?:js|css|mjs)$|\.bundle\.(?:js|css)$|\.(?:js|css)\.map$")
_GENERATED = re.compile(
    r"(?i)_pb2(?:_grpc)?\.pyi?$|\.pb\.(?:go|cc|h|gw\.go)$|_generated\.\w+$|\.generated\.\w+$"
    r"|\.g\.(?:dart|cs)$|\.freezed\.dart$|\.designer\.cs$|(?:^|/)zz_generated[\w.]*\.go$"
)
_MARK = re.compile(
    r"\s*(?://|#|/?\*|--|;|<!--|\"\"\"|%).{0,200}(?:DO NOT EDIT|do not (?:edit|modify) (?:this file|by hand|manually)|@generated\b|Code generated (?:by|from)|linguist-generated)"
)
_MARKED_BY = 30
"""A mark of generation counts in the first lines of a file only: elsewhere it is talked about."""
_LONG = 1000
"""Characters in a line that no person types: minified."""
_MOST_CHANGES = 12
"""Versions named in the line for a lock file; the rest is a number."""

_NAMED = re.compile(
    r"[ +-]\s*(?:name\s*[=:]\s*\"(?P<toml>[^\"]+)\"|\"(?:node_modules/)?(?P<json>(?:[^\"/]+/)*[^\"]+)\": \{|\"?(?P<yarn>@?[^\s@\"]+)@[^\s].*:$)"
)
_VERSION = re.compile(r"([+-])\s*\"?version\"?(?:\s*[=:])?\s*\"?(\d[^\"\s,]*)\"?,?\s*$")
_GO = re.compile(r"([+-])(\S+) (v\S+?)(/go\.mod)? h1:")


def kind_of(file: FileDiff) -> str:
    """What sort of generated file it is; empty for one a person wrote."""
    path = file.path
    if _LOCK.search(path):
        return "lock file"
    if _BUNDLE.search(path):
        return MINIFIED
    if _SNAPSHOT.search(path):
        return "snapshot"
    if _GENERATED.search(path):
        return "generated file"
    for hunk in file.hunks:
        if hunk.starts[-1] > _MARKED_BY:
            break
        if any(_MARK.match(line, hunk.marks) for line in hunk.body[:_MARKED_BY]):
            return "generated file"
    sizes = [len(line) for hunk in file.hunks for line in hunk.body if line[:1] in ("+", "-")]
    code = path.endswith((".js", ".css", ".mjs", ".svg", ".json", ".map"))
    return MINIFIED if code and sizes and sum(sizes) > _LONG * len(sizes) else ""


def summary(file: FileDiff, kind: str) -> str:
    """`lock file: +12 -8 in 3 hunks; serde 1.0.1 -> 1.0.2`."""
    signs = [line[:1] for hunk in file.hunks for line in hunk.body]
    hunks = len(file.hunks)
    text = f"{kind}: +{signs.count('+')} -{signs.count('-')} in {hunks} hunk{'s' if hunks != 1 else ''}"
    if kind == "lock file" and (changes := list(_changes(file))):
        more = len(changes) - _MOST_CHANGES
        text += "; " + ", ".join(changes[:_MOST_CHANGES]) + (f" and {more} more" if more > 0 else "")
    return text


def _changes(file: FileDiff) -> Iterator[str]:
    """`serde 1.0.1 -> 1.0.2` for each package whose version lines can be read."""
    old: dict[str, list[str]] = {}
    new: dict[str, list[str]] = {}
    for hunk in file.hunks:
        name = ""
        for line in hunk.body:
            if match := _GO.match(line):
                if not match[4]:
                    (old if match[1] == "-" else new).setdefault(match[2], []).append(match[3])
            elif match := _NAMED.match(line):
                name = match["toml"] or match["json"] or match["yarn"]
            elif name and (match := _VERSION.match(line)):
                (old if match[1] == "-" else new).setdefault(name, []).append(match[2])
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name, []), new.get(name, [])
        if before and after:
            yield f"{name} {', '.join(before)} -> {', '.join(after)}"
        else:
            yield f"{name} {', '.join(after)} added" if after else f"{name} {', '.join(before)} removed"
