"""CodeCompressor: source code as its own skeleton. Heads of functions and everything outside of them stay, in order.

    def retry(self, times: int = 5) -> None:
        \"\"\"Try again until the store answers.
        ... lines 89-131 omitted, h:3fa9c1d2e4b7\"\"\"

    fn retry(&self, times: u32) -> Result<()> {
        /* lines 89-131 omitted, h:3fa9c1d2e4b7 */
    }

Rules:
* Whole lines go, and what stays is as it was: the number of every line that is shown follows from those that are named.
* The result parses as well as the original did, or the original stays.
* What the conversation names stays whole, and so does what is short or rare. Whoever was shown a skeleton and asks for the
  same text again gets all of it.
"""

from __future__ import annotations

import re

from headroom.compression.compressors.source import choice, generated, grammar, numbering, parsing, rendering
from headroom.compression.compressors.source.outline import Outline
from headroom.compression.contract import Compressor, Context, Folded, Probe, mostly

MIN_CHARS = 1500
"""Code of fewer characters (400 tokens) stays: some 50 lines."""
HINTED, LIKELY = 0.93, 0.6
"""The score of a text whose path names its language too, and of one that only looks like code."""
LEAST_SPEAK = 0.03
"""The share of the lines that must speak for a language."""
MAX_CHARS = 1_000_000
"""Of code that is not minified. Parsing takes 0.2 s a megabyte of code, and up to ten times that of what is none."""

_CODE = re.compile(
    r"\s*(?:[{}\])]|//|#|/?\*|@\w|(?:import|from|def|class|return|if|for|while|else|elif|try|except|with|func|fn|let|const|var|pub|use"
    r"|package|public|private|protected|static|struct|enum|impl|type|export|raise|throw|yield|async|await|case|switch|match"
    r"|void|int|char|bool|self|this)\b|.*[;{},(:=]\s*$)"
)

_FENCE = re.compile(r"^(?:```|~~~)\w", re.MULTILINE)
"""Code amid other text: each fence is asked about by itself."""


def most(probe: Probe) -> float:
    """No path, no certainty."""
    return HINTED if grammar.by_command(probe.command) or len(probe.lines) < generated.FEW_LINES else LIKELY


def score(probe: Probe) -> float:
    """Lines that look like code, some of which speak for a language; a path is a hint, never enough."""
    if len(probe.text) < MIN_CHARS or probe.text.lstrip()[:1] in "<[":
        return 0.0
    if len(probe.lines) < generated.FEW_LINES and generated.is_minified(probe.text):
        return HINTED
    numbered = numbering.strip(probe.lines)
    sample = [line for line in numbered.lines if line.strip()] if numbered else probe.lines
    if not mostly(_CODE, sample, 0.35):
        return 0.0
    likely = grammar.by_looks(grammar.sample(sample))
    named = grammar.by_command(probe.command)
    if any(language in named for language, _ in likely):
        return HINTED
    return LIKELY if likely and likely[0][1] >= LEAST_SPEAK * len(sample) and not _FENCE.search(probe.text) else 0.0


def compress(text: str, context: Context) -> Folded | None:
    """The skeleton; `None` where there is nothing to fold, or no language was found that the text is in."""
    if context.level == "lossless" or len(text) < MIN_CHARS:
        return None
    handle = context.handle()
    if any(handle in above for above in context.earlier):
        return None
    if generated.is_minified(text):
        return Folded(generated.minified(text, handle), lossless=False)
    if len(text) > MAX_CHARS:
        return None
    lines = text.split("\n")
    numbered = numbering.strip(lines)
    code = parsing.parse(numbered.lines if numbered else lines, context.command)
    if code is None:
        return None
    outline = Outline(code.language, code.tree, code.lines)
    if head := generated.header(code.lines):
        rest = generated.remark(code, len(outline.bodies), head, handle)
        return Folded("\n".join([*lines[:head], rest]), lossless=False)
    folds = choice.choose(code, outline, context, numbered.numbers[0] if numbered else context.first_line)
    made = rendering.write(code, folds, numbered, context.first_line, handle) if folds else None
    return None if made is None else Folded(made, lossless=False)


COMPRESSOR = Compressor(
    name="source",
    promise="Imports, types, constants, the head of every definition with its decorators, the first line of each docstring; functions that the conversation names, short ones whole. Of minified and generated code, how much there is.",
    score=score,
    most=most,
    compress=compress,
    data=False,
    skeleton=True,
    extra="code",
    needs=(
        "tree_sitter",
        "tree_sitter_python",
        "tree_sitter_javascript",
        "tree_sitter_typescript",
        "tree_sitter_go",
        "tree_sitter_rust",
        "tree_sitter_java",
        "tree_sitter_c",
        "tree_sitter_cpp",
    ),
)
