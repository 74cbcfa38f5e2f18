"""The retrieve tool: what a model may write, and what it is answered."""

import json

import pytest

from headroom import tokens
from headroom.compression.markers import handle_of
from headroom.compression.policy import RETRIEVAL_TOOLS
from headroom.errors import StoreError, UnknownHandleError
from headroom.originals import retrieval
from headroom.originals.store import MemoryStore

LOG = "".join(f"{number} INFO worker {number % 7} did {number * 31}\n" for number in range(1, 4001))
ROWS = json.dumps([{"id": number, "status": "failed" if number == 7 else "completed"} for number in range(1, 21)])


@pytest.fixture
def store():
    store = MemoryStore()
    store.put({handle_of(text): text for text in (LOG, ROWS, "short")}, [])
    return store


def ask(store, text=LOG, budget=retrieval.BUDGET, **arguments):
    handle = handle_of(text)
    return retrieval.answer(store, {"handle": handle, **arguments}, {handle}, budget)


SLICES = [
    ({}, "short", "short"),
    ({"lines": "2-3"}, LOG, "".join(LOG.splitlines(keepends=True)[1:3])),
    ({"lines": 2}, LOG, LOG.splitlines(keepends=True)[1]),
    ({"lines": 2.0}, LOG, LOG.splitlines(keepends=True)[1]),
    ({"lines": [2, 3]}, LOG, "".join(LOG.splitlines(keepends=True)[1:3])),
    ({"lines": " 2-3 ", "rows": "", "grep": ""}, LOG, "".join(LOG.splitlines(keepends=True)[1:3])),
    ({"lines": None, "rows": None, "grep": "did 31$"}, LOG, "1:1 INFO worker 1 did 31\n"),
    ({"rows": "status!=completed"}, ROWS, '{"id": 7, "status": "failed"}'),
    ({"rows": 7}, ROWS, '{"id": 7, "status": "failed"}'),
    ({"mode": "unknown"}, "short", "short"),
]


@pytest.mark.parametrize(("arguments", "text", "given"), SLICES)
def test_slices(store, arguments, text, given):
    assert ask(store, text, **arguments).strip() == given.strip()


@pytest.mark.parametrize("written", ["{}", "h:{}", "[h:{}]", "H:{}", " h:{}. ", "Full text: h:{}"])
@pytest.mark.parametrize("key", ["handle", "id", "hash"])
def test_handles_as_models_write_them(store, written, key):
    handle = handle_of("short")
    assert retrieval.answer(store, {key: written.format(handle)}, {handle}) == "short"
    assert retrieval.answer(store, json.dumps({key: written.format(handle)}), {handle}) == "short"
    assert retrieval.answer(store, handle, {handle}) == "short"


BAD = [
    ({}, "handle"),
    (None, "handle"),
    ("", "handle"),
    ("{broken", "handle"),
    ("[" * 100_000, "handle"),
    ([1], "handle"),
    ({"handle": 12}, "handle"),
    ({"handle": "3fa9"}, "handle"),
    ({"handle": "0" * 64}, "handle"),
    ({"handle": "000000000000"}, "run the command"),
    ({"handle": handle_of(ROWS)}, "run the command"),
    ({"handle": handle_of(LOG), "lines": "first"}, "ask again"),
    ({"handle": handle_of(LOG), "grep": "("}, "ask again"),
    ({"handle": handle_of(LOG), "grep": "(a+)+$"}, "ask again"),
    ({"handle": handle_of(LOG), "rows": "status=failed"}, "ask again"),
    ({"handle": handle_of(LOG), "grep": "nowhere"}, "without grep"),
    ({"handle": handle_of(LOG), "lines": "5000-"}, "other lines"),
]


@pytest.mark.parametrize(("arguments", "advice"), BAD)
def test_what_cannot_be_given_is_answered_by_what_to_do(store, arguments, advice):
    given = retrieval.answer(store, arguments, {handle_of(LOG)})
    assert advice in given
    assert len(given) < 600


def test_only_handles_of_the_conversation(store):
    given = retrieval.answer(store, {"handle": handle_of("short")}, set())
    assert "short" not in given.replace(handle_of("short"), "")


@pytest.mark.parametrize("error", [UnknownHandleError("gone"), StoreError("locked")])
def test_a_store_that_cannot_give_it(error):
    class Gone(MemoryStore):
        def original(self, _):
            raise error

    assert "Run the command" in retrieval.answer(Gone(), {"handle": "0" * 12}, {"0" * 12})


def test_a_long_answer_is_cut_at_a_line_and_says_how_to_go_on(store):
    pieces, lines = [], "1-"
    while lines:
        given = ask(store, budget=20_000 if not pieces else 5_000, **({"lines": lines} if pieces else {}))
        assert tokens.count(given) <= (5_050 if pieces else 20_050)
        body, _, note = given.rpartition("[only the first ")
        pieces.append(body or given)
        lines = note.partition('lines="')[2].partition('"')[0] if body else ""
    assert "".join(pieces) == LOG
    assert len(pieces) > 4


@pytest.mark.parametrize(
    ("text", "arguments"), [("x y " * 60_000, {}), (LOG, {"grep": "INFO"}), ("漢😀" * 40_000, {}), ("a" * 900_000, {})]
)
def test_where_no_line_helps_it_says_to_narrow_it_down(text, arguments):
    store = MemoryStore()
    store.put({handle_of(text): text}, [])
    given = ask(store, text, **arguments)
    assert tokens.count(given) <= retrieval.BUDGET + 50
    assert "narrow it down with lines, rows or grep]" in given


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("headroom_retrieve", True),
        ("mcp__headroom__headroom_retrieve", True),
        ("headroom-headroom_retrieve", True),
        ("px_headroom_retrieve", True),
        ("mcp_headroom_headroom_retrieve", True),
        ("headroom__headroom_retrieve", True),
        ("headroom_headroom_retrieve", True),
        ("headroom.headroom_retrieve", True),
        ("myheadroom_retrieve", False),
        ("headroom_retrieve_all", False),
        ("retrieve", False),
        (None, False),
    ],
)
def test_names(name, ours):
    assert retrieval.is_named(name) is ours


def test_policy_knows_the_tool():
    """What it gave back is never compressed again."""
    assert RETRIEVAL_TOOLS.search(retrieval.TOOL)


def test_declarations_hold_one_schema():
    shapes = {name: json.loads(retrieval.declaration(name)) for name in ("anthropic", "chat", "responses", "gemini")}
    assert shapes["chat"]["type"] == shapes["responses"]["type"] == "function"
    schemas = [
        shapes["anthropic"]["input_schema"],
        shapes["chat"]["function"]["parameters"],
        shapes["responses"]["parameters"],
        shapes["gemini"]["parameters"],
    ]
    assert all(schema == schemas[0] for schema in schemas)
    assert set(schemas[0]["properties"]) == set(retrieval.Asked._fields)
    names = [shapes[name].get("name") for name in ("anthropic", "responses", "gemini")] + [
        shapes["chat"]["function"]["name"]
    ]
    assert set(names) == {retrieval.TOOL}
    assert all(tokens.count(retrieval.declaration(name).decode()) < 300 for name in shapes)
