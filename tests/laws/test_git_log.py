"""git's history: every commit, person, date, message line and count of a diffstat is read back from the folded log."""

import hashlib
import re
from datetime import datetime, timezone

import pytest
from git_history import PEOPLE, TRAPS, bar, diffstat, history, printed, told
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from payloads import body, golden_inputs

from headroom import Settings, compress_text, retrieve
from headroom.compression.compressors import git_log
from headroom.compression.contract import Probe
from headroom.originals.store import MemoryStore
from headroom.tokens import count

ONLY = dict.fromkeys(("logs", "search", "listing", "test_output", "diff", "table"), "off")
GOLDENS = [text for command, text in golden_inputs() if command.startswith(("git log", "git blame"))]


def fold(text, level="balanced", command="git log"):
    store = MemoryStore()
    made = compress_text(text, command, settings=Settings(level=level, min_tokens=0, kinds=ONLY), store=store)
    assert made.failures == ()
    assert count(made.text) <= count(text)
    if made.edit:
        assert retrieve(made.edit.handle, store=store) == text
    return made


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(history())
def test_everything_is_read_back(commits):
    text = printed(commits)
    made = fold(text)
    if not made.edit:
        return
    assert made.edit.lossless
    trailer = any(re.match(r"[A-Z][\w-]*-[Bb]y: [^<]*$", line) for commit in commits for line in commit["message"])
    for commit, read in zip(commits, told(body(made), not trailer), strict=True):
        for name in ("hash", "refs", "merge", "author", "when"):
            assert read[name] == commit[name]
        assert read["message"] == commit["message"]
        assert list(read["stat"]) == list(commit["stat"])
        for path, counts in commit["stat"].items():
            assert read["stat"][path] in (counts, sum(counts))
        if any(isinstance(counts, int) and counts for counts in read["stat"].values()):
            assert read["last"] in ("", diffstat(commit["stat"])[-1])


def test_messages_that_look_like_headers_stay_apart():
    text = printed(
        [
            {
                "hash": "a1" * 20,
                "refs": "",
                "merge": "",
                "author": PEOPLE[0],
                "when": datetime(2026, 3, 2, tzinfo=timezone.utc),
                "message": ["Subject", "", trap],
                "stat": {"src/app.py": (3, 1)},
            }
            for trap in TRAPS
        ]
        * 3
    )
    lines = fold(text).text.split("\n")
    for trap in TRAPS:
        assert f"    {trap}" in lines


def test_an_inexact_bar_is_solved_from_the_last_line_or_stays():
    one = printed(
        [
            {
                "hash": "b2" * 20,
                "refs": "",
                "merge": "",
                "author": PEOPLE[0],
                "when": datetime(2026, 3, 2, tzinfo=timezone.utc),
                "message": ["Subject"],
                "stat": {"big.c": (150, 77), "only.c": (90, 0), "small.c": (0, 3)},
            }
        ]
    )
    assert fold(one).text.split("\n")[-3:] == [" big.c +150 -77", " only.c +90", " small.c -3"]
    two = printed(
        [
            {
                "hash": "b2" * 20,
                "refs": "",
                "merge": "",
                "author": PEOPLE[0],
                "when": datetime(2026, 3, 2, tzinfo=timezone.utc),
                "message": ["Subject"],
                "stat": {"big.c": (150, 77), "also.c": (90, 30)},
            }
        ]
    )
    assert fold(two).text.split("\n")[-3:] == [
        f" big.c | 227 {bar(150, 77, 40, 227)}",
        f" also.c | 120 {bar(90, 30, 40, 227)}",
        " 2 files changed, 240 insertions(+), 107 deletions(-)",
    ]


def test_only_files_that_differ_in_one_part_stand_together():
    files = ["a/x/f.c", "b/x/f.c", "a/y/f.c", "c/x/f.c", "p/m.c", "q/m.c", "r/m.c", "r/n.c"]
    lines = fold("\n".join(diffstat(dict.fromkeys(files, (1, 1)))), command="git diff --stat").text.split("\n")
    assert lines[:-1] == [
        " a/x/f.c +1 -1",
        " b/x/f.c +1 -1",
        " a/y/f.c +1 -1",
        " c/x/f.c +1 -1",
        " {p,q,r}/m.c +1 -1 each",
        " r/n.c +1 -1",
    ]
    assert lines[-1] == " 8 files changed, 8 insertions(+), 8 deletions(-)"


def unblame(text):
    """A folded blame as git prints it."""
    rows, known, now = [], {}, None
    for line in text.split("\n"):
        if number := re.match(r"(\d+)\)(?: (.*))?$", line):
            rows.append((*known[now], number[1], number[2] or ""))
        else:
            name, _, who = line.partition(" (")
            now = name
            if who:
                known[name] = (name, who[:-27], who[-26:-1])
    wide, number = max(len(row[1]) for row in rows), max(len(row[3]) for row in rows)
    return "\n".join(f"{name} ({who:{wide}} {when} {line:>{number}}) {code}" for name, who, when, line, code in rows)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(["x = 1", "", "    return (a)", "12) odd", "}"])),
        min_size=3,
        max_size=40,
    )
)
def test_blame_is_read_back(lines):
    commits = [
        ("^4fee01c", "Ada"),
        ("12345678", "Grace H."),
        ("abcdef12", "Ada"),
        ("00000000", "Not Committed Yet"),
        ("deadbee1", "Élodie"),
    ]
    text = "\n".join(
        f"{commits[at][0]} ({commits[at][1]:{max(len(commits[i][1]) for i, _ in lines)}} 2026-03-0{at + 1} 10:00:00 +0100 {number:>{len(str(len(lines)))}}) {code}"
        for number, (at, code) in enumerate(lines, 1)
    )
    made = fold(text, "lossless", "git blame x.py")
    if made.edit:
        assert unblame(made.text) == text


