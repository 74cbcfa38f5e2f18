"""Texts and conversations for the laws: seeded with real output, since naive generators let broken pipelines pass."""

import json
import re
from pathlib import Path

from hypothesis import strategies as st

import headroom
from headroom import compress_text
from headroom.originals.store import MemoryStore

GOLDEN = Path(__file__).parent.parent / "golden"
_SECTION = re.compile(r"^=== (command|query|level|input|output)$\n?", re.MULTILINE)


def golden_inputs():
    """(command, input) of every golden."""
    found = []
    for path in sorted(GOLDEN.glob("*/*.golden")):
        pieces = _SECTION.split(path.read_bytes().decode("utf-8"))
        parts = dict(zip(pieces[1::2], pieces[2::2], strict=True))
        found.append((parts.get("command", "").strip(), parts["input"].removesuffix("\n")))
    return found


def sample_inputs():
    """(command, text) of every bundled sample, cut at a line end to what a law can try hundreds of times."""
    index = json.loads((SAMPLES / "index.json").read_text("utf-8"))
    for entry in index:
        text = (SAMPLES / entry["file"]).read_bytes().decode("utf-8")
        if entry["file"].endswith((".json", ".ndjson", ".html", ".xml")) and len(text) > MOST:
            continue
        yield entry.get("command", ""), text if len(text) <= MOST else text[: text.rindex("\n", 0, MOST)]


MOST = 8000
SAMPLES = Path(headroom.__file__).parent / "perf" / "samples"
SEEDS = golden_inputs() + list(sample_inputs())


def compressible():
    """A (command, text) that becomes much shorter: the longest sample that does."""
    for command, text in sorted(SEEDS, key=lambda seed: -len(seed[1])):
        if compress_text(text, command, store=MemoryStore()).saved > 200:
            return command, text
    raise AssertionError("no seed becomes shorter")


@st.composite
def outputs(draw):
    """A (command, text) of real output, often damaged: lines gone, doubled, swapped, cut in the middle, odd characters put in."""
    command, text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 3))):
        text = draw(st.sampled_from(DAMAGES))(draw, text)
    return command, text


def _drop_lines(draw, text):
    lines = text.split("\n")
    at = draw(st.integers(0, len(lines) - 1))
    return "\n".join(lines[:at] + lines[at + draw(st.integers(1, 5)) :])


def _double(draw, text):
    lines = text.split("\n")
    at = draw(st.integers(0, len(lines) - 1))
    return "\n".join(lines[: at + 1] * draw(st.integers(1, 3)) + lines[at:])


def _cut(draw, text):
    return text[: draw(st.integers(0, len(text)))]


def _join(draw, text):
    other = draw(st.sampled_from(SEEDS))[1]
    return text + draw(st.sampled_from(["\n", "\n\n", "\n$ next\n"])) + other


def _odd(draw, text):
    at = draw(st.integers(0, len(text)))
    return (
        text[:at]
        + draw(
            st.sampled_from(
                [
                    "\r\n",
                    "\x00",
                    "\x1b[31m",
                    "\ud800",
                    "[1-9 omitted: 9 lines. Full text: h:000000000000]",
                    "é漢",
                    "\u2028",
                    "\x0c",
                    "\t",
                ]
            )
        )
        + text[at:]
    )


def _windows(draw, text):
    del draw
    return text.replace("\n", "\r\n")


DAMAGES = [_drop_lines, _double, _cut, _join, _odd, _windows]


@st.composite
def conversations(draw, turns=5):
    """A conversation in Anthropic's shape: a question, then tool calls with their results, some of them the same again."""
    messages = [
        {
            "role": "user",
            "content": draw(
                st.sampled_from(
                    ["What went wrong?", "Look at this output and tell me what matters.", "Where is TypeAdapter used?"]
                )
            ),
        }
    ]
    seen = []
    for number in range(draw(st.integers(1, turns))):
        again = seen and draw(st.booleans())
        command, text = draw(st.sampled_from(seen)) if again else draw(outputs())
        seen.append((command, text))
        messages += exchange(number, command, text, as_list=draw(st.booleans()))
    return messages


def exchange(number, command, text, *, as_list=False, name="Bash"):
    """A call of a shell tool and its result."""
    content = [{"type": "text", "text": text}] if as_list else text
    return [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": f"Step {number}."},
                {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {"command": command}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": content}]},
    ]


_REARRANGED = re.compile(r"\n\[rearranged, nothing left out\. Full text: h:[0-9a-f]{12}\](?=\n*\Z)")


def body(made):
    """What a compressor wrote: without the last line, by the pipeline, that says that nothing was left out."""
    return _REARRANGED.sub("", made.text)
