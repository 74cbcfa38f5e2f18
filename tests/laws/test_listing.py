"""Listings: every entry stays with its columns; a fold reads back; what is thinned out is said."""

import os
import re
import subprocess
from functools import cache
from pathlib import Path

import listing_reader
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from payloads import DAMAGES, SEEDS, body, golden_inputs

import headroom
from headroom import Settings, compress_text, retrieve
from headroom.compression import markers, relevance
from headroom.compression.compressors import (
    listing,
    listing_columns,
    listing_long,
    listing_names,
    listing_packages,
    listing_tree,
)
from headroom.compression.contract import Probe
from headroom.originals.store import MemoryStore
from headroom.tokens import count

SOURCE = Path(headroom.__file__).parent
NAMES = [
    "a.py",
    "b c.txt",
    "lib",
    "run.sh",
    "data.csv",
    "12 notes",
    "Nov 3 2024 x",
    "x -> y",
    "é漢",
    "end*",
    "café/",
    "09:12 standup",
    "_",
]
MODES = ["-rw-r--r--", "-rwxr-xr-x", "drwxr-xr-x", "lrwxrwxrwx", "-rwsr-xr-x", "drwxrwxrwt", "-rw-rw-rw-"]
DATES = ["Oct 24  2024", "Nov  3 09:12", "Nov  3 11:40", "Jan 15  2023"]


class Bare:
    """The context of a text on its own."""

    def __init__(self, command="", level="lossless", query=""):
        self.level, self.command, self.first_line, self.query = level, command, 1, relevance.Query(query)

    def handle(self):
        return markers.handle_of("x")


def ran(*command, cwd=SOURCE):
    run = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}
    )
    return run.stdout.rstrip("\n")


@cache
def folder(tmp):
    """A directory with one of everything that `ls -l` prints in its own way."""
    for name, mode in [
        ("setuid", 0o4755),
        ("open", 0o666),
        ("tool", 0o755),
        ("one", 0o644),
        ("two", 0o644),
        ("three", 0o644),
    ]:
        path = tmp / name
        path.write_text(name * 9)
        path.chmod(mode)
    (tmp / "deep" / "er").mkdir(parents=True)
    (tmp / "link").symlink_to("deep/er")
    (tmp / "other").symlink_to("tool")
    (tmp / "a b").write_text("")
    return tmp


@pytest.fixture(scope="module")
def odd_folder(tmp_path_factory):
    return folder(tmp_path_factory.mktemp("odd"))


@pytest.mark.parametrize("arguments", [["-l"], ["-la"], ["-laF"], ["-lR"], ["-lt"], ["-lS"], ["-ln"], ["-laR"]])
def test_ls_l_reads_back(arguments, odd_folder):
    for cwd in (odd_folder, SOURCE, SOURCE / "wire"):
        text = ran("ls", *arguments, cwd=cwd)
        folded = listing_long.fold(text.split("\n"))
        assert listing_reader.long("\n".join(folded)) == text


@st.composite
def long_rows(draw):
    """Rows as `ls -l` prints them, with names that look like something else."""
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(MODES),
                st.integers(1, 3),
                st.sampled_from(["root", "alice"]),
                st.integers(0, 99999),
                st.sampled_from(DATES),
                st.sampled_from(NAMES),
            ),
            min_size=4,
            max_size=25,
        )
    )
    rows = [
        (
            mode,
            links,
            owner,
            len(name) + 2 if mode[0] == "l" else size,
            date,
            f"{name} -> {name}.." if mode[0] == "l" else name,
        )
        for mode, links, owner, size, date, name in rows
    ]
    wide = [max(len(str(row[at])) for row in rows) for at in range(4)]
    return "\n".join(
        f"{mode} {links:>{wide[1]}} {owner:<{wide[2]}} staff {size:>{wide[3]}} {date} {name}"
        for mode, links, owner, size, date, name in rows
    )


@settings(max_examples=300)
@given(long_rows())
def test_odd_rows_of_ls_l_read_back(text):
    folded = listing_long.fold(text.split("\n"))
    assume(folded is not None)
    assert listing_reader.long("\n".join(folded)) == text


