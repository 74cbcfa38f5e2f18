"""Tables: cells are read back, rows that are left out are the ones named, and odd rows are never among them."""

import csv
import io
import re
import statistics

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from payloads import golden_inputs

from headroom import Settings, compress_text, retrieve
from headroom.compression.compressors import table
from headroom.compression.contract import Probe
from headroom.originals.store import MemoryStore
from headroom.tokens import count

ONLY = dict.fromkeys(
    ("logs", "search", "listing", "test_output", "diff", "git_log", "structured", "numbered", "repeated", "markup"),
    "off",
)
QUIET = {"max_examples": 60, "deadline": None, "suppress_health_check": list(HealthCheck)}
TABLES = [
    text
    for path, text in golden_inputs()
    if path.startswith(("psql", "vmstat", "sqlite3", "cat measures", "cat airports"))
]


def fold(text, level="balanced", query=None):
    store = MemoryStore()
    made = compress_text(
        text, "sqlite3 shop.db", query, settings=Settings(level=level, min_tokens=0, kinds=ONLY), store=store
    )
    assert made.failures == ()
    assert count(made.text) <= count(text)
    if made.edit:
        assert retrieve(made.edit.handle, store=store) == text
    return made, store


# what database clients print, written from their documentation; compared with captured output in the goldens


def psql(names, rows):
    wide = [max(len(cell) for cell in column) for column in zip(names, *rows, strict=True)]
    lines = [
        " " + " | ".join(f"{cell:^{size}}" for cell, size in zip(names, wide, strict=True)) + " ",
        "-" + "-+-".join("-" * size for size in wide) + "-",
    ]
    return [
        *lines,
        *(" " + " | ".join(f"{cell:{size}}" for cell, size in zip(row, wide, strict=True)).rstrip(" ") for row in rows),
        f"({len(rows)} rows)",
    ]


def mysql(names, rows):
    wide = [max(len(cell) for cell in column) for column in zip(names, *rows, strict=True)]
    rule = "+" + "+".join("-" * (size + 2) for size in wide) + "+"
    body = [
        "| " + " | ".join(f"{cell:{size}}" for cell, size in zip(row, wide, strict=True)) + " |"
        for row in (names, *rows)
    ]
    return [rule, body[0], rule, *body[1:], rule, f"{len(rows)} rows in set (0.00 sec)"]


def box(names, rows):
    drawn = str.maketrans("|+-", "│┼─")
    return [
        line.translate(drawn) if line.startswith("+") else re.sub(r"^\||(?<= )\||\|$", "│", line)
        for line in mysql(names, rows)
    ]


def expanded(names, rows):
    wide = max(map(len, names))
    return [
        line
        for number, row in enumerate(rows, 1)
        for line in (
            f"-[ RECORD {number} ]" + "-" * 9,
            *(f"{name:{wide}} | {cell}" for name, cell in zip(names, row, strict=True)),
        )
    ]


def columns(names, rows):
    wide = [max(len(cell) for cell in column) for column in zip(names, *rows, strict=True)]
    return [
        "  ".join(f"{cell:{size}}" for cell, size in zip(row, wide, strict=True))
        for row in (names, ["-" * size for size in wide], *rows)
    ]


CELL = st.sampled_from(
    [
        "1",
        "22.50",
        "-3",
        "paid",
        "open",
        "",
        "a b c",
        "2026-01-01 10:00:00",
        "é李",
        "x=1, y",
        "000123",
        "NULL",
        "1e5",
        "p|q",
    ]
)


@st.composite
def cells(draw):
    names = draw(
        st.lists(
            st.sampled_from(["id", "name", "state", "amount", "created at", "note"]),
            min_size=2,
            max_size=6,
            unique=True,
        )
    )
    rows = draw(st.lists(st.lists(CELL, min_size=len(names), max_size=len(names)), min_size=4, max_size=30))
    same = draw(st.integers(-1, len(names) - 2))
    if same >= 0:
        rows = [[*row[:same], rows[0][same], *row[same + 1 :]] for row in rows]
    return names, rows


def cells_of(text):
    """Names and rows of a folded table."""
    lines = text.split("\n")
    same = {}
    if lines[0].startswith("[in every row: "):
        same = dict(
            re.findall(
                r"(id|name|state|amount|created at|note)=(.*?)(?=, (?:id|name|state|amount|created at|note)=|\]$)",
                lines.pop(0),
            )
        )
        same = {name: "" if value == '""' else value for name, value in same.items()}
    names = lines[0].split("|")
    return [dict(zip(names, line.split("|"), strict=True)) | same for line in lines[1:] if "|" in line]


