"""Small JSON inputs on which compressors are known to lose, corrupt or do nothing."""

import json
import random
import re
from base64 import b64encode

import pytest
import structured_reader
from structured_oracle import ANY, Alone, reads_back

from headroom import compress_text, retrieve
from headroom.compression import router
from headroom.compression.compressors import structured
from headroom.compression.contract import Probe
from headroom.originals.store import MemoryStore
from headroom.tokens import count


def test_long_texts_in_records_stay():
    words = [
        "the",
        "build",
        "fails",
        "on",
        "windows",
        "because",
        "paths",
        "differ",
        "and",
        "nobody",
        "can",
        "find",
        "the",
        "reason",
        "in",
        "the",
        "log",
    ]
    rng = random.Random(1)
    issues = [
        {"number": number, "title": f"Issue {number}", "body": " ".join(rng.choices(words, k=110))}
        for number in range(20)
    ]
    issues[13]["body"] += " The answer is 4711."
    made = compress_text(json.dumps(issues), settings=ANY, store=MemoryStore())
    assert made.edit.lossless
    assert all(issue["body"] in made.text for issue in issues)


def test_nested_look_up():
    features = [
        {
            "id": f"us{number:06x}",
            "geometry": {"type": "Point", "coordinates": [number / 7, 1]},
            "properties": {"place": f"{number} km N of X", "detail": {"code": f"c{number}q"}},
        }
        for number in range(3000)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    made = compress_text(text, query="Where was the quake with the code c2417q?", settings=ANY, store=MemoryStore())
    assert made.saved > 0.9 * count(text)
    assert json.dumps(features[2417], separators=(",", ":")) in made.text


def test_arrays_of_scalars():
    numbers = [number * 37 % 1000 for number in range(400)]
    reads_back(json.dumps(numbers))
    paths = [f"src/pkg{number % 9}/module_{number}.py" for number in range(400)]
    made = compress_text(json.dumps(paths, indent=1), settings=ANY, store=MemoryStore()).text
    assert all(path in made for path in paths)
    many = [round(random.Random(number).gauss(0, 1), 4) for number in range(20_000)]
    many[7000] = 99_999.5
    made = compress_text(json.dumps(many), settings=ANY, store=MemoryStore()).text
    assert "99999.5" in made
    hidden = int(re.search(r"\[(\d+) of 20000 rows left out above", made)[1])
    assert re.search(rf"in the {hidden} values left out: values: -\d\.\d+ to \d\.\d+, mean ", made)
    assert made.startswith(f"[{many[0]},{many[1]},{many[2]},[4-")


def test_duplicate_keys_stay():
    text = "[" + ",".join(['{"a":1,"a":"second"}', *(f'{{"a":{number},"b":"value"}}' for number in range(30))]) + "]"
    assert '{"a":1,"a":"second"}' in reads_back(text)
    assert reads_back('{"x": [1,   2], "x": null}') == '{"x":[1,2],"x":null}'


def test_numbers_keep_every_digit():
    rows = [{"id": 2**53 + number, "one": "1.0", "exp": f"1e{number}"} for number in range(1, 9)]
    text = json.dumps(rows).replace('"1.0"', "1.0").replace('"1e', "1e").replace('"}', "}")
    made = reads_back(text)
    assert str(2**53 + 1) in made
    assert "one: 1.0" in made
    assert "1e5" in made


def test_not_a_number():
    text = json.dumps(
        [
            {"step": step, "loss": float("nan") if step == 3 else 1 / (step + 1), "grad": float("inf")}
            for step in range(40)
        ]
    )
    made = reads_back(text)
    assert "3,NaN" in made
    assert "grad: Infinity" in made


def test_objects_keyed_by_id():
    text = json.dumps(
        {f"user_{number}": {"name": f"N{number}", "age": 20 + number % 9, "roles": ["user"]} for number in range(50)},
        indent=2,
    )
    made = reads_back(text)
    assert '"user_7","N7",27' in made
    assert count(made) < count(text) / 2


def test_cut_off():
    text = json.dumps(
        {"total": 60, "items": [{"id": number, "name": f"n{number}", "kind": "x"} for number in range(60)]}, indent=2
    )
    whole = structured.COMPRESSOR.compress(text, Alone()).text
    cut = text[:3000]
    made = structured.COMPRESSOR.compress(cut, Alone())
    table, tail = made.text.split("\n[the original is cut off here; it ends:]\n")
    read = structured_reader.read(table)
    assert cut.endswith(tail)
    assert read["items"] == structured_reader.read(whole)["items"][: len(read["items"])]
    assert len(tail) < 150


def test_escapes_become_letters_only_where_they_may():
    assert (
        reads_back('{"a":"\\u00e9\\/\\u4e2d","b":"\\ud800","c":"\\u0007\\u001b"}')
        == '{"a":"é/中","b":"\\ud800","c":"\\u0007\\u001b"}'
    )


def test_opaque_strings_are_cut_and_names_are_not():
    rng = random.Random(3)
    rows = [
        {
            "path": f"/srv/data/releases/2031/service-{n}/build/output/static/assets/images/large/header-{n}-final-version.png",
            "hash": "sha512-" + b64encode(rng.randbytes(64)).decode(),
            "digest": f"sha256:{rng.getrandbits(256):064x}",
        }
        for n in range(40)
    ]
    store = MemoryStore()
    made = compress_text(json.dumps(rows), settings=ANY, store=store)
    assert all(row["path"] in made.text and row["digest"] in made.text for row in rows)
    assert all(row["hash"] not in made.text and f'"{row["hash"][:20]}"[+75 characters]' in made.text for row in rows)
    assert rows[7]["hash"] in retrieve(made.edit.handle, grep=rows[7]["hash"][:20], store=store)


@pytest.mark.parametrize(
    "text",
    ["[" * 50_000 + "]" * 50_000, '{"a":' * 50_000 + "1" + "}" * 50_000, "[" * 50_000, '[{"a":"' + "x" * 2_000_000],
)
def test_hostile_input_stays(text):
    made = compress_text(text, settings=ANY, store=MemoryStore())
    assert made.text == text
    assert made.failures == ()


@pytest.mark.parametrize(
    "text",
    [
        "[2031-01-01 10:00] INFO started\n[2031-01-01 10:01] INFO stopped",
        "[INFO] BUILD SUCCESS\n[INFO] Total time: 3 s",
        "{ key: value }\n",
        "[link](https://example.com) and more",
        "{'a': 1}",
        "[1-9 omitted: 9 lines. Full text: h:000000000000]",
        "",
    ],
)
def test_claims_nothing_else(text):
    assert structured.COMPRESSOR.score(Probe(text)) < router.SURE


def test_text_inside_goes_to_its_own_compressor():
    log = "\n".join(
        f"2031-01-01T10:{number // 60:02d}:{number % 60:02d}Z INFO worker: job {number} done in {number % 7} ms"
        for number in range(300)
    )
    text = json.dumps({"stdout": log, "exit_code": 0})
    made = compress_text(text, settings=ANY, store=MemoryStore())
    assert count(made.text) < count(text) / 4
    assert '"exit_code":0' in made.text
