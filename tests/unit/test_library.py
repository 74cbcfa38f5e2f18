"""The public functions, as a caller meets them: what they take, what they give back, and that they do what settings say."""

import asyncio
import copy
import inspect
import json
import pickle

import pytest
from reader_view import QUESTION, conversation, deploy

from headroom import Compressed, CompressedText, Settings, acompress, compress, compress_text, retrieve
from headroom.errors import HeadroomError, InputError, SliceError, UnknownHandleError
from headroom.originals.store import MemoryStore
from headroom.tokens import report

LOG = "\n".join(deploy(120))
RECORDS = json.dumps([{"id": i, "name": f"user{i}", "active": True, "plan": "free"} for i in range(60)], indent=2)


def made(text=LOG, **options):
    return compress(conversation(text), store=MemoryStore(), **options)


def result(messages):
    return messages[-1]["content"][0]["content"]


# Signatures: what programs were written against


def parameters(function):
    return [
        (name, parameter.kind.name, parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
    ]


def test_signatures():
    only, either, empty = "KEYWORD_ONLY", "POSITIONAL_OR_KEYWORD", inspect.Parameter.empty
    assert parameters(compress) == [
        ("messages", either, empty),
        ("model", only, None),
        ("system", only, None),
        ("tools", only, None),
        ("settings", only, None),
        ("store", only, None),
    ]
    assert parameters(compress_text) == [
        ("text", either, empty),
        ("hint", either, None),
        ("query", either, None),
        ("settings", only, None),
        ("store", only, None),
    ]
    assert parameters(retrieve) == [
        ("handle", either, empty),
        ("lines", either, None),
        ("rows", either, None),
        ("grep", either, None),
        ("store", only, None),
    ]


# What comes back is the messages


def test_it_is_a_list_of_the_messages():
    messages = conversation(LOG)
    shorter = compress(messages, store=MemoryStore())
    assert isinstance(shorter, list)
    assert type(shorter) is Compressed
    assert len(shorter) == len(messages)
    assert shorter.messages is shorter
    assert shorter[:2] == messages[:2]
    assert [message["role"] for message in shorter] == [message["role"] for message in messages]
    assert shorter[::-1][::-1] == [*shorter] == shorter.copy()
    assert json.loads(json.dumps(shorter)) == shorter == list(shorter)
    assert shorter != messages


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_and_pickles_say_the_same(again):
    first = made(model="gpt-4o")
    second = again(first)
    assert type(second) is Compressed
    assert second == first
    assert (second.edits, second.failures, second.model) == (first.edits, first.failures, first.model)
    assert (second.tokens_before, second.tokens_after) == (first.tokens_before, first.tokens_after)


def test_tokens_are_those_of_every_text_the_model_reads():
    shorter = made(model="gpt-4o")
    before = [QUESTION, LOG]
    after = [QUESTION, result(shorter)]
    assert shorter.tokens_before == sum(report(text, "gpt-4o") for text in before)
    assert shorter.tokens_after == sum(report(text, "gpt-4o") for text in after)
    assert shorter.saved == shorter.tokens_before - shorter.tokens_after > 0


def test_an_edit_says_what_was_done():
    shorter = made()
    (edit,) = shorter.edits
    assert edit.path == (2, "content", 0, "content")
    assert edit.text == result(shorter)
    assert (edit.compressor, edit.lossless) == ("logs", False)
    assert edit.handle in edit.text
    assert edit.tokens_before == report(LOG, "gpt-4")
    assert edit.tokens_after == report(edit.text, "gpt-4")


def test_the_model_changes_no_decision():
    assert made(model="gpt-4") == made(model="claude-sonnet-4-6") == made(model="no-such-model") == made()


@pytest.mark.parametrize("messages", [[], (), [{"role": "user", "content": "hello"}]])
def test_nothing_to_do_is_no_work(messages):
    shorter = compress(messages, store=MemoryStore())
    assert shorter == list(messages)
    assert (shorter.edits, shorter.failures, shorter.saved) == ((), (), 0)


def test_the_input_is_never_changed():
    messages = conversation(LOG)
    kept = copy.deepcopy(messages)
    shorter = compress(messages, store=MemoryStore())
    result(shorter)
    shorter[-1]["content"][0]["content"] = "changed by the caller"
    shorter.append("more")
    assert messages == kept
    assert all(shorter[index] is messages[index] for index in (0, 1))


def test_tuples_of_messages_are_taken():
    assert compress(tuple(conversation(LOG)), store=MemoryStore()) == made()


def test_system_and_tools_are_taken_and_change_nothing():
    system, tools = [{"type": "text", "text": LOG}], [{"name": "Bash", "input_schema": {"type": "object"}}]
    kept = copy.deepcopy((system, tools))
    assert made(system=system, tools=tools) == made() == made(system="Be brief.", tools=object())
    assert (system, tools) == kept


def test_acompress_is_its_twin():
    async def both():
        one, two = (conversation("\n".join(deploy(lines))) for lines in (90, 120))
        store = MemoryStore()
        return await asyncio.gather(acompress(one, store=store), acompress(two, store=store, model="gpt-4"))

    short, long = asyncio.run(both())
    assert type(short) is type(long) is Compressed
    assert long == made()
    assert long.model == "gpt-4"
    assert short != long


# One text


def test_one_text_is_a_string():
    store = MemoryStore()
    shorter = compress_text(LOG, store=store)
    assert isinstance(shorter, str)
    assert shorter == shorter.text == f"{shorter}"
    assert type(shorter.text) is str
    assert shorter.edit.compressor == "logs"
    assert shorter.failures == ()
    assert shorter.saved == shorter.tokens_before - shorter.tokens_after == report(LOG) - report(shorter)
    assert retrieve(shorter.edit.handle, store=store) == LOG


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_and_pickles_of_one_text_say_the_same(again):
    first = compress_text(LOG, store=MemoryStore())
    second = again(first)
    assert type(second) is CompressedText
    assert (second, second.edit, second.saved) == (first, first.edit, first.saved)


def test_a_text_of_no_kind_comes_back():
    text = "Nothing here is worth the trouble."
    shorter = compress_text(text, store=MemoryStore())
    assert shorter == text
    assert (shorter.edit, shorter.saved, shorter.failures) == (None, 0, ())


def test_a_hint_names_a_compressor_or_a_command():
    paths = "\n".join(sorted(f"module{i}.py" for i in range(80)))
    assert compress_text(LOG, "logs", store=MemoryStore()).edit.compressor == "logs"
    assert compress_text(LOG, "table", store=MemoryStore()) == LOG
    assert compress_text(paths, store=MemoryStore()) == paths
    assert compress_text(paths, "ls", store=MemoryStore()).edit.compressor == "listing"


def test_a_query_keeps_what_it_names():
    lines = deploy(600)
    asked = compress_text("\n".join(lines), query="what happened in step 417?", store=MemoryStore())
    wanted = compress_text("\n".join(lines), query="what about `deploy step 417 finished`?", store=MemoryStore())
    assert lines[417] not in compress_text("\n".join(lines), store=MemoryStore())
    assert lines[417] in asked or lines[417] in wanted


# Retrieval


@pytest.fixture
def kept():
    store = MemoryStore()
    return compress_text(LOG, store=store).edit.handle, store


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, LOG),
        ({"lines": "3"}, deploy(3)[2]),
        ({"lines": "3-5"}, "\n".join(deploy(5)[2:])),
        ({"lines": "-2"}, "\n".join(deploy(120)[-2:])),
        ({"lines": "119-"}, "\n".join(deploy(120)[-2:])),
    ],
)
def test_retrieve_gives_back_exactly(kept, options, expected):
    handle, store = kept
    assert retrieve(handle, **options, store=store).rstrip("\n") == expected
    assert retrieve(f"h:{handle}", **options, store=store) == retrieve(handle, **options, store=store)


