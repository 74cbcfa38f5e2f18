"""Reads a folded search result back: written from what the output looks like, not from how it is made."""

import re

HIT = re.compile(r"(\d+(?:,\d+)*)([:=-])(.*)", re.DOTALL)
BINARY = {
    "grep: binary file matches:": "grep: {}: binary file matches",
    "Binary file matches:": "Binary file {} matches",
}
ONE = re.compile(r"(?:[A-Za-z]:[\\/])?[^:]+?[:=-]\d+[:=-]")


def read(text):
    """The result as the search printed it."""
    items = list(_items(text.split("\n")))
    context = any(mark in "-=" for is_file, _, marks in items if is_file for mark in marks)
    out = []
    for index, (is_file, lines, _) in enumerate(items):
        if context and is_file and index and items[index - 1][0]:
            out.append("--")
        out += lines
    return "\n".join(out)


def _items(lines):
    """(whether it is a file's, its lines as printed, its marks) for each block and each line outside of one."""
    at = 0
    after_block = False
    while at < len(lines):
        if at and not lines[at] and (after_block or _starts(lines, at + 1)):
            at += 1
        if not _starts(lines, at):
            yield bool(ONE.match(lines[at])), [lines[at]], ""
            at += 1
            after_block = False
            continue
        end = next((index for index in range(at, len(lines)) if not lines[index]), len(lines))
        yield _block(lines[at], lines[at + 1 : end])
        at = end
        after_block = True


def _starts(lines, at):
    if at + 1 >= len(lines) or not lines[at] or not lines[at + 1]:
        return False
    if lines[at] in BINARY or re.fullmatch(r"(?:[A-Za-z]:[\\/])?[^:]*:", lines[at]):
        return True
    return bool(HIT.match(lines[at + 1])) and not HIT.match(lines[at])


def _block(head, lines):
    if head in BINARY:
        return False, [BINARY[head].format(line) for line in lines], ""
    if head.endswith(":"):
        return True, [head + line for line in lines], ""
    hits, marks, several = [], "", False
    for line in lines:
        match = HIT.match(line)
        if not match:
            hits.append((0, line))
            continue
        marks += match[2]
        several = several or "," in match[1]
        hits += [(int(at), f"{head}{match[2]}{at}{match[2]}{match[3]}") for at in match[1].split(",")]
    if several:  # texts that stand once stand at their first number: the search printed numbers that rise
        hits.sort(key=lambda hit: hit[0])
    return True, [hit for _, hit in hits], marks
