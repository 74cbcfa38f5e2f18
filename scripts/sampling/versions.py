"""A repository whose history is real: successive releases of a package, as they were published, and what git says of them."""

from __future__ import annotations

import json
import re
import shlex

from sampling import facts
from sampling.workshop import Sample, Workshop

PACKAGE = "koa"
"""MIT; a small library with a long history."""
RELEASES = ("2.11.0", "2.12.1", "2.13.0", "2.13.4", "2.14.2", "2.15.0", "2.15.4", "2.16.0", "2.16.1", "3.0.0", "3.0.1")
COMMITS = {
    "2.14.2": "Upgrade koa to 2.14.2\n\nBrings `asyncLocalStorage` and `currentContext`.",
    "3.0.0": "Upgrade koa to 3.0.0\n\nNeeds Node 18. `redirect('back')` is gone: use `back()`.",
}

_LOCK = re.compile(r"^diff --git a/package-lock.*?(?=^diff --git )", re.DOTALL | re.MULTILINE)
"""A lock file's part of a diff: a count may stand for it, so none of its lines is a fact."""


def make(shop: Workshop) -> None:
    """Commit each release, then look at the history in the ways that an agent does."""
    shop.need("git", "npm")
    repository(shop)
    version = shop.version("git --version")
    for file, kind, command, limit in (
        ("git_diff.txt", "diff", "git diff HEAD~2 HEAD~1", 20_000),
        ("git_show.txt", "diff", "git show HEAD~6", 26_000),
        ("diff_ru.txt", "diff", "diff -ru ../before/package/lib vendor/koa/lib", 20_000),
        ("git_log_stat.txt", "git_log", "git log --stat", 20_000),
        ("git_log_patch.txt", "git_log", "git log -p --reverse -- vendor/koa/lib/application.js", 14_000),
        ("git_blame.txt", "git_log", "git blame -L 1,180 vendor/koa/lib/request.js", 90_000),
        ("git_grep.txt", "search", "git grep -n -C1 -E 'this\\.(req|res)\\b'", 16_000),
        ("git_status.txt", "listing", "git status", 90_000),
    ):
        text = shop.run(command, "history")
        if len(text) > limit:
            command = f"{command} | head -c {limit} | sed '$d'"  # noqa: PLW2901 -- what is really run
            text = shop.run(command, "history")
        shop.add(Sample(file, kind, command, text, rule(kind, text), version))


def rule(kind: str, text: str) -> list[str]:
    """What must survive, by family."""
    text = _LOCK.sub("", text)
    if kind == "diff":
        return facts.matches(text, r"^([+-](?![+-]).*\w{4}.*)$", r"^\+\+\+ (?:b/)?(\S+)", limit=7)
    if kind == "search":
        return facts.matches(text, r"^([\w/.]+)[:-]\d+[:-]", r"^[\w/.]+:\d+:\s*(\S.{10,60})$", limit=6)
    if kind == "listing":
        return facts.matches(text, r"^\t(?:modified: +|deleted: +)?(\S+)$", limit=6)
    changed = facts.matches(text, r"^([+-](?![+-]).*\w{4}.*)$", limit=4)
    blamed = facts.matches(text, r"^\^?[0-9a-f]{7,} .*?\d+\) *(\S.{12,60})$", limit=6)
    return (
        facts.matches(text, r"^commit ([0-9a-f]{10})", r"^Date:.*\n\n    (.+)$", r"^ (\S+) +\| +\d+", limit=5)
        + changed
        + blamed
    )


def repository(shop: Workshop) -> None:
    """Unpack the releases one by one; the dates are those of publication."""
    shop.write({"history/package.json": ""})
    shop.run("git init -q -b main && git config user.name Demo && git config user.email demo@example.org", "history")
    published = json.loads(shop.fetch("npm", "view", PACKAGE, "time", "--json"))
    for release in RELEASES:
        shop.fetch("npm", "pack", "--silent", f"{PACKAGE}@{release}")
        shop.run(
            f"rm -rf history/vendor && mkdir -p history/vendor && tar xzf {PACKAGE}-{release}.tgz && mv package history/vendor/{PACKAGE}"
        )
        shop.run("rm -f vendor/koa/History.md", "history")
        shop.write(
            {
                "history/package.json": json.dumps(
                    {"name": "shop", "private": True, "dependencies": {PACKAGE: release}}, indent=2
                )
                + "\n"
            }
        )
        shop.fetch(
            "npm", "install", "--silent", "--package-lock-only", "--omit-lockfile-registry-resolved", folder="history"
        )
        message = shlex.quote(COMMITS.get(release, f"Upgrade {PACKAGE} to {release}"))
        day = shlex.quote(published[release])
        shop.run(
            f"git add -A && git commit -q -m {message}",
            "history",
            GIT_AUTHOR_DATE=day.strip("'"),
            GIT_COMMITTER_DATE=day.strip("'"),
        )
    shop.fetch("npm", "pack", "--silent", f"{PACKAGE}@3.1.0")
    shop.run(f"mkdir next && tar xzf {PACKAGE}-3.1.0.tgz -C next")
    shop.run(f"mkdir before && tar xzf {PACKAGE}-2.15.0.tgz -C before")
    shop.run(
        "cp -r ../next/package/lib/. vendor/koa/lib/; rm vendor/koa/LICENSE; touch notes.md vendor/koa/lib/orders.js",
        "history",
    )
