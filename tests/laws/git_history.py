"""Git histories for the law tests: drawn, printed as `git log` does, and read back from what a compressor wrote."""

import hashlib
import re
from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

PEOPLE = [
    ("Ada Byron", "ada@example.org"),
    ("Ada Byron", "ada@home.example"),
    ("Grace H.", "grace@example.org"),
    ("bot[bot]", "1+bot[bot]@users.example"),
    ("Élodie 李", "e@x"),
]
LINES = [
    "Fix the parser",
    "",
    "* one point",
    "  indented further",
    "    code()",
    "Signed-off-by: Ada Byron <ada@example.org>",
    "Reviewed-by: Grace H. <grace@example.org>",
    "a | b",
    "See 1a2b3c4d.",
    "+6 -2",
    "Fixes #12",
]
TRAPS = [
    "Reviewed-by: Grace H.",
    " leading blank +3 -1",
    "commit 0123456789abcdef",
    "0123456789abcdef0123456789abcdef01234567 Ada Byron",
    " src/a.py | 3 +++",
]
PATHS = [
    "src/app.py",
    "src/api/users.py",
    "src/api/orders.py",
    "src/api/items.py",
    "lib/api/users.py",
    "src/web/users.py",
    "docs/{old => new}/a.md",
    "a, b.txt",
    "lib/x -3",
    "README.md",
]


def bar(plus, minus, width, most):
    """git's bar for a file's counts (scale_linear in its diff.c)."""

    def scale(number):
        return 1 + number * (width - 1) // most if number else 0

    if width <= most:
        total = scale(plus + minus)
        if total < 2 and plus and minus:
            total = 2
        if plus < minus:
            plus, minus = scale(plus), total - scale(plus)
        else:
            plus, minus = total - scale(minus), scale(minus)
    return "+" * plus + "-" * minus


def diffstat(files):
    names, digits = max(map(len, files)), max(len(str(sum(counts))) for counts in files.values())
    most = max(1, *(sum(counts) for counts in files.values()))
    lines = [
        f" {path:{names}} | {sum(counts):>{digits}} {bar(*counts, 40, most)}".rstrip() for path, counts in files.items()
    ]
    plus, minus = (sum(counts[side] for counts in files.values()) for side in (0, 1))
    last = f" {len(files)} file{'s' * (len(files) != 1)} changed"
    last += f", {plus} insertion{'s' * (plus != 1)}(+)" if plus or not minus else ""
    return [*lines, last + (f", {minus} deletion{'s' * (minus != 1)}(-)" if minus or not plus else "")]


@st.composite
def history(draw):
    commits = []
    traps = draw(st.booleans())
    for index in range(draw(st.integers(1, 8))):
        message = draw(st.lists(st.sampled_from(LINES + TRAPS * traps), max_size=6))
        while message and not message[-1].strip():
            message.pop()
        when = datetime(
            2024, 1, 1, tzinfo=timezone(timedelta(minutes=draw(st.sampled_from([-420, 0, 60, 330]))))
        ) + timedelta(seconds=draw(st.integers(0, 90_000_000)))
        counts = st.sampled_from([(1, 1), (0, 3)]) | st.tuples(st.integers(0, 200), st.integers(0, 200))
        commits.append(
            {
                "hash": hashlib.sha1(f"{index}{draw(st.integers(0, 9))}".encode()).hexdigest(),
                "refs": draw(st.sampled_from(["", "", " (HEAD -> main, tag: v1.2)"])),
                "merge": draw(st.sampled_from(["", "", "258d68b6 68936208"])),
                "author": draw(st.sampled_from(PEOPLE)),
                "when": when,
                "message": [
                    draw(st.sampled_from(["Subject", "fix: a thing (#12)"])),
                    *([""] if message else []),
                    *message,
                ],
                "stat": draw(st.dictionaries(st.sampled_from(PATHS), counts, max_size=6)),
            }
        )
    return commits


def printed(commits):
    """As `git log --stat` prints it."""
    lines = []
    for commit in commits:
        lines.append(f"commit {commit['hash']}{commit['refs']}")
        lines += [f"Merge: {commit['merge']}"] if commit["merge"] else []
        lines.append("Author: {} <{}>".format(*commit["author"]))
        when = commit["when"]
        lines.append(f"Date:   {when:%a %b} {when.day} {when:%H:%M:%S %Y %z}")
        lines += ["", *(f"    {line}" for line in commit["message"]), ""]
        lines += [*diffstat(commit["stat"]), ""] if commit["stat"] else []
    return "\n".join(lines[:-1])


HEADER = re.compile(
    r"([0-9a-f]{40})( \([^)]*\))? (.+?)(?: <(.*?)>)? (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})(?: \(merge (.*)\))?$"
)


def told(text, expand):
    """What a reader of a folded log knows."""
    commits, known = [], {}
    indent = "    " if re.search(r"^[0-9a-f]{40}.*\n    ", text, re.MULTILINE) else ""
    for line in text.split("\n"):
        match = HEADER.match(line)
        if match:
            known[match[3]] = match[4] or known[match[3]]
            when = datetime.strptime(match[5], "%Y-%m-%d %H:%M:%S %z")
            commits.append(
                {
                    "hash": match[1],
                    "refs": match[2] or "",
                    "author": (match[3], known[match[3]]),
                    "when": when,
                    "merge": match[6] or "",
                    "message": [],
                    "stat": {},
                    "last": "",
                }
            )
        elif re.match(r" \d+ files? changed", line):
            commits[-1]["last"] = line
        elif re.match(r" [^ ]", line):
            commits[-1]["stat"].update(counts_of(line))
        else:
            said = line.removeprefix(indent)
            person = re.match(r"([A-Z][\w-]*-[Bb]y: )(.*?)(?: <(.*)>)?$", said)
            if person and person[3] and expand:
                known[person[2]] = person[3]
            elif person and expand:
                said = f"{person[1]}{person[2]} <{known[person[2]]}>"
            commits[-1]["message"].append(said)
    return commits


def counts_of(line):
    if "|" in line:
        path, _, rest = line[1:].rpartition(" | ")
        return {path: int(rest.split()[0])}
    path, plus, minus, each = re.match(r" (.*?)(?: \+(\d+))?(?: -(\d+))?( each)?$", line).groups()
    inside = re.search(r"\{(.*)\}", path)
    paths = [path.replace(inside[0], part) for part in inside[1].split(",")] if each else [path]
    return dict.fromkeys(paths, (int(plus or 0), int(minus or 0)))