@settings(**QUIET)
@given(cells(), st.sampled_from([psql, mysql, box, expanded, columns]))
def test_cells_are_read_back(drawn, client):
    names, rows = drawn
    text = "\n".join(client(names, rows))
    made, _ = fold(text, "lossless")
    if not made.edit:
        return
    assert made.edit.lossless
    if "|" not in made.text.split("\n")[made.text.startswith("[")]:  # one column is left: a row is a cell
        return
    assert cells_of(made.text) == [dict(zip(names, row, strict=True)) for row in rows]


@pytest.mark.parametrize("client", [psql, mysql, box, expanded, columns])
def test_every_client_gets_shorter(client):
    rows = [[str(i), f"customer number {i * 31 % 7}", "paid", f"{i * 1.5:.2f}"] for i in range(1, 20)]
    text = "\n".join(client(["id", "name", "state", "amount"], rows))
    made, _ = fold(text)
    assert made.edit.compressor == "table"
    assert "state=paid" in made.text
    assert cells_of(made.text) == [dict(zip(["id", "name", "state", "amount"], row, strict=True)) for row in rows]


@st.composite
def series(draw):
    """A long series of measurements with an outlier, an empty cell and a word among the numbers; and where these stand."""
    size = draw(st.integers(120, 400))
    seed = draw(st.integers(1, 10_000))
    rows = [
        [
            f"2026-{1 + i // 28 % 12:02d}-{1 + i % 28:02d}T{i // 336:02d}:00",
            *(f"{100 + (i * seed * (k + 3)) % 97 / 10:.3f}" for k in range(3)),
        ]
        for i in range(size)
    ]
    odd = draw(st.lists(st.integers(5, size - 5), min_size=4, max_size=4, unique=True))
    rows[odd[0]][1], rows[odd[1]][2], rows[odd[2]][3] = "987.654", "", "broken"
    rows[odd[3]][1] = "955.5"
    return rows, odd


def omitted(text):
    found = set()
    for first, last in re.findall(r"^\[(\d+)(?:-(\d+))? omitted: \d+ rows?", text, re.MULTILINE):
        found |= set(range(int(first), int(last or first) + 1))
    return found


@settings(**QUIET)
@given(series(), st.sampled_from(["balanced", "aggressive"]))
def test_what_is_left_out_is_named_and_never_odd(drawn, level):
    rows, odd = drawn
    lines = ["time,a,b,c", *(",".join(row) for row in rows)]
    made, store = fold("\n".join(lines), level)
    out = made.text.split("\n")
    assert out[0] == lines[0]
    missing = {number for number, line in enumerate(lines[1:], 1) if line not in out}
    assert missing
    assert missing == omitted(made.text)
    assert not missing & {index + 1 for index in odd}
    assert not missing & {1, 2, 3, len(rows) - 2, len(rows) - 1, len(rows)}
    first, last = min(missing), min(missing)
    fetched = retrieve(made.edit.handle, rows=f"{first}-{last}", store=store)
    assert lines[first] in fetched


@settings(**QUIET)
@given(series())
def test_the_summary_is_true(drawn):
    rows, _ = drawn
    made, _ = fold("\n".join(["time,a,b,c", *(",".join(row) for row in rows)]))
    said = made.text.rstrip().split("\n")[-1]
    assert said.startswith(f"[all {len(rows)} rows: time {rows[0][0]} to {rows[-1][0]}; ")
    for at, name in enumerate("abc", 1):
        numbers = [float(row[at]) for row in rows if re.fullmatch(r"[\d.]+", row[at])]
        low, high, middle, mean = re.search(rf"[;:] {name} (\S+) to (\S+), median (\S+), mean ([^;\]]+)", said).groups()
        assert (float(low), float(high)) == (min(numbers), max(numbers))
        assert float(middle) == pytest.approx(statistics.median(numbers), rel=1e-5)
        assert float(mean) == pytest.approx(statistics.mean(numbers), rel=1e-5)


def names(size):
    return [
        "id,user,city,spent",
        *(
            f"{i},user{i * 7919 % 9973},{('Oslo', 'Bergen', 'Turku')[i % 3]},{i * 37 % 1000}.{i % 100:02d}"
            for i in range(1, size)
        ),
    ]


def test_a_table_of_names_stays_whole_until_it_is_very_long():
    lines = names(500)
    assert fold("\n".join(lines))[0].edit is None
    lines = names(4000)
    lines[2000] = "2000,root,Oslo,1.00,extra cell"
    lines[2100], lines[2200] = "2100,someone,,1.00", "2200,someone,Pori,1.00"
    asked = lines[1777].split(",")[1]
    made, _ = fold("\n".join(lines), query=f"how much did {asked} spend?")
    out = made.text.split("\n")
    missing = {number for number, line in enumerate(lines[1:], 1) if line not in out}
    assert missing == omitted(made.text)
    assert not missing & {1, 1777, 2000, 2100, 2200, 3999}
    assert 9_000 < count(made.text) < 14_000
    assert re.search(r"city (?:\w+ \d+, ){4}\w+ \d+; spent", out[-1])


