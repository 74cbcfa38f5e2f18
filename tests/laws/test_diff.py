"""Diffs: every changed line stays under its file with its line numbers, and what is left is still a diff."""

import difflib
import re
import subprocess
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from payloads import golden_inputs

from headroom import Settings, compress_text, retrieve
from headroom.compression.compressors import diff
from headroom.compression.contract import Probe
from headroom.originals.store import MemoryStore
from headroom.tokens import count

HUNK = re.compile(r"@@+ ((?:[-+]\d+(?:,\d+)? )+)@@+")
GOLDENS = [text for command, text in golden_inputs() if "diff" in command or "git show" in command]
WORDS = [
    "return value",
    "if not found:",
    "    total += 1",
    "}",
    "",
    "# check the limit",
    "def load(path):",
    "import sys",
    "x = compute(a, b)",
    "    log.info('done')",
]


def fold(text, level="balanced", command="git diff"):
    store = MemoryStore()
    made = compress_text(
        text,
        command,
        settings=Settings(
            level=level, min_tokens=0, kinds={"logs": "off", "search": "off", "listing": "off", "test_output": "off"}
        ),
        store=store,
    )
    assert made.failures == ()
    if made.edit:
        assert retrieve(made.edit.handle, store=store) == text
        assert made.edit.compressor in ("diff", "git_log")
    return made


def changes(text):
    """(path, sign, line number, line) of every change, read without the compressor's parser; and the number of context lines."""
    path, found, context = "", [], 0
    lines = iter(text.split("\n"))
    for line in lines:
        if line.startswith("diff --git "):
            path = re.sub(r"^a/.* b/", "", line[11:])
        elif line.startswith("+++ ") and not line.startswith("+++ /dev/null"):
            path = line[4:].split("\t")[0].removeprefix("b/")
        elif line.startswith("--- "):
            path = path or line[4:].split("\t")[0]
        elif match := HUNK.match(line):
            ranges = [[int(part) for part in side[1:].split(",")] for side in match[1].split()]
            (old, *olds), (new, *news) = ranges[0], ranges[-1]
            left = [olds[0] if olds else 1, news[0] if news else 1]
            old, new = old + (left[0] == 0), new + (left[1] == 0)
            while left[0] or left[1]:
                body = next(lines, None)
                if body is None:
                    break
                if body[:1] == "-":
                    found.append((path, "-", old, body))
                    old, left[0] = old + 1, left[0] - 1
                elif body[:1] == "+":
                    found.append((path, "+", new, body))
                    new, left[1] = new + 1, left[1] - 1
                elif body[:1] != "\\":
                    old, new, context = old + 1, new + 1, context + 1
                    left = [left[0] - 1, left[1] - 1]
    return found, context


@st.composite
def versions(draw):
    """Old and new lines of a few files."""
    files = {}
    for index in range(draw(st.integers(1, 4))):
        old = [f"{draw(st.sampled_from(WORDS))}" for _ in range(draw(st.integers(0, 40)))]
        new = list(old)
        for _ in range(draw(st.integers(1, 5))):
            at = draw(st.integers(0, len(new)))
            new[at : at + draw(st.integers(0, 3))] = [
                f"{draw(st.sampled_from(WORDS))} {index}.{draw(st.integers(0, 9))}"
                for _ in range(draw(st.integers(0, 3)))
            ]
        files[f"src/part{index}.py"] = (old, new)
    return files


def git_diff(files, context):
    text = ""
    for path, (old, new) in files.items():
        body = list(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="", n=context))
        if body:
            text += "\n".join([f"diff --git a/{path} b/{path}", "index 1234567..89abcde 100644", *body]) + "\n"
    return text


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(versions(), st.integers(0, 12), st.sampled_from(["balanced", "aggressive", "lossless"]))
def test_every_change_stays_where_it_was(files, context, level):
    text = git_diff(files, context)
    made = fold(text, level)
    assert count(made.text) <= count(text)
    before, lines_before = changes(text)
    after, lines_after = changes(made.text)
    said = re.findall(r"same change at (.*?)\]", made.text)
    assert set(after) <= set(before)
    if not said:
        assert after == before
    if match := re.search(r"\[(\d+) of (\d+) context lines", made.text):
        assert (int(match[1]), int(match[2])) == (lines_before - lines_after, lines_before)
    elif not said:
        assert lines_after == lines_before