def test_odd_permissions_are_shown(odd_folder):
    made = compress_text(ran("ls", "-l", cwd=odd_folder), "ls -l", settings=Settings(min_tokens=0), store=MemoryStore())
    assert re.search(r"^-rwsr-xr-x .*setuid$", made.text, re.MULTILINE)
    assert re.search(r"^-rw-rw-rw- .*open$", made.text, re.MULTILINE)


@st.composite
def damaged(draw, seeds):
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 3))):
        text = draw(st.sampled_from(DAMAGES))(draw, text)
    return text


ALIKE = "./l:\nx\ny\n\n" + "\n\n".join(f"./l/{name}:\nsub\n\n./l/{name}/sub:\na.mo\na.po" for name in "abcdefg")
RECURSIVE = [ALIKE, ran("ls", "-R"), ran("ls", "-R", cwd=SOURCE / "wire"), "./a:\nx\n\n./b:\n\n./c:\ny z\nw\n\n./d:\nq"]


@settings(max_examples=200)
@given(damaged(RECURSIVE))
def test_ls_R_reads_back(text):  # noqa: N802 - the option is a capital
    folded = listing_names.fold_recursive(text.split("\n"))
    assume(folded is not None)
    assert listing_reader.recursive("\n".join(folded)) == text


def test_directories_that_hold_the_same_are_told_together():
    folded = listing_names.fold_recursive(ALIKE.split("\n"))
    assert folded == ["./l: x y", "./l/{a,b,c,d,e,f,g}: sub", "./l/{the same 7}/sub: a.mo a.po"]


TREES = [
    (text, listing_reader.NPM if "npm" in command else listing_reader.TREE)
    for command, text in golden_inputs()
    if command.startswith(("npm ls", "tree")) and "─" in text
]


@settings(max_examples=200)
@given(st.data())
def test_trees_read_back(data):
    text, style = data.draw(st.sampled_from(TREES))
    lines = text.split("\n")
    cut = data.draw(st.integers(5, len(lines)))
    text = "\n".join(lines[:cut])
    folded = listing_tree.fold(text.split("\n"))
    assert folded is not None
    if folded[-1].startswith("[cut off here"):
        drawn = [re.sub(r"^[│├└─┬ ]+", "", line) for line in lines[1:cut]]
        told = [label for line in folded[1:-1] for label in line.strip(" ").split(", ")]
        assert list(map(name_of, told)) == list(map(name_of, drawn))
    else:
        assert listing_reader.tree("\n".join(folded), style) == text


def name_of(label):
    return re.sub(r"(?<=.)@[^@\s]+$", "", label.removesuffix(" deduped"))


@st.composite
def path_lists(draw):
    start = draw(st.sampled_from(["/home/dev/project/", "./", "C:/code/app/src/", ""]))
    names = draw(
        st.lists(
            st.sampled_from(
                [
                    "src/a.py",
                    "src/b.py",
                    "src/deep/c.py",
                    "top.md",
                    "src",
                    "a b/c.py",
                    "src/x: y",
                    "src/d/e/f.py",
                    "src/d/e/g.py",
                ]
            ),
            min_size=8,
            max_size=30,
        )
    )
    return "\n".join(start + name for name in names)


@settings(max_examples=200)
@given(path_lists(), st.booleans())
def test_paths_read_back(text, long):
    folded = listing_names.fold_paths((text.split("\n")) * (60 if long else 1), 10**6 if long else 0)
    assume(folded is not None)
    assert listing_reader.paths("\n".join(folded)) == "\n".join(text.split("\n") * (60 if long else 1))


def test_short_lists_keep_whole_paths():
    text = "\n".join(f"./src/part{n}/module{n}.py" for n in range(60))
    assert compress_text(text, "find . -name '*.py'", store=MemoryStore()).text == text


