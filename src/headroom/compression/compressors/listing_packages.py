"""`dpkg -l`: one line a package, and packages of one version below it.

    ii  libgcc-s1:amd64  12.2.0-14  amd64  GCC support library     12.2.0-14 amd64:
    ii  libgomp1:amd64   12.2.0-14  amd64  GCC OpenMP library       libgcc-s1:amd64 GCC support library
    rc  old-tool         1.0-1      all    Left behind              libgomp1:amd64 GCC OpenMP library
                                                                   rc old-tool 1.0-1 all Left behind

Rules:
* the heading of `dpkg -l` stays; its rule line holds the widths of the columns.
* the most common state (`ii`) is said once; a package in another state (removed, half-installed, held) is a row of its own.
* packages that share version and architecture stand below them, indented, where the first of them stood; the remark says
  that the list is in the order of names, so nothing is lost. An unordered list is not grouped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from headroom.compression import markers

ROW = re.compile(r"([uirphUIRPH][ncHUFWti][R ]?) {1,2}(\S+) +(\S+) +(\S+)(?: +(\S.*))?$")


def fold(lines: Sequence[str]) -> list[str] | None:
    """The packages, grouped; `None` where there are too few or a line could be mistaken."""
    found = [ROW.match(line) for line in lines]
    rows = [(match[1].strip(), match[2], match[3], match[4], match[5] or "") for match in found if match]
    if len(rows) < 4 or len(rows) < 0.8 * len(lines):
        return None
    first = next(index for index, match in enumerate(found) if match)
    last = len(found) - next(index for index, match in enumerate(reversed(found)) if match)
    if not all(found[first:last]):
        return None
    common = Counter(row[0] for row in rows).most_common(1)[0][0]
    names = [(row[1].partition(":")[0], row[1]) for row in rows]
    ordered = names == sorted(names)
    members: dict[tuple[str, str], list[str]] = {}
    for state, name, version, machine, words in rows:
        if state == common:
            members.setdefault((version, machine), []).append(f" {name} {words}".rstrip())
    out = [
        *lines[:first],
        markers.note(
            f"state {common} unless shown{', in the order of names, below their version where several share one' if ordered else ''}"
        ),
    ]
    done: set[tuple[str, str]] = set()
    for state, name, version, machine, words in rows:
        group = members.get((version, machine), [])
        if state != common:
            out.append(f"{state} {name} {version} {machine} {words}".rstrip())
        elif not ordered or len(group) < 2:
            out.append(f"{name} {version} {machine} {words}".rstrip())
        elif (version, machine) not in done:
            done.add((version, machine))
            out += [f"{version} {machine}:", *group]
    return [*out, *lines[last:]]
