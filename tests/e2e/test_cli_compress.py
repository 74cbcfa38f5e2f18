"""`headroom compress` and `headroom retrieve`: what goes in comes out shorter, and comes back byte for byte."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from headroom.compression.markers import handle_of
from headroom.originals.sqlite import SqliteStore

FULL = Path("/dev/full")
HANDLE = re.compile(rb"h:([0-9a-f]{12})")


def handle_in(output):
    return HANDLE.search(output)[1].decode()


def test_a_file_and_standard_input_give_the_same(program, log, tmp_path):
    (tmp_path / "service.log").write_bytes(log)
    of_file = program("compress", tmp_path / "service.log", "--stats")
    of_input = program("compress", given=log)
    assert (of_file.returncode, of_input.returncode) == (0, 0)
    assert of_file.stdout == of_input.stdout
    assert len(of_file.stdout) < len(log) / 4
    assert b"session_timeout changed 3600 -> 36" in of_file.stdout
    said = of_file.stderr.decode()
    assert re.fullmatch(r"[\d,]+ -> [\d,]+ tokens, \d+ % saved by logs; headroom retrieve [0-9a-f]{12}\n", said)
    assert of_input.stderr == b""


def test_slices_of_what_was_compressed(program, log):
    handle = handle_in(program("compress", given=log).stdout)
    lines = log.decode().splitlines(keepends=True)
    assert program("retrieve", f"h:{handle}").stdout == log
    assert program("retrieve", handle, "--lines", "401,-2").stdout.decode() == lines[400] + "".join(lines[-2:])
    assert program("retrieve", handle, "--grep", "ERROR|timeout").stdout.decode() == f"401:{lines[400]}"
    none = program("retrieve", handle, "--grep", "no such words")
    assert (none.returncode, none.stdout) == (0, b"")
    assert b"nothing in the original" in none.stderr


def test_rows_of_records(program):
    records = [{"id": number, "state": "paid" if number % 20 else "overdue"} for number in range(1, 81)]
    made = program("compress", "--format", "json", given=json.dumps(records, indent=1).encode())
    handle = json.loads(made.stdout)["handle"]
    for rows, expected in (("3-4", records[2:4]), ("state=overdue", records[19::20])):
        found = program("retrieve", handle, "--rows", rows).stdout.decode()
        assert json.loads(f"[{found.replace('}' + chr(10) + '{', '},{')}]") == expected


def test_json_report(program, log):
    made = program("compress", "--format", "json", given=log)
    report = json.loads(made.stdout)
    assert report["compressor"] == "logs"
    assert report["lossless"] is False
    assert report["tokens_after"] < report["tokens_before"]
    assert report["failures"] == []
    assert f"h:{report['handle']}" in report["text"]
    assert "session_timeout changed 3600 -> 36" in report["text"]


def test_level_hint_and_query(program, log):
    assert program("compress", given=log, HEADROOM_LEVEL="lossless").stdout == log
    asked = b"served request 10003 in"
    balanced = program("compress", "--level", "balanced", given=log, HEADROOM_LEVEL="lossless").stdout
    assert len(balanced) < len(log) / 4
    assert asked not in balanced
    assert program("compress", "--hint", "numbered", given=log).stdout == log
    assert asked in program("compress", "--query", "what about request 10003?", given=log).stdout


def test_the_lossless_level_leaves_nothing_out(program):
    records = [{"id": number, "kind": "invoice", "paid": number % 3 == 0} for number in range(60)]
    made = program("compress", "--level", "lossless", "--stats", given=json.dumps(records, indent=2).encode())
    assert b"nothing left out" in made.stderr
    rows = [f"{record['id']},{json.dumps(record['paid'])}" for record in records]
    assert "\n".join(rows) in made.stdout.decode()


def test_bytes_that_are_no_utf_8_come_back(program, log):
    given = log + b"caf\xe9 \xff\xfe broken\n" + log.replace(b"INFO", b"WARN")
    made = program("compress", given=given)
    assert b"caf\xe9 \xff\xfe broken" in made.stdout
    assert len(made.stdout) < len(given) / 4
    handle = handle_in(made.stdout)
    assert program("retrieve", handle).stdout == given
    assert program("retrieve", handle, "--grep", "broken").stdout == b"601:caf\xe9 \xff\xfe broken\n"
    assert "caf\ufffd" in json.loads(program("compress", "--format", "json", given=given).stdout)["text"]


def test_a_binary_passes_through(program):
    given = b"\x7fELF\x02\x01\x00\x00" + bytes(range(256)) * 40
    made = program("compress", given=given)
    assert (made.returncode, made.stdout) == (0, given)
    assert b"binary" in made.stderr
    refused = program("compress", "--format", "json", given=given)
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"--format text" in refused.stderr


@pytest.mark.parametrize("given", [b"", b"\n", b"one line", "zwei Wörter, ein Satz.\r\n".encode()])
def test_what_is_too_short_stays(program, given):
    made = program("compress", "--stats", given=given)
    assert (made.returncode, made.stdout) == (0, given)
    assert b"nothing to save" in made.stderr


def test_own_output_stays(program, log):
    once = program("compress", given=log).stdout
    assert program("compress", given=once).stdout == once


def test_what_cannot_be_read(program, tmp_path):
    for path, reason in ((tmp_path / "missing.log", b"No such file"), (tmp_path, b"Is a directory")):
        made = program("compress", path)
        assert (made.returncode, made.stdout) == (1, b"")
        assert made.stderr.startswith(f"headroom: {path} cannot be read: ".encode())
        assert reason in made.stderr


def test_messages_of_retrieve_say_what_to_do(program, log):
    handle = handle_in(program("compress", given=log).stdout)
    for arguments, said in (
        (["0123456789ab"], b"run the command that printed the text again"),
        (["not a handle"], b"12 hex digits"),
        ([handle, "--lines", "9-3"], b'--lines "41-388"'),
        ([handle, "--grep", "("], b"regular expression"),
        ([handle, "--rows", "1-3"], b"use --lines  or --grep "),
    ):
        made = program("retrieve", *arguments)
        assert (made.returncode, made.stdout) == (1, b"")
        assert made.stderr.startswith(b"headroom: ")
        assert b" ".join(said.split()) in b" ".join(made.stderr.split())


def test_without_a_place_to_keep_originals_the_text_stays(program, log, tmp_path):
    taken = tmp_path / "taken"
    taken.write_bytes(b"a file where the folder should be")
    made = program("compress", "--stats", given=log, HEADROOM_HOME=str(taken))
    assert (made.returncode, made.stdout) == (0, log)
    assert b"the text is as it came" in made.stderr
    assert b"tokens, left as they are" in made.stderr


def test_on_a_damaged_store_the_text_stays(program, log, home):
    (home / "store.sqlite3").write_bytes(b"this is no database at all. " * 400)
    made = program("compress", given=log)
    assert (made.returncode, made.stdout) == (0, log)
    assert b"damaged" in made.stderr


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line(program, log):
    with FULL.open("wb") as full:
        made = subprocess.run(
            [*program.command, "compress"],
            input=log,
            stdout=full,
            stderr=subprocess.PIPE,
            env=program.environment,
            check=False,
        )
    assert made.returncode == 1
    assert made.stderr == b"headroom: the output cannot be written: No space left on device\n"


@pytest.mark.skipif(shutil.which("head") is None or shutil.which("sh") is None, reason="needs a shell")
def test_a_reader_that_leaves_early(program, tmp_path):
    source = tmp_path / "many.txt"
    source.write_text("".join(f"{number * 7919 % 100_003} distinct words {number}\n" for number in range(20_000)))
    command = f"{' '.join(map(program.quoted, [*program.command, 'compress', str(source)]))} | head -n 1"
    made = subprocess.run(["sh", "-c", command], capture_output=True, env=program.environment, check=False)
    assert made.stdout == b"0 distinct words 0\n"
    assert made.stderr == b""


def test_an_image_comes_back_as_its_file(program, home, tmp_path):
    data = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    text = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    SqliteStore(home / "store.sqlite3").put({handle_of(text): text}, [])
    assert program("retrieve", handle_of(text)).stdout == data
    assert program("retrieve", handle_of(text), "--output", str(tmp_path / "a.png")).stdout == b""
    assert (tmp_path / "a.png").read_bytes() == data
