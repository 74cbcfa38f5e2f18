"""Slices give the original's own bytes: against plain-Python oracles, by hypothesis and by hand-made examples."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.errors import SliceError
from headroom.originals.patterns import WINDOW
from headroom.originals.slices import cut

LOG = "".join(f"line {number}\n" for number in range(1, 31))
USERS = """[
  {"id": 1, "login": "octocat", "score": 1.0, "admin": false, "org": {"name": "github", "tags": ["a", "b"]}},
  {"id": 2, "login": "hubot", "score": 12, "admin": true, "org": null},
  {"id": 9007199254740993, "login": "mona lisa and co", "score": 1e3, "admin": false}
]
"""
ORDERS = 'id,customer,amount,note\r\n1,Ann,10.00,ok\r\n2,"Bob, Jr.",250,"two\r\nlines"\r\n3,Cy,n/a,\r\n4,Dee,9,late'

texts = st.text(alphabet=st.sampled_from("ab\n\r\x0b\x85\u2028é\ud800 "), max_size=60)


def lines_of(text: str) -> list[str]:
    """An oracle: `io` with newline="\\n" ends lines at that alone."""
    return list(io.StringIO(text, newline="\n"))


@given(texts)
def test_without_a_slice_everything_comes_back(text: str) -> None:
    assert cut(text) == text
    assert cut(text, lines="1-") == text


@given(texts, st.integers(0, 12), st.integers(0, 12))
def test_line_ranges_are_those_of_the_oracle(text: str, first: int, length: int) -> None:
    every = lines_of(text)
    last = first + length
    wanted = "".join(every[max(first - 1, 0) : last])
    assert cut(text, lines=f"{first}-{last}") == wanted
    assert cut(text, lines=(first, last)) == wanted
    assert cut(text, lines=f"{first}-") == "".join(every[max(first - 1, 0) :])
    assert cut(text, lines=f"-{length}") == "".join(
        every[len(every) - length :] if 0 < length <= len(every) else every * bool(length)
    )
    assert cut(text, lines=first) == cut(text, lines=str(first)) == "".join(every[first - 1 : first] if first else [])


@given(texts, st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4)), min_size=1, max_size=4))
def test_several_ranges_give_each_line_once_in_order(text: str, asked: list[tuple[int, int]]) -> None:
    numbers = {number for first, more in asked for number in range(first, first + more + 1)}
    wanted = "".join(line for number, line in enumerate(lines_of(text), 1) if number in numbers)
    assert cut(text, lines=", ".join(f"{first}-{first + more}" for first, more in asked)) == wanted


@given(
    texts,
    st.sampled_from(
        ["a", "^b", "a$", "é", "[ab]+ ", "(?i)A", "^$", "a|b", r"\d", ".*a", "a.*", ".*", ".*?b.*", "b.*a"]
    ),
    st.integers(0, 3),
)
def test_grep_prints_what_grep_prints(text: str, expression: str, context: int) -> None:
    every = lines_of(text)
    hits = [at for at, line in enumerate(every) if re.search(expression, line.rstrip("\r\n"))]
    near = sorted({at for hit in hits for at in range(max(0, hit - context), min(len(every), hit + context + 1))})
    wanted = ""
    for before, at in zip([None, *near], near, strict=False):
        wanted += "--\n" if context and before is not None and at != before + 1 else ""
        wanted += f"{at + 1}{':' if at in hits else '-'}{every[at]}"
    assert cut(text, grep=expression, context=context) == wanted


def test_grep_within_lines_keeps_the_numbers_of_the_original() -> None:
    assert cut(LOG, lines="9-12,28-", grep="0$") == "10:line 10\n30:line 30\n"
    assert cut(LOG, lines="9-11", grep="10", context=5) == "9-line 9\n10:line 10\n11-line 11\n"
    assert cut(LOG, lines="1-2,5", grep="line", context=1) == "1:line 1\n2:line 2\n--\n5:line 5\n"


def test_carriage_returns_stay_and_do_not_hide_the_end_of_a_line() -> None:
    assert cut("one\r\ntwo\r\n", lines=2) == "two\r\n"
    assert cut("one\r\ntwo\r\n", grep="e$") == "1:one\r\n"


@pytest.mark.parametrize(
    "lines", ["", "x", "5-3", "1,,2", "1-2-3", "--4", "1.5", "½", "٣", (5, 3), (1, 2, 3), (1, "2"), True, "1" * 5000]
)
def test_lines_that_cannot_be_read_say_what_can(lines: object) -> None:
    with pytest.raises(SliceError, match="41-388"):
        cut(LOG, lines=lines)


@pytest.mark.parametrize(
    "expression", ["(", "a{99999999999}", "(a+)+$", r"(\w+\s?)*x", "(a|aa)+b", "(?:a?b?)*c", "((ab)*){20}", "x" * 2000]
)
def test_patterns_that_are_wrong_or_without_end_are_refused(expression: str) -> None:
    with pytest.raises(SliceError):
        cut(LOG, grep=expression)


@pytest.mark.parametrize(
    "expression",
    [
        r"(line) \d+",
        "(?:l|L)ine",
        r"(\d{1,3}){2}|line",
        "[(+]*line",
        r"\(?line",
        "(?i:LINE)",
        "(?P<x>line).*",
        "(?=l)line",
        r"(?:ab)*line",
    ],
)
def test_ordinary_patterns_are_not_refused(expression: str) -> None:
    assert cut("line 10\n", grep=expression) == "1:line 10\n"


def test_a_line_of_20_mb_is_searched_to_its_end() -> None:
    text = "x" * 20_000_000 + "needle 42"
    assert cut(text, grep="needle") == "1:" + text
    assert cut(text, grep="needle 4[0-9]$") == "1:" + text
    assert cut(text, grep="needles") == ""


def test_a_repeating_pattern_finds_what_lies_across_two_pieces_of_a_long_line() -> None:
    for at in (WINDOW // 2 - 5, WINDOW - 5, 3 * WINDOW // 2 - 5):
        text = "-" * at + "id=7 user=ann" + "-" * WINDOW
        assert cut(text, grep=r"id=\d+ user=ann") == "1:" + text


def test_rows_of_an_array_are_cut_from_the_source() -> None:
    rows = [line.strip().removesuffix(",") for line in USERS.splitlines()[1:-1]]
    assert cut(USERS, rows="1") == cut(USERS, rows=1) == rows[0]
    assert cut(USERS, rows="2-") == cut(USERS, rows=(2, 9)) == "\n".join(rows[1:])
    assert cut(USERS, rows="-1") == rows[2]
    assert cut(USERS, rows="7") == ""


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("id=1", [1]),
        ("id==2", [2]),
        ("id=9007199254740993", [3]),
        ("id=9007199254740992", []),
        ('id="1"', []),
        ("login=hubot", [2]),
        ("login!=hubot", [1, 3]),
        ("login='hubot'", [2]),
        ('login="mona lisa and co"', [3]),
        ("login~^(octo|hub)", [1, 2]),
        ("login !~ o", []),
        ("login~(?i)MONA", [3]),
        ("score=1", [1]),
        ("score>=12", [2, 3]),
        ("score<1000", [1, 2]),
        ("admin=true", [2]),
        ("admin=True", []),
        ("org=null", [2]),
        ("org!=null", [1, 3]),
        ("org.name=github", [1]),
        ("org.tags.1=b", [1]),
        ("admin=false and score>1", [3]),
        ("admin=false AND id<5", [1]),
    ],
)
def test_conditions_choose_records(condition: str, wanted: list[int]) -> None:
    rows = [line.strip().removesuffix(",") for line in USERS.splitlines()[1:-1]]
    assert cut(USERS, rows=condition) == "\n".join(rows[number - 1] for number in wanted)


def test_rows_of_csv_come_under_their_header_byte_for_byte() -> None:
    assert cut(ORDERS, rows="2") == 'id,customer,amount,note\r\n2,"Bob, Jr.",250,"two\r\nlines"\r\n'
    assert cut(ORDERS, rows='customer="Bob, Jr."') == cut(ORDERS, rows="2")
    assert cut(ORDERS, rows="amount>9.5") == "id,customer,amount,note\r\n" + "".join(
        ORDERS.splitlines(keepends=True)[1:4]
    )
    assert cut(ORDERS, rows="amount=10") == cut(ORDERS, rows=1)
    assert (
        cut(ORDERS, rows="note~lines$", grep="Bob")
        == 'id,customer,amount,note\r\n2:2,"Bob, Jr.",250,"two\r\nlines"\r\n'
    )
    assert cut(ORDERS, rows="-1") == "id,customer,amount,note\r\n4,Dee,9,late"
    assert cut(ORDERS, rows="customer=Nobody") == ""


@given(
    st.lists(
        st.lists(st.text(alphabet=st.sampled_from('ab ,"\n;é'), max_size=6), min_size=3, max_size=3),
        min_size=2,
        max_size=6,
    ),
    st.integers(1, 6),
)
def test_any_csv_row_is_read_back_as_it_was_written(rows: list[list[str]], number: int) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([["x", "y", "z"], *rows])
    got = list(csv.reader(io.StringIO(cut(written.getvalue(), rows=number), newline="")))
    assert got == ([["x", "y", "z"], rows[number - 1]] if number <= len(rows) else [])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
records = st.lists(st.fixed_dictionaries({"id": st.integers(0, 5), "v": values}), min_size=2, max_size=6)


@given(records, st.sampled_from([None, 1]), st.integers(0, 5))
def test_any_record_is_a_piece_of_the_source(items: list[dict[str, object]], indent: int | None, wanted: int) -> None:
    pieces = [json.dumps(item, indent=indent) for item in items]
    chosen = [piece for piece, item in zip(pieces, items, strict=True) if item["id"] == wanted]
    for source in (
        "[" + " ,\n".join(pieces) + "]",
        "\n".join(pieces),
        '{"n": 1, "data": {"items": [' + ",".join(pieces) + "]}}",
    ):
        assert cut(source, rows=f"id={wanted}") == "\n".join(chosen)
        assert cut(source, rows="2") == pieces[1]
    keyed = {f"k{number}": item for number, item in enumerate(items)}
    assert cut(json.dumps(keyed), rows="key=k1") == f'"k1": {json.dumps(items[1])}'


def test_ndjson_with_a_damaged_line_keeps_its_numbers() -> None:
    text = '{"a": 1}\n\n{"a": 2\n{"a": 3, "x": NaN}\n{"a": 4}\n'
    assert cut(text, rows="3") == '{"a": 3, "x": NaN}'
    assert cut(text, rows="2") == '{"a": 2'
    assert cut(text, rows="a>2") == '{"a": 3, "x": NaN}\n{"a": 4}'
    assert cut(text, rows="x=NaN") == '{"a": 3, "x": NaN}'


def test_tsv_quotes_are_text_and_columns_between_bars_are_padded() -> None:
    assert cut('k\tv\n1\t"a\n2\tb\n', rows='v="\\"a"') == 'k\tv\n1\t"a\n'
    assert (
        cut(" id | name \n----+------\n  1 | ann\n  2 | bob\n", rows="name=bob")
        == " id | name \n----+------\n  2 | bob\n"
    )


def test_json_cut_off_at_its_end_gives_its_whole_records() -> None:
    assert cut('[{"a": 1}, {"a": 2}, {"a": "thr', rows="1-") == '{"a": 1}\n{"a": 2}'
    assert cut('{"total": 3, "items": [{"a": 1}, {"a": 2}, {"a": "thr', rows="a=2") == '{"a": 2}'


def test_json_damaged_in_the_middle_is_refused_not_shortened() -> None:
    text = "[" + ",\n".join(['{"a": 1}'] * 5 + ["{'a': 1}"] + ['{"a": 1}'] * 500) + "]"
    with pytest.raises(SliceError, match="beyond line 6"):
        cut(text, rows="1-3")


def test_words_around_json_do_no_harm() -> None:
    assert cut('$ curl -s localhost\n[{"a": 1},\n {"a": 2}]\nDone in 3 s\n', rows="a=2") == '{"a": 2}'


def test_scalars_and_wide_objects_are_records_too() -> None:
    assert cut('["x", "yy", 3]', rows="value~y") == '"yy"'
    assert cut('{"lodash": "4.17.21", "react": "18.2.0"}', rows="key=react") == '"react": "18.2.0"'
    assert cut('{"lodash": "4.17.21", "react": "18.2.0"}', rows="value~^4") == '"lodash": "4.17.21"'


def test_rows_with_lines_and_grep_are_all_applied() -> None:
    assert cut(USERS, rows="admin=false", lines="3-4").startswith('{"id": 9007199254740993')
    assert cut(USERS, rows="1-", grep="hub").splitlines()[1][:12] == '2:{"id": 2, '
    assert cut(ORDERS, rows="1-", lines="4") == cut(ORDERS, rows="2")


@pytest.mark.parametrize(
    "rows",
    ["", "id", "=1", "id=", "id=1 and", "id>>", "id=1 or id=2", "id=1 && id=2", "3-1", "5000-x", (2, 1), "login~("],
)
def test_rows_that_cannot_be_read_say_what_can(rows: object) -> None:
    with pytest.raises(SliceError):
        cut(USERS, rows=rows)


def test_a_field_that_no_record_has_is_named_with_those_that_are() -> None:
    with pytest.raises(SliceError, match=r"'stauts'.*id, login, score, admin, org"):
        cut(USERS, rows="stauts=open")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one line",
        "Dear Ann,\n\nno table here.\n",
        "[2024-01-01 10:00] INFO a\n[2024-01-02 11:00] INFO b\n",
        "[1] one\n[2] two\n",
        "['a', 'b']",
    ],
)
def test_text_without_records_says_so(text: str) -> None:
    with pytest.raises(SliceError, match="no records"):
        cut(text, rows="1")


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(SliceError):
        cut('[{"a": ' + "[" * 50_000 + "]" * 50_000 + "}]", rows="1")


@pytest.mark.parametrize("context", [-1, "2", 1.5])
def test_context_is_a_whole_number(context: object) -> None:
    with pytest.raises(SliceError, match="context"):
        cut(LOG, grep="1", context=context)