def test_a_table_of_keys_is_no_series():
    lines = ["id,user_id,order_id", *(f"{i},{i * 7919 % 9973},{i * 104729 % 99991}" for i in range(1, 400))]
    assert fold("\n".join(lines))[0].edit is None


def test_a_short_series_is_not_wiped():  # as other tools do with 50 rows of numbers
    lines = ["date,open,close", *(f"2026-02-{1 + i % 28:02d},{100 + i}.25,{101 + i}.50" for i in range(50))]
    assert fold("\n".join(lines))[0].edit is None


@pytest.mark.parametrize("quoted", ['"two\nlines, one cell"', '"a ""quote"", and a comma"'])
def test_quoted_cells_stay_whole(quoted):
    lines = [f"{i},2026-01-01,{i}.5" for i in range(300)]
    text = "n,day,x\n" + "\n".join([*lines[:150], f"150,{quoted},7.5", *lines[150:]])
    made, _ = fold(text, "aggressive")
    assert quoted in made.text
    rows = list(csv.reader(io.StringIO(text)))
    missing = {
        number
        for number, row in enumerate(rows[1:], 1)
        if row[0] not in {line.split(",")[0] for line in made.text.split("\n")}
    }
    assert missing <= omitted(made.text)


@settings(**QUIET)
@given(st.sampled_from(TABLES), st.data(), st.sampled_from(["balanced", "aggressive", "lossless"]))
def test_damaged_tables_lose_no_cell(text, data, level):
    lines = text.split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        change = data.draw(st.sampled_from(["drop", "double", "odd", "cut"]))
        if change == "drop" and len(lines) > 5:
            del lines[at]
        elif change == "double":
            lines.insert(at, lines[at])
        elif change == "odd":
            lines[at] += data.draw(
                st.sampled_from(["\r", "é\u2028", "\ud800", '"', " | more", ",", " [1-2 omitted: x]"])
            )
        else:
            lines[at] = lines[at][: len(lines[at]) // 2]
    made, _ = fold("\n".join(lines), level)
    if made.edit and made.edit.lossless:
        words = set(re.findall(r"\w+", made.text))
        assert {
            word for word in re.findall(r"\w+", "\n".join(lines)) if not re.fullmatch(r"_+|RECORD|\d", word)
        } <= words


def test_figures_in_columns_say_what_never_changes_once():
    head = ["procs ---memory--- -----io----", " r  b   free   bi    bo"]
    made, _ = fold("\n".join([*head, *(f" 1  0 223{i}0  {i * 17 % 90:4} {i * 131 % 7000:5}" for i in range(12))]))
    assert "[in every row: r=1, b=0]" in made.text
    assert "223110 7 1441" in made.text


@pytest.mark.parametrize(
    "text",
    [
        "Dear all, I came, I saw, I left.\nAnd then, as ever, we went home.\nIt was late, cold, and dark.\nNo one spoke, not even Ann.\n"
        * 5,
        "a = [\n    1, 2, 3,\n    4, 5, 6,\n    7, 8, 9,\n]\n" * 5,
        "1, 2, 3,\n4, 5, 6,\n7, 8, 9,\n10, 11, 12,\n" * 5,
        "INSERT INTO t VALUES\n(1, 'a', 2.0),\n(2, 'b', 3.0),\n(3, 'c', 4.0),\n(4, 'd', 5.0);",
        "2026-01-01 10:00:00,123 INFO started\n2026-01-01 10:00:01,456 INFO done\n" * 10,
        "src/app.py:10:import os\nsrc/app.py:12:import re\nsrc/b.py:9:x, y = 1, 2\n" * 5,
        "int main(void) {\n  int a, b, c;\n  f(a, b, c);\n  return 0;\n}\n" * 5,
        "total 12\n-rw-r--r-- 1 root root  12 Jan  1 10:00 a\n-rw-r--r-- 1 root root 123 Jan  1 10:00 b\n" * 4,
        "# Title\n\nA paragraph.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nMore prose follows here, and goes on.\n\n- x\n- y\n",
        "name: a\nvalue: 1\n---\nname: b\nvalue: 2\n---\nname: c\nvalue: 3\n",
        "def f(a|b):\n    return a | b\n    # ----\n    x = y | z\n" * 4,
        '{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n{"a": 5, "b": 6}\n{"a": 7, "b": 8}\n',
    ],
)
def test_other_text_is_not_a_table(text):
    assert table.score(Probe(text)) < 0.5


def test_odd_input_does_not_hang():
    for text in (
        ",".join("ab") + "\n" + "x," * 500_000,
        "|" * 200_000,
        ("-" * 100_000 + "+") * 3,
        "a,b,c\n" + '"' * 99_999 + "\n1,2,3\n1,2,3\n1,2,3",
        "\n".join(["-" * 40 + "|"] * 3000),
    ):
        fold(text)
