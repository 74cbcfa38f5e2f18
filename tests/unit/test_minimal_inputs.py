"""Small inputs, made here, on which context compressors have been seen to lose, misread or ignore something.

Each test is one of these failures, told from the reader's side: what a model that asked "what matters here?" must still
see, where it must see it, and what must have become shorter.
"""

import json
import re

import pytest
from reader_view import conversation, deploy, shown, tokens_left

from headroom import compress
from headroom.originals.store import MemoryStore

# 1: a table is not wiped


def prices(rows):
    return "date,open,close\n" + "".join(
        f"2024-{day // 28 % 12 + 1:02}-{day % 28 + 1:02},{100 + day % 7}.{day % 10},{101 + day % 5}.{day % 9}\n"
        for day in range(rows)
    )


def test_a_short_table_is_shown_whole():
    text = prices(50)
    visible = shown(text)
    assert all(line in visible for line in text.splitlines())


def test_a_long_table_keeps_its_header_its_ends_and_what_is_odd():
    rows = prices(1500).splitlines()
    rows[900] = "2024-09-05,104.2,981.7"
    visible = shown("\n".join(rows), "cat prices.csv").splitlines()
    assert "date,open,close" in visible
    assert {rows[1], rows[-1], rows[900]} <= set(visible)
    assert "".join(visible).count("omitted") >= 2


# 2: a log without errors is not wiped, and its odd line stays


@pytest.mark.parametrize("lines", [40, 50, 60])
def test_a_log_of_information_is_shown_by_an_example_and_its_number(lines):
    visible = shown("\n".join(deploy(lines)))
    assert deploy(1)[0] in visible
    assert visible.count("INFO deploy step") == lines or f"x{lines}" in visible


def test_one_odd_line_of_information_stays():
    lines = deploy(600)
    lines[333] = "2024-05-01 10:05:33 INFO config reloaded: session_timeout changed 3600 -> 36"
    visible = shown("\n".join(lines))
    assert lines[333] in visible
    assert len(visible) < 2000


# 3: one error among many that look like it stays


def test_the_one_different_error_stays():
    lines = deploy(600)
    for i in range(50):
        lines[i * 12] = f"2024-05-01 10:{i // 5:02}:{i % 60:02} ERROR worker-{i % 5} retry {i}"
    lines[411] = "2024-05-01 10:06:51 ERROR worker-1 disk /dev/sdb1 is full, 3 jobs lost"
    visible = shown("\n".join(lines))
    assert lines[411] in visible
    assert "x50" in visible


# 4: a problem stands under its own file


def eslint(files=20, problems=6):
    found = {
        f"/app/src/file{i}.js": [
            (f"{2 * j + 10}:1", f"Unexpected var in {i if j % 2 else 'here'}") for j in range(problems)
        ]
        for i in range(files)
    }
    blocks = [
        "\n".join([path, *(f"  {place}  error  {what}  no-var" for place, what in hits), ""])
        for path, hits in found.items()
    ]
    return found, "\n".join([*blocks, f"✖ {files * problems} problems ({files * problems} errors, 0 warnings)", ""])


def test_each_problem_of_a_linter_stands_under_its_file():
    expected, text = eslint()
    read = {}
    for line in shown(text, "npx eslint src").splitlines():
        listed = re.match(r"\s+(\d+:\d+)\s+error\s+(.*?)\s+no-var$", line)
        again = re.match(r"\s*\[the same at ([\d: ]+)\]$", line)
        if line.startswith("/"):
            path, what = line, None
        elif listed:
            what = listed[2]
            read.setdefault(path, []).append((listed[1], what))
        elif again:
            read[path] += [(place, what) for place in again[1].split()]
    assert {path: sorted(hits) for path, hits in read.items()} == {
        path: sorted(hits) for path, hits in expected.items()
    }


def test_every_place_of_a_compiler_message_is_named():
    places = [(f"src/part{i % 9}.ts", f"{i + 3},{i % 40 + 1}") for i in range(120)]
    text = "\n".join(f"{path}({at}): error TS2304: Cannot find name '__DEV__'." for path, at in places)
    visible = shown(f"{text}\n", "npx tsc --noEmit")
    assert "Cannot find name '__DEV__'." in visible
    assert all(f"({at})" in visible for _, at in places)
    assert tokens_left(f"{text}\n", "npx tsc --noEmit") < 0.6


# 5: prose is no log


def handbook():
    return "\n".join(
        f"## Section {i}\n\nWhen step {i} fails, the error is written to the log and a warning is shown. Retry it once.\n"
        for i in range(60)
    )


def reference():
    return "\n".join(
        f".. py:data:: SETTING_{name}\n\n    How many errors are ignored before the request fails with an exception.\n\n"
        f"    Default: ``{len(name)}``\n\n--------\n"
        for name in ("TRUSTED_HOSTS", "MAX_COOKIE_SIZE", "SECRET_KEY", "DEBUG", "TESTING", "PROPAGATE_EXCEPTIONS")
    )


