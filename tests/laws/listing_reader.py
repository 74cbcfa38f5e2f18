"""Reads folded listings back: written from what the output looks like, not from how it is made."""

import re

DATE = r"[A-Z][a-z]{2} \d{1,2} (?:\d{1,2}:\d\d|\d{4})"
TIME = r"\d{1,2}:\d\d"


def long(text):
    """`ls -l`, padded as GNU ls pads it."""
    remark, *lines = text.split("\n")
    said = remark[1:-1].split("; ")
    printed = said[-1] == "/ and * as printed"
    said = said[:-1] if printed else said
    owner, _, date = said[0].partition(", ")
    classes = {}
    for part in said[1:]:
        form, _, common = part.partition('": ')
        classes[form[1:]] = common.split(" ")
    rows = [_row(line, owner, date, classes, printed=printed) for line in lines]
    out, start = [], 0
    for at in range(len(rows) + 1):
        if at == len(rows) or isinstance(rows[at], str):
            out += _padded(rows[start:at])
            out += rows[at : at + 1]
            start = at + 1
    return "\n".join(out)


def _row(line, owner, date, classes, *, printed):
    full = re.fullmatch(rf"([-dlbcps][-rwxsStT]{{9}}[.+@]?) (\d+) (\S+) (\S+) (\S+) ({DATE}) (.+)", line)
    if full:
        return list(full.groups())
    if not line or line.endswith(":") or line.startswith(("total ", "ls: ")):
        return line
    mark = line[-1] if line[-1] in "/*" else ""
    form = next(
        form
        for form in classes
        if (" -> " in form) == (" -> " in line) and (form.endswith(mark) if mark else form[-1] not in "/*")
    )
    words = form.replace("name -> target", "name").rstrip("/*").split(" ")
    common = classes[form]
    mode, rest = common[0], " ".join(common[1:])
    fields = {"links": re.search(r"(\d+) links?", rest), "size": re.search(r"size (\S+)", rest)}
    values = {name: match[1] for name, match in fields.items() if match}
    for name in words[:-1]:
        values[name], _, line = line.partition(" ")
    if re.match(rf"{DATE} ", line):
        when = re.match(DATE, line)[0]
        line = line[len(when) + 1 :]
    elif re.match(rf"{TIME} ", line) and date.endswith("where only a time is shown"):
        time, _, line = line.partition(" ")
        when = f"{date.removesuffix(' where only a time is shown')} {time}"
    else:
        when = date.removesuffix(" unless shown")
    name = line if printed else line[: len(line) - len(mark)]
    size = values.get("size") or str(len(name.split(" -> ")[1].encode()))
    return [mode, values["links"], *owner.split(" "), size, when, name]


def _padded(rows):
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(5)]
    out = []
    for mode, links, owner, group, size, when, name in rows:
        month, day, rest = when.split(" ")
        date = f"{month} {day:>2} {rest:>5}"
        out.append(
            f"{mode:<{widths[0]}} {links:>{widths[1]}} {owner:<{widths[2]}} {group:<{widths[3]}} {size:>{widths[4]}} {date} {name}"
        )
    return out


def recursive(text):
    """`ls -R`: a blank line between two sections that each stand on a line."""
    out, before = [], False
    for line in spread(text.split("\n")):
        section = re.fullmatch(r"([^\s:][^:]*:)((?: \S+)*)", line)
        if section and before:
            out.append("")
        out += [section[1], *section[2].split()] if section else [line]
        before = bool(section)
    return "\n".join(out)


def spread(lines):
    """Directories told together, each on its own lines again, with what is below it right after it."""
    waiting = list(lines)
    while waiting:
        line = waiting.pop(0)
        together = re.fullmatch(r"(.*)/\{((?!the same )[^{}]*)\}(.*)", line)
        if not together:
            yield line
            continue
        parent, names, ends = together[1], together[2].split(","), [together[3]]
        while waiting and waiting[0].startswith(f"{parent}/{{the same {len(names)}}}"):
            ends.append(waiting.pop(0).partition("}")[2])
        yield from (f"{parent}/{name}{end}" for name in names for end in ends)


def tree(text, style):
    """A drawn tree, in the style of `npm` or of `tree`."""
    lines = text.split("\n")
    labels = re.findall(r"([^\s,]+)@([^\s,@]+)(?=,|\n|$)", text)
    nodes = []
    for line in lines:
        depth = (len(line) - len(line.lstrip(" "))) // 2
        nodes += [(depth, label) for label in line.strip(" ").split(", ")] if depth else [(0, line)]
    out = []
    for at, (depth, shown) in enumerate(nodes):
        label = shown
        if depth == 0:
            out.append(label)
            continue
        if label.endswith(" deduped") and "@" not in label[1:]:
            name = label.removesuffix(" deduped")
            label = f"{name}@{next(version for other, version in labels if other == name)} deduped"
        out.append(
            "".join((_goes_on(nodes, at, level) and style[0]) or style[1] for level in range(1, depth))
            + _branch(nodes, at, style)
            + label
        )
    return "\n".join(out)


def _goes_on(nodes, at, level):
    return next((depth == level for depth, _ in nodes[at + 1 :] if depth <= level), False)


def _branch(nodes, at, style):
    depth = nodes[at][0]
    opened = at + 1 < len(nodes) and nodes[at + 1][0] > depth
    return (style[2] if _goes_on(nodes, at, depth) else style[3]) + (style[4] if opened else style[5])


NPM = ("│ ", "  ", "├─", "└─", "┬ ", "─ ")
TREE = ("│   ", "    ", "├── ", "└── ", "", "")


def paths(text):
    """A list of paths."""
    lines = text.split("\n")
    shared = re.fullmatch(r"\[all under (.+)\]", lines[0])
    out = []
    for line in lines[1:] if shared else lines:
        group = re.fullmatch(r"(\S*/): (\S+(?: \S+)+)", line)
        out += [group[1] + name for name in group[2].split(" ")] if group else [line]
    return "\n".join((shared[1] if shared else "") + line for line in out)


def packages(text):
    """`dpkg -l`, the columns as wide as the rule line says."""
    lines = text.split("\n")
    rule = next(at for at, line in enumerate(lines) if line.startswith("+++-"))
    widths = [len(part) for part in lines[rule][4:].split("-")]
    common = re.search(r"^\[state (\S+) unless", lines[rule + 1])[1]
    rows, group = [], None
    for line in lines[rule + 2 :]:
        if line.endswith(":") and len(line.split(" ")) == 2:
            group = line[:-1].split(" ")
        elif line.startswith(" "):
            name, _, words = line[1:].partition(" ")
            rows.append((common, name, *group, words))
        else:
            state, rest = (
                line.split(" ", 1)
                if re.match(r"[a-zA-Z]{2,3} ", line) and line.count(" ") > 3 and line[:2] in ("rc", "un", "hi")
                else (common, line)
            )
            rows.append((state, *rest.split(" ", 3)))
    if "in the order of names" in lines[rule + 1]:
        rows.sort(key=lambda row: (row[1].partition(":")[0], row[1]))
    padded = [
        f"{row[0]:<3} "
        + " ".join(f"{cell:<{width}}" for cell, width in zip(row[1:4], widths, strict=False))
        + f" {row[4]}"
        for row in rows
    ]
    return "\n".join([*lines[: rule + 1], *padded])