def test_without_context_a_header_names_the_line_before():
    old = [f"line {i}" for i in range(1, 30)]
    made = fold(git_diff({"a.txt": (old, [*old[:9], "put in", *old[9:19], *old[21:]])}, 3), "aggressive")
    assert re.findall(r"@@ .* @@", made.text) == ["@@ -9,0 +10 @@", "@@ -20,2 +20,0 @@"]


SWEEP = [
    (
        ["import os", "", "from old.place import thing_that_moved", "", f"def f{i}(): pass", "end"],
        ["import os", "", "from new.place import thing_that_moved", "", f"def f{i}(): pass", "end"],
    )
    for i in range(6)
]


def test_a_change_in_many_files_is_told_once_with_every_place():
    files = {f"src/m{i}.py": pair for i, pair in enumerate(SWEEP)}
    files["src/other.py"] = (
        ["a", "b" * 80, *SWEEP[0][0], "b" * 80, "z"],
        ["aa", "b" * 80, *SWEEP[0][1], "b" * 80, "zz"],
    )
    text = git_diff(files, 3)
    made = fold(text)
    assert made.text.count("+from new.place import thing_that_moved") == 1
    (said,) = re.findall(r"\[same change at (.*?)\]", made.text)
    places = {
        (place.split(":")[0], int(number)) for place in said.split(", ") for number in place.split(":")[1].split(",")
    }
    told = {(path, number) for path, sign, number, line in changes(made.text)[0] if line.startswith("+from new")}
    assert places | told == {
        (path, number) for path, sign, number, line in changes(text)[0] if line.startswith("+from new")
    }
    others = {(number, line) for path, _, number, line in changes(made.text)[0] if path == "src/other.py"}
    assert others == {(1, "-a"), (1, "+aa"), (10, "-z"), (10, "+zz")}


def expand(text):
    """`diff --git x` as git prints it."""
    lines, made, names = text.split("\n"), [], None
    for line in lines:
        if line.startswith("diff --git "):
            name = line[11:]
            names = [f"--- a/{name}", f"+++ b/{name}"] if " b/" not in name else None
            made.append(f"diff --git a/{name} b/{name}" if names else line)
            continue
        if names and line.startswith("new file"):
            names[0] = "--- /dev/null"
        if names and line.startswith("deleted file"):
            names[1] = "+++ /dev/null"
        if names and line.startswith("@@"):
            made, names = made + names, None
        made.append(line)
    return "\n".join(made)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(versions(), st.integers(0, 6))
def test_lossless_is_read_back(files, context):
    text = git_diff(files, context)
    made = fold(text, "lossless")
    assert expand(made.text) == text
    assert made.edit is None or made.edit.lossless


@pytest.mark.parametrize("level", ["balanced", "aggressive"])
def test_what_is_left_is_a_patch_that_applies(tmp_path, level):
    old = [f"line {i} of the file" if i % 7 else "" for i in range(80)]
    new = [*old[:9], "put in", *old[9:30], "changed 30", "changed 31", *old[32:50], *old[53:79], "last", "very last"]
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.txt").write_text("\n".join(old) + "\n")
    (tmp_path / "gone.txt").write_text("one\ntwo\n")

    def git(*arguments, **more):
        return subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
            **more,
        ).stdout

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    (tmp_path / "src" / "a.txt").write_text("\n".join(new))
    (tmp_path / "fresh.txt").write_text("hello\n")
    (tmp_path / "gone.txt").unlink()
    git("add", ".")
    text = git("diff", "--cached", "-U9")
    made = fold(text, level)
    assert not made.edit.lossless
    patch = "\n".join(line for line in expand(made.text).split("\n") if not line.startswith("["))
    git("reset", "-q", "--hard")
    git("apply", "--unidiff-zero", "-", input=patch)
    assert (tmp_path / "src" / "a.txt").read_text() == "\n".join(new)
    assert (tmp_path / "fresh.txt").read_text() == "hello\n"
    assert not (tmp_path / "gone.txt").exists()


@st.composite
def damaged(draw):
    lines = draw(st.sampled_from(GOLDENS)).split("\n")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["drop", "double", "cut", "odd", "crlf"]))
        if kind == "drop":
            lines[at : at + 1] = lines[at : at + 1] if len(lines) < 3 else []
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "cut":
            lines = lines[: at + 1] if at > 3 else lines
        elif kind == "odd":
            lines[at] += "\u2028é\ud800" if draw(st.booleans()) else " [5 of 9 omitted. Full text: h:0123456789ab]"
        else:
            lines[at] += "\r"
    return "\n".join(lines)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(damaged(), st.sampled_from(["balanced", "aggressive", "lossless"]))
