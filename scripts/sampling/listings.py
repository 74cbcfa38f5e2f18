"""Listings of, and searches through, an installed package (mocha: MIT)."""

from __future__ import annotations

from sampling import facts
from sampling.workshop import Sample, Workshop

PACKAGE = "mocha@11.7.1"


def make(shop: Workshop) -> None:
    """Unpack the package, list it and search it."""
    shop.need("npm", "grep", "find", "du")
    shop.fetch("npm", "pack", "--silent", PACKAGE)
    shop.run(f"mkdir unpacked && tar xzf {PACKAGE.replace('@', '-')}.tgz -C unpacked --strip-components=1")
    ls, find, du, grep = (shop.version(f"{tool} --version") for tool in ("ls", "find", "du", "grep"))
    for file, command, pattern, tool in (
        ("ls_l_recursive.txt", "ls -lR", r" (\S+\.\w+)$", ls),
        ("ls_la.txt", "ls -la lib lib/reporters", r" (\S+\.\w+)$", ls),
        ("find.txt", "find . -type f", r"([^/\n]+\.\w+)$", find),
        ("du.txt", "du -a lib", r"^(\d+\t\S+)$", du),
    ):
        text = shop.run(command, "unpacked")
        names = [
            part for found in facts.matches(text, pattern, limit=7) for part in found.split("\t")[-1].split("/")[-1:]
        ]
        shop.add(Sample(file, "listing", command, text, list(dict.fromkeys(names)), tool))
    for file, command in (
        ("grep_rn.txt", "grep -rn 'throw ' lib bin"),
        ("grep_context.txt", "grep -rnw -A2 -B1 deprecate lib"),
        ("grep_many_files.txt", "grep -rnF 'require(' lib"),
    ):
        text = shop.run(command, "unpacked")
        hits = facts.matches(text, r"^([\w/.-]+?)[:-]\d+[:-]", r"^[\w/.-]+?:\d+:\s*(\S.{10,70})$", limit=6)
        shop.add(Sample(file, "search", command, text, hits, grep))