def test_packages_read_back():
    text = next(text for command, text in golden_inputs() if command == "dpkg -l")
    folded = listing_packages.fold(text.split("\n"))
    assert listing_reader.packages("\n".join(folded)) == text
    shuffled = text.split("\n")
    shuffled[6], shuffled[20] = shuffled[20], shuffled[6]
    assert listing_reader.packages("\n".join(listing_packages.fold(shuffled))) == "\n".join(shuffled)


COLUMNS = [(command, text) for command, text in golden_inputs() if command in ("ps -ef", "kubectl get pods -A")]


@pytest.mark.parametrize(("command", "text"), COLUMNS, ids=[command for command, _ in COLUMNS])
def test_every_cell_of_a_table_stays(command, text):
    folded = "\n".join(listing_columns.fold(text.split("\n")))
    titles = re.findall(r"\S+", text.split("\n")[0])
    for line in text.split("\n")[1:]:
        cells = re.split(r" {2,}", line.strip())
        for cell in cells:
            assert all(word in folded for word in cell.split()), (command, cell)
    assert all(title in folded for title in titles)


def huge():
    paths = [f"./node_modules/lib{n % 90}/dist/file{n}.js" for n in range(1500)] + [
        f"./src/app/module{n}.py" for n in range(900)
    ]
    paths.insert(1700, "./src/app/schema.graphql")
    return paths


def test_only_a_huge_listing_is_thinned_out():
    paths = huge()
    text = "\n".join(paths)
    store = MemoryStore()
    made = compress_text(text, "find . -type f", "what is in module417?", store=store)
    assert count(made.text) < 9_000
    assert "./src/app/schema.graphql" in made.text
    assert "./src/app/module417.py" in made.text
    assert "in node_modules" in made.text
    assert retrieve(made.edit.handle, store=store) == text
    hidden = set()
    for first, last in re.findall(r"^\[(\d+)(?:-(\d+))? omitted", made.text, re.MULTILINE):
        hidden.update(range(int(first), int(last or first) + 1))
    shown = set(made.text.split("\n"))
    assert hidden == {number for number, path in enumerate(paths, 1) if path not in shown}
    exact = compress_text(text, "find . -type f", settings=Settings(level="lossless"), store=MemoryStore())
    assert listing_reader.paths(body(exact)) == text


NOT_A_LISTING = [
    "def run(self):\n    return 1\n\nclass A:\n    pass\n" * 5,
    "# Title\n\nSome words about and/or things.\n\n- one\n- two\n" * 5,
    "host: localhost\nport: 80\nname:\n  first: a\n" * 5,
    "INFO starting\nWARN slow\nINFO done\n" * 10,
    "alpha\nbeta\ngamma\ndelta\nepsilon\nzeta\neta\ntheta\niota\nkappa",
    "https://a.example/x/y\n" * 10,
    "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n",
]


@pytest.mark.parametrize("text", NOT_A_LISTING)
def test_what_only_looks_like_one_is_not_claimed(text):
    assert listing.score(Probe(text)) == 0.0


def test_no_sample_of_another_kind_is_claimed():
    for command, text in SEEDS:
        if not re.match(r"ls|find|tree|npm ls|dpkg|glob|ps|kubectl|docker|pip list|df|du|Glob", command):
            assert listing.score(Probe(text, command)) == 0.0, command


@settings(max_examples=150)
@given(damaged([text for _, text in golden_inputs()][:40]))
def test_damaged_text_is_never_made_longer_or_crashes(text):
    for command in ("ls -la", "find ."):
        made = compress_text(text, command, settings=Settings(min_tokens=0), store=MemoryStore())
        assert not made.failures
        assert count(made.text) <= count(text)


@pytest.mark.parametrize(
    "line",
    [
        "a" * 900_000,
        " " * 900_000,
        "│ " * 400_000,
        "=" * 900_000 + "x",
        "- " * 400_000,
        "a/" * 400_000,
        "-rw-r--r-- 1 a " + "1 " * 400_000,
    ],
)
def test_a_line_of_megabytes_does_not_hang(line):
    text = "\n".join([line] * 4)
    listing.score(Probe(text, "ls"))
    listing.compress(text, Bare("ls"))
