"""Prose: what stays is byte-identical and in order, gaps are whole sentences, line numbers fit, less goes with no question."""

import re
from importlib.metadata import metadata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payloads import SEEDS, outputs

from headroom import Settings, compress, compress_text, retrieve
from headroom.compression import markers
from headroom.compression.compressors.prose_pieces import pieces
from headroom.originals.store import MemoryStore

READMES = [metadata(name).get_payload() for name in ("h11", "sortedcontainers", "tenacity", "hypothesis", "tomlkit")]
PARAGRAPHS = [
    " ".join(paragraph.split())
    for readme in READMES
    for paragraph in readme.split("\n\n")
    if len(paragraph) > 200 and paragraph[0].isalpha() and "::" not in paragraph
]
QUESTIONS = ["How much memory does one element cost?", "Which retry strategies are there?", "", "Who wrote it and why?"]
NOTE = re.compile(r"^\[lines? (\d+)(?:-(\d+))? omitted: [^\n]*\]$", re.MULTILINE)
LAST = re.compile(
    r"\n\n\[(\d+) of (\d+) sentences left out above, where \[\.\.\.\] or a line number stands\. Full text: h:[0-9a-f]{12}\]\n*$"
)


def made_of(text, query="", level="balanced", store=None):
    call = "search_docs {}" if not query else f'search_docs {{"query": "{query}"}}'
    choices = Settings(level=level, min_tokens=0)
    return compress_text(text, call, query, settings=choices, store=MemoryStore() if store is None else store)


def passages(paragraphs):
    return "\n\n".join(f"[{number}] {paragraph}" for number, paragraph in enumerate(paragraphs, 1))


def stretches(text):
    """What stays, between the marks; `None` stands for `[...]`, a pair for a note's lines."""
    body = LAST.sub("", text)
    at = 0
    for mark in re.finditer(rf"{NOTE.pattern}|\[\.\.\.\]", body, re.MULTILINE):
        yield body[at : mark.start()]
        yield (int(mark[1]), int(mark[2] or mark[1])) if mark[1] else None
        at = mark.end()
    yield body[at:]


def check(original, made):
    """What the promise says, read off the result."""
    if not LAST.search(made):
        assert made == original
        return
    at, line = 0, 1
    for part in stretches(made):
        if isinstance(part, str):
            words = part.strip()
            if words:
                found = original.find(words, at)
                assert found >= 0, f"not in the original, or out of order: {words[:80]!r}"
                gap = original[at:found]
                assert not gap.strip() or sentence_ends(original, at), gap[:80]
                at = found + len(words)
                assert not original[at : at + 1].strip() or made.count(words) > 1, "cut within a word"
                line = original.count("\n", 0, at) + 1
        elif part:
            first, last = part
            assert line <= first <= last <= original.count("\n") + 1
            hidden = "\n".join(original.split("\n")[first - 1 : last])
            assert hidden.strip()


def sentence_ends(text, at):
    """Whether a sentence, an item, a label or a line ends before a place."""
    before = text[:at].rstrip()
    return (
        not before
        or "\n" in text[len(before) : at + 1]
        or bool(re.search(r"[.!?…:][\"'\u2019\u201d)\]*_\d]*$|^\[\d+\]$", before[-60:], re.MULTILINE))
        or before.endswith("]")
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PARAGRAPHS), min_size=3, max_size=12, unique=True), st.sampled_from(QUESTIONS))
def test_what_stays_is_identical_and_in_order(paragraphs, question):
    text = passages(paragraphs)
    made = made_of(text, question)
    assert made.failures == ()
    check(text, made.text)
    assert [block for block in made.text.split("\n\n") if not re.match(r"\[(?:\d+\] |lines? \d|\d+ of )", block)] == []


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("readme", READMES)
def test_documents(readme, question):
    made = made_of(readme, question)
    assert made.failures == ()
    check(readme, made.text)
    headings = [line for line in readme.split("\n") if re.match(r"#{1,6} |[=~^-]{4,}$", line)]
    assert [line for line in headings if line not in made.text] == []


@settings(max_examples=100, deadline=None)
@given(outputs())
def test_pieces_are_the_text(payload):
    _, text = payload
    cut = pieces(text)
    assert "".join(text[piece.start : piece.stop] for piece in cut) == text
    assert all(piece.start < piece.stop for piece in cut)


def test_something_goes_and_comes_back():
    store = MemoryStore()
    text = passages(PARAGRAPHS[:10])
    made = made_of(text, QUESTIONS[0], store=store)
    assert made.edit.compressor == "prose"
    assert made.edit.tokens_after < 0.7 * made.edit.tokens_before
    assert retrieve(made.edit.handle, store=store) == text


def test_less_goes_with_no_question():
    text = passages(PARAGRAPHS[:10])
    assert len(made_of(text, QUESTIONS[0]).text) < len(made_of(text, "").text)


