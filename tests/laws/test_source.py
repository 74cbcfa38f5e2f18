"""Skeletons of code: they parse again, show every head and constant, and every shown line keeps its number."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import source_reader
from hypothesis import example, given, settings
from hypothesis import strategies as st
from payloads import DAMAGES, GOLDEN, exchange

import headroom
from headroom import Settings, compress, compress_text, retrieve
from headroom.compression.compressors import TABLE, source
from headroom.compression.compressors.source import grammar
from headroom.compression.contract import Probe
from headroom.originals.store import MemoryStore

FREE = Settings(min_tokens=0, repeats=False)
SKELETON = Settings(reads="skeleton", skeleton_tokens=0, repeats=False)
ONLY_SOURCE = {entry.name: "off" for entry in TABLE if entry.name != "source"}
PACKAGE = Path(headroom.__file__).parent
_SECTION = re.compile(r"^=== (command|query|level|input|output)$\n?", re.MULTILINE)


@cache
def files():
    """(name, text) of real code in each language: the goldens' inputs and modules of the package."""
    found = []
    for path in sorted((GOLDEN / "source").glob("*.golden")):
        pieces = _SECTION.split(path.read_bytes().decode("utf-8"))
        parts = dict(zip(pieces[1::2], pieces[2::2], strict=True))
        if not re.match(r" *1\t", parts["input"]) and "<<<<<<<" not in parts["input"]:
            found.append((re.search(r"\w[\w-]*\.\w+$", parts["command"].strip())[0], parts["input"].rstrip("\n")))
    found += [(path.name, path.read_text("utf-8").rstrip("\n")) for path in sorted(PACKAGE.glob("[cw]*/*.py"))[::4]]
    return [(name, text) for name, text in found if len(text) < 14_000]


def skeleton(name, text, query=None, how=FREE):
    return compress_text(text, f"curl -s https://example.com/{name}", query, settings=how, store=MemoryStore())


def is_python(text):
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def faults(text, name):
    """Places that a full parse by the grammar finds wrong, whatever the compressor made of its own parse."""
    language = grammar.by_command(name)[0]
    return len(language.errors(language.parser().parse(text.encode("utf-8", "replace"))))


@pytest.mark.parametrize(("name", "text"), files(), ids=[name for name, _ in files()])
def test_a_skeleton_shows_every_head_under_its_number_and_parses(name, text):
    made = skeleton(name, text)
    if not made.edit:
        return
    assert made.edit.compressor == "source"
    assert source_reader.holds(text, made)
    shown = {number for number, _ in source_reader.numbered(made)}
    must = (
        source_reader.python_heads(text) if name.endswith(".py") else source_reader.heads(text, name.rsplit(".", 1)[-1])
    )
    assert must - shown == set()
    assert faults(made.text, name) <= faults(text, name)
    assert is_python(made.text) or not name.endswith(".py")


def test_most_files_become_much_shorter():
    saved = [skeleton(name, text) for name, text in files() if len(text) > 4000]
    assert len([made for made in saved if made.tokens_after < 0.7 * made.tokens_before]) > len(saved) / 2


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_damaged_code_keeps_its_lines_and_its_numbers(data):
    name, text = data.draw(st.sampled_from(files()))
    for _ in range(data.draw(st.integers(1, 3))):
        text = data.draw(st.sampled_from(DAMAGES))(data.draw, text)
    made = skeleton(name, text, how=Settings(min_tokens=0, repeats=False, kinds=ONLY_SOURCE))
    assert made.failures == ()
    if made.edit and made.edit.compressor == "source":
        assert source_reader.holds(text, made)
        assert faults(made.text, name) <= faults(text, name) or not grammar.by_command(name)
        assert is_python(made.text) or not is_python(text)


@pytest.mark.parametrize("form", ["{:6}\t{}", "{}\t{}", "{:5}→{}", "{}:{}", "{:4} | {}", "{:>4}: {}"])
@pytest.mark.parametrize(("name", "text"), [files()[0], files()[3], files()[5]], ids=lambda value: value[:12])
def test_numbers_stay_with_their_lines(form, name, text):
    lines = [form.format(number, line) for number, line in enumerate(text.split("\n"), 1)]
    made = skeleton(name, "\n".join(lines))
    assert made.edit.compressor == "source"
    shown = list(source_reader.numbered(made))
    assert all(lines[number - 1].strip() == line.strip() for number, line in shown)
    for line in made.text.split("\n"):
        mark = source_reader.mark_of(line, made.edit.handle)
        assert not mark or re.match(r" *(\d+)", line)[1] == mark[1], "the gap carries the number of its first line"


