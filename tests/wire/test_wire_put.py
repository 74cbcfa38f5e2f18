"""What `put` copies, what stays the same object, and that nothing given to it changes."""

import copy
import dataclasses
from collections import OrderedDict, UserDict, namedtuple
from types import MappingProxyType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_fixtures import FIXTURES, at

from headroom import wire
from headroom.errors import InputError


def containers(value, path=()):
    """Every dict and list inside a value, with its path."""
    if isinstance(value, (dict, list)):
        yield path, value
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from containers(inner, (*path, key))


@given(st.sampled_from(sorted(FIXTURES)), st.data())
def test_only_what_leads_to_an_edit_is_copied_and_nothing_given_changes(name, data):
    messages = FIXTURES[name]["messages"]
    before = copy.deepcopy(messages)
    editable = [block.path for block in wire.read(messages)[0] if block.editable and not block.picture]
    chosen = data.draw(st.lists(st.sampled_from(editable), unique=True)) if editable else []
    edited = wire.put(messages, {path: f"new {number}" for number, path in enumerate(chosen)})
    assert messages == before
    assert edited is not messages
    for number, path in enumerate(chosen):
        assert at(edited, path) == f"new {number}"
    for path, value in containers(messages):
        leads_to_an_edit = any(edit[: len(path)] == path for edit in chosen)
        assert (at(edited, path) is not value) == (leads_to_an_edit or path == ())
    restored = wire.put(edited, {path: at(messages, path) for path in chosen})
    assert restored == messages


def test_without_edits_every_message_is_the_same_object():
    messages = FIXTURES["anthropic"]["messages"]
    assert all(new is old for new, old in zip(wire.put(messages, {}), messages, strict=True))


def test_key_order_stays():
    message = {"content": "long", "role": "user", "zebra": 1, "alpha": 2}
    assert list(wire.put([message], {(0, "content"): "new"})[0]) == ["content", "role", "zebra", "alpha"]


Pair = namedtuple("Pair", "first second")  # noqa: PYI024 - the plain kind, as a caller may have it


def test_tuples_and_dicts_of_other_classes_keep_their_class():
    text = OrderedDict(type="text", text="long")
    messages = ({"role": "user", "content": Pair(text, {"type": "text", "text": "other"})},)
    edited = wire.put(messages, {(0, "content", 0, "text"): "new"})
    content = edited[0]["content"]
    assert isinstance(content, Pair)
    assert content.first == OrderedDict(type="text", text="new")
    assert isinstance(content.first, OrderedDict)
    assert content.second is messages[0]["content"].second
    assert text["text"] == "long"


@pytest.mark.parametrize("kind", [MappingProxyType, UserDict])
def test_other_mappings_become_dicts(kind):
    message = kind({"role": "user", "content": "long"})
    assert wire.put([message], {(0, "content"): "new"}) == [{"role": "user", "content": "new"}]
    assert message["content"] == "long"


@dataclasses.dataclass(frozen=True)
class Frozen:
    role: str
    content: str


class Slotted:
    __slots__ = ("content", "role")

    def __init__(self, role, content):
        self.role, self.content = role, content


@pytest.mark.parametrize("kind", [Frozen, Slotted, lambda role, content: SimpleNamespace(role=role, content=content)])
def test_objects_come_back_in_their_class(kind):
    message = kind("user", "long")
    edited = wire.put([message], {(0, "content"): "new"})[0]
    assert type(edited) is type(message)
    assert (edited.role, edited.content) == ("user", "new")
    assert message.content == "long"


class Unchangeable:
    role = "user"
    content = property(lambda _: "long")


def test_an_object_that_takes_no_other_text_is_an_error_that_says_what_to_do():
    with pytest.raises(InputError, match="pass it as a dict"):
        wire.put([Unchangeable()], {(0, "content"): "new"})


def test_a_path_that_leads_nowhere_is_an_error():
    with pytest.raises(LookupError):
        wire.put([{"role": "user"}], {(0, "content", 0, "text"): "new"})
    with pytest.raises(LookupError):
        wire.put([], {(0, "content"): "new"})
