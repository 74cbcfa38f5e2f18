"""JSON: what claims to be lossless reads back value for value; what stands out stays; what is left out is said, and where."""

import json
import random
import re

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from payloads import DAMAGES, golden_inputs
from structured_oracle import ANY, Alone, reads_back

from headroom import Settings, compress_text, retrieve
from headroom.compression.compressors import structured
from headroom.compression.contract import Probe
from headroom.originals.store import MemoryStore
from headroom.tokens import count

HARD = Settings(level="aggressive", min_tokens=0)
LOSSLESS = Settings(level="lossless", min_tokens=0)
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without shrinking: a payload made from a seed does not get simpler with a smaller seed."""
ODD_WORDS = [
    *(
        "ann",
        "x y",
        "a,b",
        'q"uote',
        "<b>",
        "é漢",
        "back\\slash",
        "",
        "true",
        "null",
        "1",
        "1.0",
        "; no",
        "a]",
        "}",
        "...",
    ),
    *(
        "[3 records",
        '{"a":1}',
        "null, x",
        "line\nbreak\u2028z",
        "\ud800",
        "JSON(1)",
        "1 to 5",
        "no x",
        "row 3",
        "long " * 15,
    ),
]
KEYS = ["id", "name", "a.b", "owner", "url", "(key)", "login", "state", "item1", "a b", "<k>", "number", "", "é", "no"]


# --- made-up payloads -----------------------------------------------------------------------------------------------


def scalar(rng):
    return rng.choice(
        [
            lambda: rng.choice(ODD_WORDS),
            lambda: rng.randrange(5),
            rng.random,
            lambda: True,
            lambda: None,
            lambda: 1.0,
            lambda: 10**20 + rng.randrange(3),
            lambda: f"2024-01-{rng.randrange(1, 28):02d}T00:00:00Z",
        ]
    )()


def anything(rng, depth):
    kind = rng.random()
    if depth <= 0 or kind < 0.55:
        return scalar(rng)
    if kind < 0.75:
        return {rng.choice(KEYS): anything(rng, depth - 1) for _ in range(rng.randrange(5))}
    if kind < 0.85:
        return [anything(rng, depth - 1) for _ in range(rng.randrange(4))]
    return records(rng, depth - 1)


def field(rng, depth):
    """What makes the values of one field: constant, nearly so, one of few, counting, made from the number, free."""
    few = [anything(rng, depth) for _ in range(3)]
    return rng.choice(
        [
            lambda _: few[0],
            lambda _: few[0] if rng.random() < 0.93 else scalar(rng),
            lambda number: number,
            lambda number: 1000 + number * 5,
            lambda _: rng.choice(few),
            lambda number: f"https://example.org/users/{number}/x",
            lambda number: json.dumps({"n": number, "s": "embedded text here"}, indent=rng.choice([None, 2, 4])),
            lambda _: anything(rng, depth),
        ]
    )


def records(rng, depth):
    fields = {rng.choice(KEYS): field(rng, depth) for _ in range(rng.randrange(1, 6))}
    rows = [
        {key: make(number) for key, make in fields.items() if rng.random() < 0.95}
        for number in range(1, rng.randrange(2, 25))
    ]
    kind = rng.random()
    if kind < 0.6:
        return rows
    if kind < 0.8:
        return {f"k{number}" if rng.random() < 0.9 else rng.choice(ODD_WORDS): row for number, row in enumerate(rows)}
    return [[make(number) for make in fields.values()] for number in range(len(rows))]


@st.composite
def payloads(draw):
    rng = random.Random(draw(st.integers(0, 2**32)))
    value = records(rng, 3)
    if isinstance(value, list) and len(value) > 1 and rng.random() < 0.2:
        return "\n".join(json.dumps(row, ensure_ascii=rng.random() < 0.5) for row in value)
    return json.dumps(value, indent=rng.choice([None, 2]), ensure_ascii=rng.random() < 0.5)


@given(text=payloads(), hard=st.booleans())
@settings(max_examples=100, deadline=None, phases=QUICK)
def test_lossless_output_reads_back(text, *, hard):
    with pytest.MonkeyPatch.context() as patch:
        if hard:  # as if it were too long for all values to stay word for word
            patch.setitem(structured._WORDY, "lossless", 4)
        reads_back(text)


@pytest.mark.parametrize("source", [text for _, text in golden_inputs() if structured.COMPRESSOR.score(Probe(text))])
def test_real_output_reads_back(source):
    made = structured.COMPRESSOR.compress(source, Alone())
    if made is not None and "cut off here" not in made.text:
        reads_back(source)


@given(st.data())
@settings(max_examples=80, deadline=None, phases=QUICK)
def test_damaged_output_never_fails(data):
    source = data.draw(
        st.sampled_from([text for _, text in golden_inputs() if structured.COMPRESSOR.score(Probe(text))])
    )
    for _ in range(data.draw(st.integers(1, 3))):
        source = data.draw(st.sampled_from(DAMAGES))(data.draw, source)
    store = MemoryStore()
    made = compress_text(source, settings=data.draw(st.sampled_from([ANY, HARD, LOSSLESS])), store=store)
    assert made.failures == ()
    assert count(made.text) <= count(source)
    if made.edit:
        assert retrieve(made.edit.handle, store=store) == source


@given(payloads(), st.sampled_from([ANY, HARD, LOSSLESS]))
@settings(max_examples=30, deadline=None, phases=QUICK)
def test_never_longer_and_never_a_loss_at_lossless(text, level):
    made = compress_text(text, settings=level, store=MemoryStore())
    assert made.failures == ()
    assert count(made.text) <= count(text)
    if made.edit and level is LOSSLESS and made.edit.compressor == "structured":
        assert made.edit.lossless


# --- long arrays ----------------------------------------------------------------------------------------------------


def readings(rng, number=700):
    return [
        {
            "id": row,
            "host": f"host-{rng.randrange(6)}",
            "state": "ok",
            "load": round(rng.gauss(50, 4), 2),
            "region": rng.choice(["eu", "us"]),
            "owner": {"team": rng.choice(["core", "web"]), "tier": 2},
        }
        for row in range(1, number + 1)
    ]


ODDITIES = {
    "a rare state": (("state", "draining"), '"draining"'),
    "an outlier": (("load", 9123.75), "9123.75"),
    "another type": (("load", "n/a"), '"n/a"'),
    "a null": (("region", None), "null"),
    "a boolean": (("region", False), "false"),
    "an extra key": (("retired", "2031-04-01"), '"2031-04-01"'),
    "a word of trouble": (("host", "host-3 unreachable"), "unreachable"),
    "a rare pattern": (("host", "10.0.0.7"), '"10.0.0.7"'),
    "a nested rarity": (("owner", {"team": "legal", "tier": 2}), '"legal"'),
    "a missing key": (("state", None), "null"),
}


@given(st.integers(0, 2**32), st.sampled_from(sorted(ODDITIES)), st.integers(10, 380), st.booleans())
@settings(max_examples=30, deadline=None, phases=QUICK)
def test_what_stands_out_stays(seed, oddity, at, lines):
    rows = readings(random.Random(seed))
    (key, value), visible = ODDITIES[oddity]
    rows[at][key] = value
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows)
    made = structured.COMPRESSOR.compress(text, Alone("aggressive"))
    assert not made.lossless
    assert "omitted" in made.text
    assert any(visible in line and re.match(rf"{at + 1},", line) for line in made.text.split("\n"))


@given(st.integers(0, 2**32), st.sampled_from(["", "Why is host-77 slow?"]))
@settings(max_examples=12, deadline=None, phases=QUICK)
def test_gaps_name_exactly_the_rows_left_out(seed, query):
    rows = readings(random.Random(seed))
    store = MemoryStore()
    made = compress_text(json.dumps(rows), query=query, settings=HARD, store=store)
    seen, hidden = [], 0
    for line in made.text.split("\n"):
        if gap := re.match(r"\[(\d+)(?:-(\d+))? omitted: (\d+) rows?\]", line):
            first, last = int(gap[1]), int(gap[2] or gap[1])
            assert last - first + 1 == int(gap[3])
            hidden += int(gap[3])
            seen += range(first, last + 1)
            if hidden == int(gap[3]):
                cut = retrieve(made.edit.handle, rows=f"{first}-{last}", store=store)
                assert all(json.dumps(rows[index - 1]) in cut for index in (first, last))
        elif row := re.match(r"(\d+),|\[row (\d+) in full\]", line):
            seen.append(int(row[1] or row[2]))
    assert seen == [row["id"] for row in rows]
    assert f"[{hidden} of {len(rows)} rows left out above. Full text: h:{made.edit.handle}]" in made.text


@given(st.integers(0, 2**32), st.integers(5, 390))
@settings(max_examples=10, deadline=None, phases=QUICK)
def test_the_record_asked_for_is_spelled_out(seed, at):
    rng = random.Random(seed)
    rows = [{**row, "url": f"https://api.example.com/v1/{rng.getrandbits(40):x}"} for row in readings(rng)]
    for row in rows:
        row["logs_url"] = row["url"] + "/logs"
    made = structured.COMPRESSOR.compress(
        json.dumps(rows), Alone("balanced", f"What is the load of the one at {rows[at]['logs_url']}?")
    )
    line = next(line for line in made.text.split("\n") if line.startswith(f"[row {at + 1} in full] "))
    assert json.loads(line.split("] ", 1)[1]) == rows[at]
    assert count(made.text) < 3000


def test_the_summary_of_hidden_rows_is_true():
    rows = readings(random.Random(7))
    made = structured.COMPRESSOR.compress(json.dumps(rows), Alone("aggressive")).text
    shown = {int(number) for number in re.findall(r"^(\d+),", made, re.MULTILINE)}
    hidden = [row for row in rows if row["id"] not in shown]
    (about,) = re.findall(r"^\[in the (\d+) rows left out: (.*)\]$", made, re.MULTILINE)
    assert int(about[0]) == len(hidden)
    loads = [row["load"] for row in hidden]
    assert f"load: {min(loads)} to {max(loads)}, mean {sum(loads) / len(loads):.6g}," in about[1]
    assert f'"eu" {sum(row["region"] == "eu" for row in hidden)}' in about[1]


@given(st.integers(0, 2**32))
@settings(max_examples=6, deadline=None, phases=QUICK)
def test_own_output_stays(seed):
    store = MemoryStore()
    made = compress_text(json.dumps(readings(random.Random(seed))), settings=HARD, store=store)
    assert compress_text(made.text, settings=HARD, store=store).text == made.text