def test_retrieve_greps(kept):
    handle, store = kept
    found = retrieve(handle, grep=r"step 11[0-4] ", store=store)
    assert [line.partition(":")[2].strip() or line for line in found.splitlines() if "step" in line]
    assert all(f"step {i} " in found for i in range(110, 115))
    assert found.count("step") == 5


def test_retrieve_cuts_rows():
    store = MemoryStore()
    edit = compress_text(RECORDS, store=store).edit
    rows = RECORDS.removeprefix("[\n  ").removesuffix("\n]").split(",\n  {")
    assert retrieve(edit.handle, rows="3-4", store=store) == f"{{{rows[2]}\n{{{rows[3]}"
    assert retrieve(edit.handle, rows="name=user7", store=store) == f"{{{rows[7]}"


def test_what_cannot_be_retrieved_says_why(kept):
    handle, store = kept
    with pytest.raises(UnknownHandleError, match="no original has the handle '000000000000'"):
        retrieve("000000000000", store=store)
    with pytest.raises(SliceError, match="lines"):
        retrieve(handle, lines="three to five", store=store)
    assert issubclass(UnknownHandleError, HeadroomError)
    assert issubclass(SliceError, HeadroomError)


# Defaults of the store and the settings


def test_the_users_own_store_is_the_default():
    shorter = compress(conversation(LOG))
    assert retrieve(shorter.edits[0].handle) == LOG
    with pytest.raises(UnknownHandleError):
        retrieve(shorter.edits[0].handle, store=MemoryStore())


# Settings do what they say


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_settings_are_a_value(again):
    settings = Settings(level="lossless", tools={"mcp__*": "off"})
    assert again(settings) == settings
    assert again(Settings()) == Settings()


def named(name, text=LOG):
    messages = conversation(text)
    messages[1]["content"][0]["name"] = name
    return messages