def test_printed_numbers_that_are_not_the_lines_of_the_original_are_named_beside_them():
    name, text = files()[0]
    lines = [f"{number:6}\t{line}" for number, line in enumerate(text.split("\n"), 201)]
    store = MemoryStore()
    made = compress_text("\n".join(lines), f"curl {name} | nl", settings=FREE, store=store)
    first, last, at, to = map(int, source_reader.PRINTED.search(made.text).groups())
    assert (first, last) == (at + 200, to + 200)
    assert retrieve(made.edit.handle, lines=f"{at}-{to}", store=store).rstrip("\n") == "\n".join(lines[at - 1 : to])


def test_what_a_gap_names_is_what_retrieval_gives():
    name, text = files()[0]
    store = MemoryStore()
    made = compress_text(text, f"curl {name}", settings=FREE, store=store)
    for first, last in source_reader.gaps(made):
        given = retrieve(made.edit.handle, lines=f"{first}-{last}", store=store)
        assert given.split("\n")[: last - first + 1] == text.split("\n")[first - 1 : last]


def conversation(*pairs, asks="Have a look."):
    messages = [{"role": "user", "content": asks}]
    for number, (name, command, text) in enumerate(pairs):
        made = exchange(number, command, text, name=name)
        if name == "Read":
            made[0]["content"][1]["input"] = {"file_path": command}
        messages += made
    return messages


def last_text(messages):
    return messages[-1]["content"][0]["content"]


UNITS = "units.py", next(text for name, text in files() if "def select(" in text)


def test_reads_stay_exact_unless_the_settings_say_otherwise():
    for read in (("Bash", "cat units.py", UNITS[1]), ("Read", "units.py", UNITS[1])):
        messages = conversation(read)
        assert compress(messages, store=MemoryStore()) == messages
        made = compress(messages, store=MemoryStore(), settings=SKELETON)
        assert [edit.compressor for edit in made.edits] == ["source"]
        assert (
            compress(messages, store=MemoryStore(), settings=Settings(reads="skeleton", skeleton_tokens=5000))
            == messages
        )
        assert compress(messages, store=MemoryStore(), settings=Settings(level="aggressive", skeleton_tokens=0)).edits


@pytest.mark.parametrize(
    "earlier",
    [
        ("Bash", "grep -rn budget .", "./units.py:37:    shown = [unit.keep for unit in units]\n./b.py:3:x = budget"),
        (
            "Bash",
            "pytest",
            'Traceback (most recent call last):\n  File "/srv/units.py", line 44, in select\n    x\nKeyError',
        ),
        ("Bash", "rg select", "units.py\n37:def select(\n44:    if budget <= 0:"),
    ],
)
def test_what_the_conversation_named_stays_whole(earlier):
    body = "        if budget <= 0:\n            break\n"
    read = ("Bash", "cat units.py", UNITS[1])
    assert body in UNITS[1]
    assert body not in last_text(compress(conversation(read), store=MemoryStore(), settings=SKELETON))
    assert body in last_text(compress(conversation(earlier, read), store=MemoryStore(), settings=SKELETON))
    assert body in last_text(
        compress(conversation(read, asks="Why does select() stop?"), store=MemoryStore(), settings=SKELETON)
    )
    assert body not in last_text(
        compress(conversation(read, asks="Please select a file."), store=MemoryStore(), settings=SKELETON)
    )


def test_a_list_of_everything_names_nothing():
    names = "\n".join(
        f"{name}:{number}:def {name}(x):" for number, name in enumerate(re.findall(r"def (\w+)", UNITS[1]))
    )
    read = ("Bash", "cat units.py", UNITS[1])
    made = compress(conversation(("Bash", "ctags", names), read), store=MemoryStore(), settings=SKELETON)
    assert last_text(made) == last_text(compress(conversation(read), store=MemoryStore(), settings=SKELETON))


def test_whoever_asks_again_gets_all_of_it():
    read = ("Bash", "cat units.py", UNITS[1])
    made = compress(conversation(read, ("Bash", "ls", "units.py"), read), store=MemoryStore(), settings=SKELETON)
    assert made[2]["content"][0]["content"] != UNITS[1]
    assert last_text(made) == UNITS[1]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_prefix_law_holds_with_skeletons(data):
    some = data.draw(st.lists(st.sampled_from(files()), min_size=1, max_size=3))
    pairs = [("Bash", f"cat {name}", text) for name, text in some]
    pairs.insert(data.draw(st.integers(0, len(pairs))), ("Bash", "grep", "units.py:44:  if budget <= 0:\nin select()"))
    messages = conversation(*pairs)
    how = Settings(reads="skeleton", skeleton_tokens=0)
    whole = compress(messages, store=MemoryStore(), settings=how)
    for k in range(1, len(messages) + 1):
        assert compress(messages[:k], store=MemoryStore(), settings=how) == whole[:k]


def test_code_that_the_user_pasted_stays():
    fence = f"Fix this:\n```python\n{UNITS[1]}\n```\n"
    messages = [{"role": "user", "content": fence}]
    assert compress(messages, store=MemoryStore()) == messages
    assert compress(messages, store=MemoryStore(), settings=SKELETON).edits