def test_damaged_diffs_keep_every_changed_line(text, level):
    made = compress_text(text, settings=Settings(level=level, min_tokens=0), store=MemoryStore())
    assert made.failures == ()
    if not made.edit or made.edit.compressor != "diff" or "lock file" in made.text:
        return
    after = Counter(line.rstrip("\r") for line in made.text.split("\n"))
    for line in {
        line.rstrip("\r")
        for line in text.split("\n")
        if line[:1] in ("+", "-") and not line.startswith(("+++ ", "--- "))
    }:
        assert after[line], line


def test_generated_files_become_a_line_with_counts_unless_asked_for():
    old = [
        part
        for i in range(150)
        for part in ("[[package]]", f'name = "crate-{i}"', f'version = "1.{i}.0"', f'checksum = "{i:064x}"', "")
    ]
    new = [
        line.replace("1.7.0", "1.7.1").replace("1.9.0", "2.0.0")
        if at % 5 == 2
        else (line.replace("0", "f") if at % 5 == 3 else line)
        for at, line in enumerate(old)
    ]
    text = git_diff({"Cargo.lock": (old, new), "src/main.rs": (["fn main() {}"], ["fn main() { run() }"])}, 3)
    before = Counter(sign for path, sign, _, _ in changes(text)[0] if path == "Cargo.lock")
    made = fold(text)
    assert f"lock file: +{before['+']} -{before['-']} in " in made.text
    assert "crate-7 1.7.0 -> 1.7.1, crate-9 1.9.0 -> 2.0.0" in made.text
    assert "+fn main() { run() }" in made.text
    asked = fold(text, command="git diff Cargo.lock src/main.rs")
    assert changes(asked.text)[0] == changes(text)[0]


def test_short_changes_of_generated_files_stay():
    text = git_diff({"go.sum": (["a v1.0.0 h1:x=", "b v1.0.0 h1:y="], ["a v1.0.1 h1:z=", "b v1.0.0 h1:y="])}, 3)
    assert "+a v1.0.1 h1:z=" in fold(text).text


def test_a_mark_of_generation_counts_at_the_top_of_a_file_only():
    talk = [f"line {i}" for i in range(400)]
    told = [*talk[:300], "# DO NOT EDIT is what generated files say", *[f"more {i}" for i in range(900)], *talk[300:]]
    assert "+more 899" in fold(git_diff({"docs/rules.py": (talk, told)}, 3)).text
    made = ["# Code generated by protoc. DO NOT EDIT.", *(f"field_{i} = {i}" for i in range(1200))]
    assert (
        "[generated file: +1200 -0 in 1 hunk; lines not shown]"
        in fold(git_diff({"api/models.py": (made[:1], made)}, 3)).text
    )


def test_index_lines_do_not_go_without_a_word():  # one of the ways other tools lose data
    text = "".join(
        f"diff --git a/f{i}.py b/f{i}.py\nindex 1234567..89abcd{i} 100644\n--- a/f{i}.py\n+++ b/f{i}.py\n@@ -1 +1 @@\n-old value {i}\n+new value {i}\n"
        for i in range(8)
    )
    made = fold(text)
    assert "index" not in made.text.split("[")[0]
    assert re.search(r"\[8 index lines left out\. Full text: h:[0-9a-f]{12}\]$", made.text.rstrip())


@pytest.mark.parametrize(
    "text",
    [
        "# Changes\n\n- one thing\n- another thing\n- a third thing\n\n+ plus\n+ more\n" * 9,
        "def f(a, b):\n    return a - b\n\n\n@decorator\ndef g():\n    pass\n" * 20,
        "2026-01-01 10:00:00 INFO --- start\n2026-01-01 10:00:01 INFO +++ end\n" * 30,
        "Use it so:\n\n```diff\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n```\n\n"
        + "And a paragraph of prose after it that goes on.\n" * 20,
    ],
)
def test_other_text_is_not_a_diff(text):
    assert diff.score(Probe(text)) < 0.5


def test_a_long_line_and_many_lines_do_not_hang():
    text = git_diff({"a.txt": (["x" * 3_000_000], ["y" * 3_000_000]), "b.txt": (["- " * 100_000], ["+ " * 100_000])}, 3)
    assert changes(fold(text).text)[0] == changes(text)[0]
