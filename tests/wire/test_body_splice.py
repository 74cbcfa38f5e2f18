"""Spans and splices on JSON written in odd ways, against a writer that knows where it put each value.

The writer is the oracle: it records the span of every value while it writes, and the standard library reads the result.
"""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.wire.body import AddKey, Body, Insert, Remove, SetRaw, SetText
from headroom.wire.spans import Spans

NUMBERS = ["0", "-0", "1e5", "1.0", "-1.50", "1E+2", "0.1e-7", "123456789012345678901234567890", "1e400", "-1e400"]
NOT_QUITE_JSON = ["NaN", "Infinity", "-Infinity", '"\\ud800"', '"x\\uDFFFy"']
"""What msgspec refuses and providers' parsers may take."""


class Written(str):
    """A value that is written just so."""

    __slots__ = ()


def trees(odd):
    """JSON values; with `odd`, some that are not quite JSON."""
    texts = st.text(max_size=8) | st.sampled_from(['"', "\\", '\\"', "[{,:}]", '"}],', "\n\t\b", "é😀", "\x7f\u2028"])
    spelled = st.sampled_from(NUMBERS + (NOT_QUITE_JSON if odd else [])).map(Written)
    leaves = texts | spelled | st.sampled_from([None, True, False])
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=12,
    )


bodies = st.booleans().flatmap(lambda odd: st.dictionaries(st.text(max_size=3), trees(odd), min_size=1, max_size=4))


class Writer:
    """Writes JSON as nobody should, and remembers where."""

    def __init__(self, random):
        self.random = random
        self.out = bytearray()
        self.spans = {}

    def space(self):
        if self.random.random() < 0.3:
            self.out += bytes(self.random.choices(b" \t\n\r", k=self.random.randint(1, 3)))

    def body(self, value):
        self.out += self.random.choice([b"", b"\xef\xbb\xbf"])
        self.space()
        self.value(value, ())
        self.space()
        return bytes(self.out)

    def value(self, value, path):
        start = len(self.out)
        if isinstance(value, dict):
            self.object(value, path)
        elif isinstance(value, list):
            self.list(value, path)
        elif isinstance(value, Written):
            self.out += value.encode()
        elif isinstance(value, str):
            self.string(value)
        else:
            self.out += json.dumps(value).encode()
        self.spans[path] = (start, len(self.out))

    def list(self, value, path):
        self.out += b"["
        for index, inner in enumerate(value):
            self.out += b"," if index else b""
            self.space()
            self.value(inner, (*path, index))
            self.space()
        self.space()
        self.out += b"]"

    def object(self, value, path):
        self.out += b"{"
        members = [(key, inner, True) for key, inner in value.items()]
        if members and self.random.random() < 0.2:
            doubled = self.random.choice(members)[0]
            members.insert(0, (doubled, self.random.choice([["old"], "old", 7, {}]), False))
        for number, (key, inner, counts) in enumerate(members):
            self.out += b"," if number else b""
            self.space()
            self.string(key)
            self.space()
            self.out += b":"
            self.space()
            if counts:
                self.value(inner, (*path, key))
            else:
                self.out += json.dumps(inner).encode()
            self.space()
        self.space()
        self.out += b"}"

    def string(self, text):
        self.out += b'"'
        for char in text:
            escaped = json.dumps(char)[1:-1]
            if char in '"\\' or char < " ":
                self.out += escaped.encode()
            elif char == "/" and self.random.random() < 0.5:
                self.out += b"\\/"
            elif self.random.random() < 0.15:
                units = char.encode("utf-16-be")
                self.out += "".join(f"\\u{units[at]:02X}{units[at + 1]:02x}" for at in range(0, len(units), 2)).encode()
            else:
                self.out += char.encode()
        self.out += b'"'


def written(value, random):
    writer = Writer(random)
    return writer.body(value), writer.spans