@pytest.mark.parametrize("name", ["x.java", "x.js", "notes.txt", "x"])
def test_a_wrong_extension_does_not_matter(name):
    assert skeleton(name, UNITS[1]).text == skeleton("units.py", UNITS[1]).text


def test_importing_the_package_loads_no_grammar():
    loaded = "import sys, headroom; print([name for name in sys.modules if name.startswith('tree_sitter')])"
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout == "[]\n"


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(files()),
    st.sampled_from(["\r\n", "\n\t", "\ufeff\n", "\x00\n", "😀\n", "\ud800\n", "\x0c\n"]),
    st.integers(0, 10**6),
)
@example(files()[0], "\r\n", 0)
def test_odd_characters(file, odd, at):
    name, text = file
    text = text.replace("\n", "\r\n") if odd == "\r\n" else text[: at % len(text)] + odd + text[at % len(text) :]
    made = skeleton(name, text, how=Settings(min_tokens=0, repeats=False, kinds=ONLY_SOURCE))
    assert made.failures == ()
    if made.edit and made.edit.compressor == "source":
        assert source_reader.holds(text, made)


DEEP = 50_000
GARBAGE = {
    "parens": "def f(x):\n    return 1\n" * 40
    + "x = "
    + "(" * DEEP
    + ")" * DEEP
    + "\n"
    + "def g(x):\n    return 2\n" * 40,
    "open parens": "def f(x):\n    return 1\n" * 40 + "(" * DEEP,
    "blocks": "function f() {\n  return 1;\n}\n" * 40 + "if (x) {\n" * DEEP,
    "quotes": "const x = require('y');\nfunction f() {\n  return 1;\n}\n" * 40 + '"' * DEEP,
    "one line": "function f(){return 1}" * 50_000,
    "unbalanced": "def f(x):\n    return {\n" * 2000,
    "comments": "#include <a.h>\nint f(int x) {\n" + "/* " * DEEP,
    "templates": "{% for x in y %}\ndef {{ name }}(self):\n    return {{ value }}\n{% endfor %}\n" * 100,
    "vue": "<template>\n  <div>{{ x }}</div>\n</template>\n<script>\nexport default {\n  data() {\n    return {}\n  }\n}\n</script>\n"
    * 30,
}


@pytest.mark.parametrize("case", GARBAGE)
@pytest.mark.parametrize("name", ["x.py", "x.js", "x.cc"])
def test_garbage_is_left_alone_or_right(case, name):
    text = GARBAGE[case]
    source.score(Probe(text, name))
    made = skeleton(name, text)
    assert made.failures == ()
    if made.edit and made.edit.compressor == "source" and "minified" not in made.text:
        assert source_reader.holds(text, made)


def test_every_language_has_a_golden_and_a_query_that_loads():
    named = {path.stem for path in (GOLDEN / "source").glob("*.golden")}
    for language in grammar.languages():
        assert language.outline
    assert {"python", "javascript", "typescript", "go", "rust", "java", "c", "cpp"} <= named


@pytest.mark.parametrize("banner", ["", "/*! cart v2.1 | MIT */"])
@pytest.mark.parametrize("command", ["curl https://example.com/cart.min.js", "curl x", "cat dist/cart.js"])
def test_minified_code_becomes_a_line_with_counts(banner, command):
    text = banner + "".join(f"function f{n}(a,b){{return a+b*{n}}}var v{n}=x=>x.y({n});" for n in range(12_000))
    reads = Settings(reads="skeleton")
    store = MemoryStore()
    made = compress_text(text, command, settings=reads, store=store)
    assert made.text.startswith(banner)
    assert f"{len(text):,} characters in 1 line, 24,000 functions" in made.text
    assert made.tokens_after < 80
    assert retrieve(made.edit.handle, store=store) == text
    unanswered = Settings(reads="skeleton", retrieval=False)
    assert compress_text(text, command, settings=unanswered, store=MemoryStore()).text == text


def test_generated_code_is_its_head_and_counts():
    head = "# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO NOT EDIT!\n"
    text = head + "".join(f"def field_{n}(message):\n    return message.fields[{n}]\n\n" for n in range(200))
    made = skeleton("cart_pb2.py", text)
    assert made.text.startswith(f"{head}# generated Python: 599 more lines, 200 functions. Full text: h:")
    assert skeleton("cart.py", text.replace("Generated by", "Read by").replace("DO NOT EDIT", "look")).edit is None


def test_a_fence_says_what_its_code_is_in():
    text = UNITS[1]
    page = f"# Units\n\nHow it works, in so many words.\n\n```python title=x\n{text}\n```\n\nThe end.\n"
    made = skeleton("page.html", page)
    assert "    ...  # lines 44-54 omitted" in made.text
    assert source_reader.holds(page.rstrip("\n"), made) or source_reader.holds(page, made)