@pytest.mark.parametrize(
    ("tools", "edited"),
    [
        ({}, True),
        ({"Bash": "off"}, False),
        ({"bash": "off"}, False),
        ({"B*": "off"}, False),
        ({"Read": "off"}, True),
        ({"mcp__*": "off"}, True),
        ({"*": "off"}, False),
        ({"Bash": "balanced", "*": "off"}, True),
        ({"*": "off", "Bash": "balanced"}, False),
        ({"Bash": "exact"}, False),
    ],
)
def test_tools_by_name_and_glob(tools, edited):
    shorter = compress(named("Bash"), settings=Settings(tools=tools), store=MemoryStore())
    assert bool(shorter.edits) is edited


def test_an_off_tool_does_not_switch_off_others():
    settings = Settings(tools={"mcp__db__*": "off"})
    for name, edited in (("mcp__db__query", False), ("mcp__web__fetch", True)):
        assert bool(compress(named(name), settings=settings, store=MemoryStore()).edits) is edited


@pytest.mark.parametrize("treatment", ["off", "lossless"])
def test_kinds_hold_one_compressor_back(treatment):
    settings = Settings(kinds={"logs": treatment})
    logs = compress(conversation(LOG), settings=settings, store=MemoryStore())
    records = compress(conversation(RECORDS), settings=settings, store=MemoryStore())
    assert all(edit.lossless and "logs" not in edit.compressor.split("+") for edit in logs.edits)
    assert [edit.compressor for edit in records.edits] == ["structured"]


def test_levels_go_further_and_further():
    lines = deploy(900)
    sizes = [
        compress(conversation("\n".join(lines)), settings=Settings(level=level), store=MemoryStore()).saved
        for level in ("lossless", "balanced", "aggressive")
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[1]
    table = "t,a,b\n" + "".join(f"2024-01-{i % 28 + 1:02},{i * 7 % 13}.5,{i % 11}\n" for i in range(1200))
    for level in ("lossless", "balanced", "aggressive"):
        shorter = compress(conversation(table), settings=Settings(level=level), store=MemoryStore())
        assert level != "lossless" or all(edit.lossless for edit in shorter.edits)


def test_small_texts_stay():
    small = Settings(min_tokens=10**6)
    assert compress(conversation(LOG), settings=small, store=MemoryStore()) == conversation(LOG)


def test_a_text_over_the_limit_stays_and_says_so():
    shorter = compress(conversation(LOG), settings=Settings(max_chars=1000), store=MemoryStore())
    assert shorter == conversation(LOG)
    assert [failure.path for failure in shorter.failures] == [(2, "content", 0, "content")]
    assert f"{len(LOG):,} characters" in shorter.failures[0].reason


@pytest.mark.parametrize("repeats", [True, False])
def test_repeats_can_be_switched_off(repeats):
    twice = [*conversation(LOG), *conversation(LOG)]
    shorter = compress(twice, settings=Settings(repeats=repeats, kinds={"logs": "off"}), store=MemoryStore())
    assert ["repeats" in edit.compressor for edit in shorter.edits] == [True] * repeats


# Documents in what the user sent


def said(text, **settings):
    return compress([{"role": "user", "content": text}], settings=Settings(**settings), store=MemoryStore())


@pytest.mark.parametrize("frame", ["<document>\n{}\n</document>", "```json\n{}\n```", "<logs>{}</logs>"])
def test_documents_in_user_text_become_shorter(frame):
    text = f"Which user is odd? See below.\n\n{frame.replace('{}', RECORDS)}\n\nAnswer in one word."
    (message,) = said(text)
    assert message["content"] != text
    head, tail = frame.split("{}")
    assert message["content"].startswith(f"Which user is odd? See below.\n\n{head}")
    assert message["content"].endswith(f"{tail}\n\nAnswer in one word.")
    assert said(text, documents=False) == [{"role": "user", "content": text}]


def test_what_the_user_typed_stays():
    text = f"Here is my log:\n{LOG}\nWhat is wrong?"
    assert said(text) == [{"role": "user", "content": text}]


def test_kept_text_is_kept():
    protected = f"<headroom:keep>\n{RECORDS}\n</headroom:keep>"
    for text in (f"<document>{protected}</document>", f"Look:\n{protected}\n"):
        assert said(text) == [{"role": "user", "content": text}]
    shorter = made(f"{LOG}\n{protected}\n{LOG}")
    assert protected in result(shorter)
    assert shorter.edits


# Wrong arguments


@pytest.mark.parametrize("wrong", ["text", b"bytes", None, 5, {"role": "user"}, {1, 2}, iter([])])
def test_messages_of_a_wrong_type_say_what_is_expected(wrong):
    with pytest.raises(InputError, match="messages must be a list of messages, not") as raised:
        compress(wrong, store=MemoryStore())
    assert type(wrong).__name__ in str(raised.value)
    assert isinstance(raised.value, TypeError)
    with pytest.raises(TypeError):
        asyncio.run(acompress(wrong, store=MemoryStore()))


@pytest.mark.parametrize("wrong", [b"bytes", None, 5, ["text"]])
def test_one_text_of_a_wrong_type_says_what_is_expected(wrong):
    with pytest.raises(InputError, match="text must be a string, not") as raised:
        compress_text(wrong, store=MemoryStore())
    assert "compress(messages)" in str(raised.value)