def test_one_line_logs_keep_every_hash_with_its_subject():  # "Fix error message in parser" is no log line
    names = [hashlib.sha1(str(i).encode()).hexdigest()[:8] for i in range(120)]
    subjects = ["Fix error message in parser", *(f"Add thing {i}" for i in range(40))]
    lines = [f"{name} {subjects[0] if i % 2 else subjects[1 + i % 40]}" for i, name in enumerate(names)]
    made = fold("\n".join(lines), command="git log --oneline")
    (said,) = re.findall(r'\[(\d+) more commits "Fix error message in parser": (.*?)\]', made.text)
    assert int(said[0]) == len(said[1].split())
    shown = {line for line in made.text.split("\n") if not line.startswith("[")} | {
        f"{name} {subjects[0]}" for name in said[1].split()
    }
    assert shown == set(lines)
    assert not made.edit.lossless


def test_a_dense_one_line_log_stays_and_aggressive_says_what_it_leaves_out():
    lines = [
        f"{hashlib.sha1(str(i).encode()).hexdigest()[:8]} fix(part{i % 9}): handle case {i} of the parser (#{i})"
        for i in range(400)
    ]
    lines[200] = lines[200][:8] + " Release 3.0: drop the old protocol"
    assert fold("\n".join(lines)).edit is None
    made = fold("\n".join(lines), "aggressive").text.split("\n")
    assert lines[200] in made
    missing = set(lines) - set(made)
    named = set()
    for first, last in re.findall(r"^\[(\d+)-(\d+) omitted", "\n".join(made), re.MULTILINE):
        named |= set(lines[int(first) - 1 : int(last)])
    assert missing == named
    assert missing


def test_what_bots_write_for_machines_is_told_once():
    body = [
        "build(deps): bump {0} from 1 to 2",
        "",
        "Bumps {0} from 1 to 2.",
        "",
        "---",
        "updated-dependencies:",
        "- dependency-name: {0}",
        "  dependency-type: direct:production",
        "...",
    ]
    when = datetime(2026, 3, 2, tzinfo=timezone.utc)
    commits = [
        {
            "hash": hashlib.sha1(name.encode()).hexdigest(),
            "refs": "",
            "merge": "",
            "author": PEOPLE[3],
            "when": when,
            "message": [line.format(name) for line in body],
            "stat": {},
        }
        for name in ("left", "right", "up", "down", "in")
    ]
    text = printed(commits)
    made = fold(text)
    assert made.text.count("updated-dependencies:\n") == 1
    assert made.text.count("[updated-dependencies: 1]") == 4
    assert "[20 of" in made.text  # 4 blocks of 5 lines
    for name in ("left", "right", "up", "down", "in"):
        assert f"Bumps {name} from 1 to 2." in made.text
    assert fold(text, "lossless").text.count("updated-dependencies:") == 5


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(GOLDENS), st.data(), st.sampled_from(["balanced", "aggressive", "lossless"]))
def test_damaged_logs_keep_their_hashes_and_words(text, data, level):
    lines = text.split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        change = data.draw(st.sampled_from(["drop", "double", "odd", "cut"]))
        if change == "drop" and len(lines) > 5:
            del lines[at]
        elif change == "double":
            lines.insert(at, lines[at])
        elif change == "odd":
            lines[at] += data.draw(st.sampled_from(["\r", "é\u2028", "\ud800", " [1-2 omitted: x]"]))
        elif at > 4:
            lines = lines[:at]
    damaged = "\n".join(lines)
    made = compress_text(damaged, settings=Settings(level=level, min_tokens=0, kinds=ONLY), store=MemoryStore())
    assert made.failures == ()
    if made.edit and made.edit.compressor == "git_log":
        for name in re.findall(r"\b[0-9a-f]{8}[0-9a-f]*\b", damaged):
            assert name in made.text


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"{hashlib.sha256(str(i).encode()).hexdigest()}  dist/file{i}.whl" for i in range(20)),
        "\n".join(f"{hashlib.md5(str(i).encode()).hexdigest()}  file{i}" for i in range(20)),
        "\n".join(f"{4198400 + 16 * i:016x} T function_{i}" for i in range(20)),
        "\n".join(f"  40{i:04x}: 48 89 e5  mov %rsp,%rbp" for i in range(20)),
        "\n".join(f"2026010{i % 9} deploy finished in {i} s" for i in range(20)),
        "The commit failed.\n\nAuthor: nobody\nDate: today\n" * 9,
        "\n".join(f"deadbeef {i} bytes at rest" for i in range(20)),
    ],
)
def test_other_text_is_not_a_log(text):
    assert git_log.score(Probe(text, "git log")) < 0.5 or git_log.compress(text, None) is None
