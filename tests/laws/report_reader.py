"""Reads a folded test, build or lint output back, as a person would: every note is replaced by the lines it stands for.

Written from the format alone. Lines come back as a multiset, with spaces collapsed: a list of places says neither how
columns were padded nor in which order the tool went through the files.
"""

import re
from collections import Counter

PLACED = re.compile(
    r"(?P<before>(?:\[(?:ERROR|WARNING)\] )?)"
    r"(?:(?P<path>[^\s:(]+):(?P<pos>\d+(?::\d+)?)(?=: | - )|(?P<tspath>[^\s(:][^(:\n]*)\((?P<tspos>\d+,\d+)\)(?=: )|(?P<mvnpath>/[^:]+):\[(?P<mvnpos>\d+,\d+)\])(?P<rest>.*)"
)
ARROW = re.compile(r" *--> (?P<path>\S+?):(?P<pos>\d+:\d+)$")
WORD = re.compile(r"(?<![\w'])'[^'\s,]+'(?!\w)|`[^`\s,]+`|\"[^\"\s,]+\"|\u2018[^\u2019\s,]+\u2019")
HEADING = re.compile(r"_{2,} .* _{2,}$|_ (?!_).* _$|(?:ERROR|FAIL): |  ● |  \d+\) |---- | FAIL  ")
RULE = re.compile(r"[=_\-\s]*$")


def squeezed(line):
    return " ".join(line.split())


def lines_of(text):
    """What a text says: its lines without padding, blank lines, rules and the frames of headings."""
    return Counter(squeezed(line.strip(" _=-")) for line in text.split("\n") if not RULE.match(line))


def unfold(text):
    """The text with every note replaced by the lines it stands for."""
    out, lines, at = [], text.split("\n"), 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if inline := re.fullmatch(r" *\[the same at (\d.*)\]", line):
            rest = re.sub(r"^\s*\d+:\d+", "", out[-1])
            out += [f"{pos}{rest}" for pos in inline[1].split()]
        elif re.fullmatch(r"\[the same (?:with another name )?at:\]", line):
            block, said = _block(out), []
            while at < len(lines) and (lines[at].startswith("  ") or ARROW.match(lines[at])):
                said += _places(lines[at].strip().removeprefix("--> "))
                at += 1
            for path, pos, name in said:
                out += _moved(block, path, pos, name)
        elif same := re.fullmatch(
            r"\[the same (text|reason) (?:under|for) (\d+) more(?: headings)?(?:, (.*?))?:(?: (.*))?\]", line
        ):
            number, opening = int(same[2]), f"{same[3]} " if same[3] else ""
            names = (
                [opening + name for name in same[4].split()]
                if same[4]
                else [row.strip() for row in lines[at : at + number]]
            )
            assert len(names) == number, "a note that counts wrong"
            at += 0 if same[4] else number
            out += _told(out, same[1], names)
        elif shared := re.fullmatch(r"\[the next (\d+) lines as under (.*) above\]", line):
            title = shared[2].split(" / ")
            start = next(
                i for i in range(len(out)) if [part.strip(" _=-") for part in _apart(out, i)][: len(title)] == title
            )
            anchor = out.index(out[-1], start)
            out += out[anchor + 1 : anchor + 1 + int(shared[1])]
        else:
            out.append(line)
    return "\n".join(out)


def _apart(out, at):
    """A heading of several lines: those from `at` on that are no rule."""
    return [line for line in out[at : at + 8] if line.strip(" _=-")]


def _block(out):
    """The problem above a note: from the line with its place (or the title above an arrow) to the end."""
    for start in range(len(out) - 1, -1, -1):
        if ARROW.match(out[start]):
            return out[start - 1 :]
        match = PLACED.match(out[start])
        if match and not re.match(r"(?::| -)? *note\b", match["rest"]):
            return out[start:]
    raise AssertionError("a note with nothing above it")


def _places(row):
    """(path, position, name or None) of a row: `a.c:1:2 3:4 x2`, `a.ts(1,2) (3,4) 'name'`, `src/: a.ts(1,2), b.ts(3,4)`."""
    folder, files = re.fullmatch(r"(.*/): (.*)", row).groups() if "/: " in row else ("", row)
    found = []
    for part in files.split(", ") if folder else [files]:
        path, spots = re.fullmatch(r"(.*?)(?::(?=\d|\[)|(?=\())(.*)", part).groups()
        for pos, name, times in re.findall(r"[(\[]?(\d+(?:[:,]\d+)?)[)\]]?(?: (['`\"\u2018]\S+))?(?: x(\d+))?", spots):
            found += [(folder + path, pos, name or None)] * int(times or 1)
    return found


def _moved(block, path, pos, name):
    """A problem at another place; its source code is not told."""
    first, rest = block[0], block[1:]
    if name:
        first = WORD.sub(lambda _: name, first, count=1)
    if rest and ARROW.match(rest[0]):
        return [first, f"--> {path}:{pos}"]
    match = PLACED.match(first)
    here = f"{match['path']}:{match['pos']}" if match["path"] else None
    place = f"{path}:{pos}" if here else f"{path}({pos})" if match["tspath"] else f"{path}:[{pos}]"
    return [match["before"] + place + match["rest"], *rest]


def _told(out, what, names):
    if what == "reason":
        word, _, reason = re.fullmatch(r"(\w+) (.*?)( - .*)?", out[-1]).groups()
        return [f"{word} {name}{reason or ''}" for name in names]
    heading = next(i for i in range(len(out) - 1, -1, -1) if HEADING.match(out[i]))
    text = heading + 1
    if re.match(r"  \d+\) ", out[heading]):
        text = next(i + 1 for i in range(heading, len(out)) if out[i].endswith(":"))
    return [line for name in names for line in [*name.split(" / "), *out[text:]]]