@pytest.mark.parametrize("text", [handbook(), reference()], ids=["markdown", "rst"])
@pytest.mark.parametrize("command", ["curl -s https://docs.example.org/page", "./run"])
def test_prose_about_errors_is_left_alone(text, command):
    assert shown(text, command) == text


# 6: one-line history is no log


def test_history_keeps_every_commit():
    subjects = ["Fix error message in parser" if i % 3 else f"Add option {i}" for i in range(120)]
    lines = [f"{(i + 7) * 2654435761 % 16**7:07x} {subject}" for i, subject in enumerate(subjects)]
    visible = shown("\n".join(lines), "git log --oneline")
    assert all(line.split(" ")[0] in visible for line in lines)
    assert all(subject in visible for subject in subjects)


# 7: the system prompt is untouchable


@pytest.mark.parametrize("role", ["system", "developer"])
def test_the_system_prompt_stays(role):
    rules = "\n".join(f"Rule {i}: never do {i}. If ERROR {i} appears, stop." for i in range(300))
    log = "\n".join(deploy(300))
    messages = [{"role": role, "content": rules}, *conversation(log)]
    system = [{"type": "text", "text": rules}]
    made = compress(messages, system=system, store=MemoryStore())
    assert made[0] is messages[0]
    assert made[0] == {"role": role, "content": rules}
    assert system == [{"type": "text", "text": rules}]
    assert made.saved > 0


# 8: a time is no path with a line number


def test_times_are_not_read_as_places():
    lines = [
        f"03-17 16:{13 + i // 60}:{i % 60:02}.{i * 37 % 1000:03}  1702  {2395 + i % 3} D WindowManager: printFreezingDisplayLogs opening app {i}"
        for i in range(200)
    ]
    lines[77] = "03-17 16:14:17.811  1702  2395 W PowerManagerService: battery temperature 47.1 above limit"
    visible = shown("\n".join(lines), "adb logcat -d")
    assert lines[77] in visible
    assert not re.search(r"^\d\d(?::\d\d)?\.\d+", visible, re.MULTILINE)
    assert not re.search(r"^03-17 16$", visible, re.MULTILINE)
    assert tokens_left("\n".join(lines), "adb logcat -d") < 0.2


# 9: long text in records stays


@pytest.mark.parametrize("number", [3, 20])
def test_long_text_in_records_stays(number):
    filler = "It happens on every start of the service, with the default configuration and with a fresh one. " * 6
    issues = [
        {"number": i, "state": "open", "body": f"{filler}The culprit is module_{i * 31}. {filler[: 20 + i]}"}
        for i in range(number)
    ]
    visible = shown(json.dumps(issues, indent=1))
    assert all(f"The culprit is module_{i * 31}." in visible for i in range(number))


# 10: a row that the question names stays, nested as it may be


def test_a_nested_row_that_is_asked_for_stays_whole():
    features = [
        {
            "type": "Feature",
            "id": f"us{7000 + i}",
            "properties": {
                "mag": round(2 + i % 17 / 10, 1),
                "place": f"{i * 13 % 90} km N of Town{i}",
                "time": 1714521600000 + i * 86413,
                "alert": None,
                "tsunami": 0,
            },
            "geometry": {"type": "Point", "coordinates": [-120 + i / 7, 35 + i / 9, i % 30]},
        }
        for i in range(1200)
    ]
    visible = shown(json.dumps({"type": "FeatureCollection", "features": features}), question="What about Town841?")
    row = features[841]
    for value in (row["id"], *row["properties"].values(), *row["geometry"]["coordinates"]):
        assert json.dumps(value) in visible


# 11: arrays of plain values say what they were


def test_an_array_of_numbers_is_shown_or_summed_up():
    numbers = [i * 7919 % 1000 for i in range(400)]
    visible = shown(json.dumps(numbers, indent=1))
    assert json.loads(visible.split("\n[")[0]) == numbers


def test_an_array_of_paths_is_shown_in_order():
    paths = [f"/srv/data/project/part{i % 8}/file_{i}.bin" for i in range(400)]
    visible = shown(json.dumps(paths, indent=1))
    places = [visible.index(f"file_{i}.bin") for i in range(400)]
    assert places == sorted(places)
    assert all(f"part{i}/" in visible for i in range(8))


def test_a_very_long_array_of_numbers_says_how_many_and_from_where_to_where():
    numbers = [i * 7919 % 100_003 for i in range(60_000)]
    visible = shown(json.dumps(numbers))
    assert "60000" in visible.replace(",", "") or "60,000" in visible
    assert len(visible) < 100_000
    assert visible.startswith("[0,7919,15838,")
    assert re.search(r"\b1 to 100002\b", visible)


# 12: a key given twice keeps both values


def test_a_key_given_twice_keeps_both_values():
    rows = ",\n".join(f'{{"id": {i}, "a": {i}, "a": "second {i}"}}' for i in range(40))
    visible = shown(f"[{rows}]")
    for i in range(40):
        assert f'"a":{i},"a":"second {i}"' in visible.replace(" ", "").replace(f"second{i}", f"second {i}")