def test_the_answer_stays():
    fact = "The reference clock of the north mast was set to 31.7 MHz and never changed."
    text = passages([*PARAGRAPHS[:5], f"A mast has many parts. {fact} It was painted red.", *PARAGRAPHS[5:9]])
    made = made_of(text, "To what frequency was the clock of the north mast set?")
    assert made.edit.compressor == "prose"
    assert fact in made.text


@pytest.mark.parametrize("level", ["lossless"])
def test_lossless_leaves_everything(level):
    assert made_of(passages(PARAGRAPHS[:10]), QUESTIONS[0], level=level).edit is None


def test_without_retrieval_nothing_goes():
    text = passages(PARAGRAPHS[:10])
    choices = Settings(min_tokens=0, retrieval=False)
    assert compress_text(text, "search_docs {}", QUESTIONS[0], settings=choices, store=MemoryStore()).edit is None


DIALOGUE = "\n\n".join(f"{who}: {said}" for who, said in zip(["User", "Assistant"] * 8, PARAGRAPHS, strict=False))
GERMAN = (
    "Der Rechner, der in dem alten Haus am Fluss steht, wurde von den Leuten gebaut, die dort bis heute arbeiten. " * 20
)
CHINESE = "这台计算机位于河边的老房子里。是由至今仍在那里工作的人们建造的。它从未被改变过。" * 40
ARABIC = "الحاسوب الموجود في البيت القديم بجانب النهر بناه الناس الذين ما زالوا يعملون هناك حتى اليوم. " * 30


@pytest.mark.parametrize(
    "text", [DIALOGUE, GERMAN, CHINESE, ARABIC, "Word without an end " * 5000, "😀 " * 4000, "", "a"]
)
def test_not_its_own(text):
    made = made_of(text, QUESTIONS[0])
    assert made.failures == ()
    assert made.text == text


def test_source_and_settings_are_not_prose():
    taken = [
        (command, text[:60])
        for command, text in SEEDS
        if not re.search(r"search_docs|fetch_page", command)
        and (edit := compress_text(text, command, settings=Settings(min_tokens=0), store=MemoryStore()).edit)
        and "prose" in edit.compressor
    ]
    assert [each for each in taken if "readme" not in each[0].lower()] == []


@pytest.mark.parametrize("odd", ["\x00", "\u202e", "\ud800", "\ufeff", "🏳️‍🌈", "\r"])
def test_odd_signs(odd):
    text = passages([paragraph.replace(". ", f". {odd} ", 1) for paragraph in PARAGRAPHS[:8]])
    made = made_of(text, QUESTIONS[0])
    assert made.failures == ()
    if odd != "\r":  # a terminal would have overwritten what stands before it
        check(text.replace(odd, ""), made.text.replace(odd, ""))


def test_a_table_in_prose_stays():
    table = "| name | bytes |\n|---|---|\n| list | 8 |\n| tree | 24 |"
    text = passages(PARAGRAPHS[:4]) + f"\n\n{table}\n\n" + passages(PARAGRAPHS[4:9])
    assert table in made_of(text, QUESTIONS[1]).text


def user_message(*texts):
    return [{"role": "user", "content": [{"type": "text", "text": text} for text in texts]}]


QUESTION = "Question: How many bytes does each reference in the sorted list require?"
ANSWER = next(paragraph for paragraph in PARAGRAPHS if "eight bytes" in paragraph)
TOLD = "\n\n".join([*PARAGRAPHS[:5], ANSWER, *PARAGRAPHS[-4:]])
FOUND = passages([*PARAGRAPHS[:5], ANSWER, *PARAGRAPHS[-4:]])
LABELLED = FOUND.replace("[", "Passage ").replace("] ", ":\n")


@pytest.mark.parametrize(
    "texts",
    [
        [f"Context:\n{FOUND}\n\n{QUESTION}"],
        [f"{QUESTION}\n\nContext:\n{FOUND}"],
        [f"Context:\n{FOUND}\n\nQuestion: see below.", QUESTION],
        [f"Answer from the story.\n\nStory: {TOLD}\n\n{QUESTION}"],
        [f"Context:\n\n{TOLD}\n\n{QUESTION}\nAnswer:"],
        [f"The following are passages.\n{LABELLED}\n\n{QUESTION}"],
        [f"<document>\n{FOUND}\n</document>\n{QUESTION}"],
    ],
)
def test_passages_of_a_user_by_the_question_around_them(texts):
    made = compress(user_message(*texts), store=MemoryStore())
    assert [edit.compressor for edit in made.edits] == ["prose"]
    said = "\n".join(part["text"] for part in made[0]["content"])
    assert QUESTION in said
    assert "eight bytes" in said


def test_what_the_user_typed_stays():
    text = "\n\n".join(PARAGRAPHS[:9]) + f"\n\n{QUESTION}"
    assert compress(user_message(text), store=MemoryStore()).edits == ()


def test_markers_name_the_handle_once():
    made = made_of(passages(PARAGRAPHS[:10]), QUESTIONS[0])
    assert markers.HANDLE.findall(made.text) == [made.edit.handle.removeprefix("h:")]
