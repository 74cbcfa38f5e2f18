"""Documents in what the user sent: what is delimited may become shorter, every other word stays."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import compress, retrieve
from headroom.compression import documents, markers
from headroom.compression.contract import Folded
from headroom.originals.store import MemoryStore

RECORDS = json.dumps([{"id": number, "name": f"user{number}", "active": True} for number in range(40)], indent=2)
PROSE = "Keep calm. " * 60


class Marking:
    """A context that replaces what it is asked about by where it stood, if it looks like JSON."""

    first_line = 1

    def __init__(self):
        self.asked = []

    def route(self, text, first_line=None, label=""):
        del label
        self.asked.append((text, first_line))
        return Folded("<<folded>>", lossless=False) if text.strip().startswith("[") else None


CASES = [
    ("<document>{}</document>", True),
    ("<document index='1' source=\"a\">\n{}\n</document>", True),
    ("<documents><document>x</document><document>{}</document></documents>", True),
    ("<context>\nprose\n<file path='a'>{}</file>\nprose</context>", True),
    ("<search_results>{}</search_results>", True),
    ("```json\n{}\n```", True),
    ("~~~\n{}\n~~~", True),
    ("<doc>prose\n```\n{}\n```\nprose</doc>", True),
    ("<doc><doc>{}</doc>prose</doc>", True),
    ("<doc>prose<file>{}</doc>", False),
    ("{}", False),
    ("<document>{}", False),
    ("{}</document>", False),
    ("<div>{}</div>", False),
    ("<doctor>{}</doctor>", False),
    ("```json\n{}\n", False),
    ("<headroom:keep><document>{}</document></headroom:keep>", False),
    ("<headroom:keep>\n```\n{}\n```\n</headroom:keep>", False),
    ("`<document>` {} `</data>`", False),
]


@pytest.mark.parametrize(("shape", "folded"), CASES, ids=[shape for shape, _ in CASES])
def test_what_is_delimited(shape, folded):
    text = f"Before {PROSE}\n{shape.replace('{}', RECORDS)}\nAfter {PROSE}"
    context = Marking()
    made, lossless = documents.fold(text, context)
    assert (RECORDS not in made) == folded
    assert lossless != folded
    assert made.startswith(f"Before {PROSE}")
    assert made.endswith(f"After {PROSE}")
    assert not [asked for asked, _ in context.asked if asked.startswith("<headroom:keep>")]
    for asked, line in context.asked:
        assert line == 1 + text[: text.index(asked)].count("\n")


def test_every_document_goes_its_own_way_in_order():
    text = f"a<doc>{RECORDS}</doc>b<doc>{PROSE}</doc>c\n```\n{RECORDS}\n```\nd<doc>{RECORDS}</doc>e"
    context = Marking()
    made, _ = documents.fold(text, context)
    high = RECORDS.count("\n")
    assert [line for _, line in context.asked] == [1, 1 + high, 3 + high, 5 + 2 * high]
    assert made == f"a<doc><<folded>></doc>b<doc>{PROSE}</doc>c\n```\n<<folded>>```\nd<doc><<folded>></doc>e"


PARTS = st.lists(
    st.sampled_from(
        [
            "<doc>",
            "</doc>",
            "<file>",
            "</file>",
            "```\n",
            "\n```",
            "\n",
            "words ",
            "[1]",
            "<headroom:keep>",
            "</headroom:keep>",
            "<data x=1>",
            "</data>",
        ]
    ),
    max_size=25,
)


@settings(max_examples=200)
@given(PARTS)
def test_nothing_is_lost_where_nobody_folds(parts):
    class Idle(Marking):
        def route(self, text, first_line=None, label=""):
            del label
            assert text.count("\n") < first_line + text.count("\n")

    text = "".join(parts)
    assert documents.fold(text, Idle()) == (text, True)


def test_hostile_text_does_not_hang():
    for text in (
        "<document>" * 60_000,
        "<doc><file>" * 30_000 + "</doc>" * 30_000,
        "</doc>" * 60_000,
        "<data " * 60_000,
        "```\n" * 60_001,
    ):
        assert documents.fold(text, Marking())[0] == text


def test_end_to_end():
    text = "Waiting for the database at db.local:5432 to come up...\n" * 80
    question = f"What went wrong here?\n<document>\n{text}\n</document>\nThe numbers are:\n1. {PROSE}"
    store = MemoryStore()
    made = compress([{"role": "user", "content": question}], store=store)
    shown = made[0]["content"]
    assert len(shown) < len(question)
    assert shown.startswith("What went wrong here?\n<document>\n")
    assert f"</document>\nThe numbers are:\n1. {PROSE}" in shown
    assert (
        retrieve(markers.HANDLE.search(shown)[1] if markers.HANDLE.search(shown) else made.edits[0].handle, store=store)
        == question
    )