def plain(value):
    """The value as the standard library reads it."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return json.loads(value) if isinstance(value, Written) else value


def loaded(data):
    return json.loads(data.decode("utf-8-sig"))


def same(left, right):
    """Equality that holds a NaN equal to itself, and 1 unequal to 1.0 and true."""
    return repr(left) == repr(right)


RANDOMS = st.randoms(use_true_random=False)


@given(bodies, RANDOMS)
@settings(max_examples=40)
def test_every_value_is_found_where_it_was_written_and_reads_as_it_should(value, random):
    data, spans = written(value, random)
    body = Body(data, "chat")
    assert same(body.value, loaded(data))
    assert sorted(body.value) == sorted(value)
    for path, span in spans.items():
        assert body.span(path) == span


@given(bodies, RANDOMS)
@settings(max_examples=40)
def test_the_slow_way_finds_what_the_quick_way_finds(value, random):
    data, expected = written(value, random)
    spans = Spans(data)
    for path, span in expected.items():
        if data[span[0]] in b"[{":
            keyed = data[span[0]] == ord("{")
            children = list(spans._slow_children(span, keyed=keyed))
            slow = dict(children) if keyed else [place for _, place in children]
            quick = spans._quick_members(span) if keyed else spans._quick_elements(span)
            assert slow == (spans.members(span) if keyed else spans.elements(span))
            assert quick is None or quick == slow
            inner = [inner for inner in expected if inner[:-1] == path and inner]
            assert {place: slow[place[-1]] for place in inner} == {place: expected[place] for place in inner}


def draw_changes(data, value, paths):
    """Changes of every kind, none of which changes what another one means; and those that replace or take away."""
    gone, changes = {}, []
    for number, path in enumerate(data.draw(st.lists(st.sampled_from(sorted(paths, key=repr)), max_size=8))):
        token = f"T{number}"
        here = value
        for step in path:
            here = here[step]
        kinds = ["text", "raw"] if path else []
        kinds += ["remove"] if path and isinstance(path[-1], int) else []
        kinds += ["insert"] if isinstance(here, list) else []
        kinds += ["add"] if isinstance(here, dict) else []
        kind = data.draw(st.sampled_from(kinds or ["none"]))
        if kind in ("text", "raw", "remove"):
            inside = any(change_path[: len(path)] == path for change_path, _ in changes)
            if inside or any(path[: len(other)] == other for other in gone):
                continue
            gone[path] = number
        elif any(path[: len(other)] == other for other in gone):
            continue
        if kind == "text":
            changes.append((path, SetText(path, token + ' "é\\\n')))
        elif kind == "raw":
            changes.append((path, SetRaw(path, b'[1.0, "%s"]' % token.encode())))
        elif kind == "remove":
            changes.append((path, Remove(path[:-1], path[-1])))
        elif kind == "insert":
            index = data.draw(st.integers(0, len(here)))
            changes.append((path, Insert(path, index, b'"%s"' % token.encode())))
        elif kind == "add":
            changes.append((path, AddKey(path, "k" + token, b'"%s"' % token.encode())))
    return [change for _, change in changes]


def rebuilt(value, path, changes):
    """The value with the changes applied, in the plainest way."""
    for change in changes:
        if isinstance(change, (SetText, SetRaw)) and change.path == path:
            return change.text if isinstance(change, SetText) else json.loads(change.raw)
    if isinstance(value, dict):
        new = {key: rebuilt(inner, (*path, key), changes) for key, inner in value.items()}
        added = [change for change in changes if isinstance(change, AddKey) and change.object_path == path]
        return new | {change.key: json.loads(change.raw) for change in added}
    if isinstance(value, list):
        here = [change for change in changes if isinstance(change, (Insert, Remove)) and change.list_path == path]
        removed = {change.index for change in here if isinstance(change, Remove)}
        new = []
        for index in range(len(value) + 1):
            inserts = [change for change in here if isinstance(change, Insert) and change.index == index]
            new += [json.loads(change.raw) for change in inserts]
            if index < len(value) and index not in removed:
                new.append(rebuilt(value[index], (*path, index), changes))
        return new
    return value


@given(bodies, RANDOMS, st.data())
@settings(max_examples=80)
def test_changes_mean_what_they_say(value, random, data):
    before, spans = written(value, random)
    tree = plain(value)
    changes = draw_changes(data, tree, spans)
    after = Body(before, "chat").edited(changes)
    assert same(sorted_keys(loaded(after)), sorted_keys(rebuilt(tree, (), changes)))


def sorted_keys(value):
    """Dicts in the order of their keys: a doubled key stands where it first came, in one reader, or last, in another."""
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(inner) for inner in value] if isinstance(value, list) else value


@given(bodies, RANDOMS, st.data())
@settings(max_examples=60)
def test_every_byte_outside_the_changes_is_the_byte_that_came_in(value, random, data):
    before, spans = written(value, random)
    changes = [c for c in draw_changes(data, plain(value), spans) if not isinstance(c, Remove)]
    after = Body(before, "chat").edited(changes)
    for change in changes:
        if isinstance(change, (SetText, SetRaw)):
            new = change.raw if isinstance(change, SetRaw) else json.dumps(change.text, ensure_ascii=False).encode()
            assert after.count(new) == 1
            after = after.replace(new, before[slice(*spans[change.path])])
    for change in changes:
        if isinstance(change, (Insert, AddKey)):
            added = re.escape((b'"%s":' % change.key.encode() if isinstance(change, AddKey) else b"") + change.raw)
            after, count = re.subn(b",%s|%s,|%s" % (added, added, added), b"", after)
            assert count == 1
    assert after == before


@given(bodies, RANDOMS, st.data())
@settings(max_examples=40)
def test_removing_takes_away_one_stretch(value, random, data):
    before, spans = written(value, random)
    elements = [path for path in spans if path and isinstance(path[-1], int)]
    if elements:
        path = data.draw(st.sampled_from(sorted(elements, key=repr)))
        after = Body(before, "chat").edited([Remove(path[:-1], path[-1])])
        start, end = spans[path]
        siblings = [spans[other] for other in elements if other[:-1] == path[:-1]]
        left = max((other[1] for other in siblings if other[1] <= start), default=None)
        right = min((other[0] for other in siblings if other[0] >= end), default=None)
        expected = before[:left] + before[end:] if left is not None else before[:start] + before[right or end :]
        assert after == expected


@pytest.mark.parametrize("size", range(5))
def test_any_elements_of_a_list_can_come_and_go_together(size):
    """Every choice of elements to remove, with values put in at every two places."""
    data = b'{"a" : [ %s ]}' % b" , ".join(b"%d" % number for number in range(size))
    for chosen in range(2**size):
        removed = [Remove(("a",), index) for index in range(size) if chosen >> index & 1]
        for one in range(size + 1):
            for other in range(size + 1):
                inserted = [Insert(("a",), one, b'"one"'), Insert(("a",), one, b'"two"'), Insert(("a",), other, b'"x"')]
                changes = [*inserted[:1], *removed, *inserted[1:]]
                value = {"a": list(range(size))}
                assert loaded(Body(data, "chat").edited(changes)) == rebuilt(value, (), changes)
                assert loaded(Body(data, "chat").edited(removed)) == rebuilt(value, (), removed)


def test_without_changes_the_very_same_object():
    data = b' {"messages" : [ ] } '
    assert Body(data, "chat").edited([]) is data


@pytest.mark.parametrize("first", [SetText(("a",), "x"), SetRaw(("a", 0), b"1"), Remove(("a",), 0)])
def test_changing_the_same_bytes_twice_is_refused(first):
    with pytest.raises(ValueError, match="two changes of the same bytes"):
        Body(b'{"a":["b"]}', "chat").edited([first, SetText(("a", 0), "y")])
