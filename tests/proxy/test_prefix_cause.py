"""What a change looks like: only what both texts show at the byte that differs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.proxy.prefix_cause import of_history, of_text


def cause(before, now):
    return of_text(*(json.dumps([{"text": text, "type": "text"}]).encode() for text in (before, now)))


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ("2026-11-22", "2026-12-01", "date"),
        ("11/22/2026", "11/23/2026", "date"),
        ("Nov 9, 2026", "Nov 10, 2026", "date"),
        ("22 November 2026", "22 December 2026", "date"),
        ("today is Friday", "today is Saturday", "date"),
        ("2026-11-22T10:00:00Z", "2026-11-23T10:00:00Z", "date"),
        ("2026-11-22T10:00:00Z", "2026-11-22T11:30:00Z", "time"),
        ("at 9:05 AM", "at 10:05 AM", "time"),
        ("now=1795389503", "now=1795389566", "time"),
        ("now=1795389503275", "now=1795389566001", "time"),
        ("id 01234567-89ab-cdef-0123-456789abcdef", "id 01234567-89ab-cdef-0123-456789abcdee", "uuid"),
        ("trace 4bf92f3577b34da6a3ce929d0e0e4736", "trace 00f067aa0ba902b7a3ce929d0e0e4736", "uuid"),
        ("used 1,024 of", "used 1,101 of", "counter"),
        ("turn 9", "turn 10", "counter"),
        ("turn 1", "turn 12", "counter"),
        ("v5a", "v5b", "other"),
        ("Monitor the market", "Sunrise over the market", "other"),
        ("it is 2026-11-22", "it is unknown", "other"),
        ("branch main", "branch fix", "other"),
        ("short", "short and more", "other"),
    ],
)
def test_looks(before, now, kind):
    padding = " Some words of a prompt. " * 20
    for around in ("", padding):
        assert cause(around + before + around, around + now + around).kind == kind


@given(st.text(max_size=200), st.text(max_size=50), st.text(max_size=50))
def test_the_offset_is_that_of_the_first_byte_that_differs(shared, before, now):
    if before == now:
        return
    old, new = (shared + text for text in (before, now))
    data = [text.encode("utf-8", "surrogatepass") for text in (old, new)]
    pairs = enumerate(zip(*data, strict=False))
    at = next((at for at, (a, b) in pairs if a != b), min(map(len, data)))
    # within a character of several bytes the report names its first
    assert 0 <= at - cause(old, new).offset < 4


def test_blocks_in_another_order_or_more_of_them():
    a, b = {"text": "one", "type": "text"}, {"text": "two", "type": "text"}
    data = [json.dumps(blocks).encode() for blocks in ([a, b], [b, a], [a, b, a])]
    assert str(of_text(data[0], data[1])) == "order changed, byte 0"
    assert str(of_text(data[0], data[2])) == "1 added, byte 6"


def test_a_field_beside_the_text_is_placed_in_the_json():
    plain = b'[{"text":"one","type":"text"}]'
    assert str(of_text(plain, b'[{"citations":1,"text":"one","type":"text"}]')) == "byte 3"


def test_a_part_that_came_or_went():
    assert str(of_text(b"", b'[{"text":"one","type":"text"}]')) == "byte 0"
    assert str(of_text(b'[{"text":"one","type":"text"}]', b"")) == "byte 0"


def test_broken_and_odd_values_are_compared_as_bytes():
    assert str(of_text(b"[NaN]", b"[NaN,1]")) == "byte 4"
    assert str(of_text(b'"a"', b'"b"')) == "byte 1"
    assert str(of_text(b"[true]", b"[false]")) == "byte 1"


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ([1, 2, 3], [9, 2, 3], "rewritten"),
        ([1, 2, 3], [3, 4], "history shortened, 2 messages left out"),
        ([1, 2], [7, 1, 2], "1 message put in"),
        ([1, 2, 3], [9], "history shortened (compaction)"),
    ],
)
def test_histories(before, now, told):
    assert str(of_history(before, now)) == told
