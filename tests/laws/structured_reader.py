"""Reads what the JSON compressor wrote, back into JSON values: written from the grammar, without its code.

Numbers come back as `("number", text)`, so that `1`, `1.0` and `"1"` differ.
"""

import json
import re

HEADING = re.compile(r"[\[{](\d+) (records|entries|arrays|lines of JSON)")
SECTION = re.compile(r"; (in all|in each)( unless a row says otherwise)?: ")
GIVEN = re.compile(r"; in all with ")
DEFINES = re.compile(r'\n\[Above, \{("(?:[^"\\]|\\.)*"):\.\.\.,\.\.\.\} is short for one of these:\]\n')
NOTE = '\n[A string cut short like "this"... is given in full above, where it first stands]'
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"')
SCALAR = re.compile(r"-?(?:\d[\d.eE+-]*|Infinity)|NaN|true|false|null")
FULL = re.compile(r"\[row \d+ in full\] ")
PLACE = re.compile(r"\[(\d+)\]")
STYLE = re.compile(r"(spaced JSON|JSON indented by (\d)|JSON)\(")
PLAIN = re.compile(r"\(key\)|[A-Za-z_][\w-]*")
MISSING = object()
KEY = "\0key"
"""The column of an object's own keys; a field of that name is written in quotes."""


class Short(dict):
    """`{"login":"octocat",...}`: resolved at the end."""


def expand(text):
    if not text.endswith(NOTE):
        return text
    text = text.removesuffix(NOTE)
    full = {
        match[0] for match in TOKEN.finditer(text) if len(match[0]) >= 42 and not text.startswith("...", match.end())
    }

    def whole(match):
        if not text.startswith("...", match.end()):
            return match[0]
        (found,) = [token for token in full if token.startswith(match[0][:-1])]
        return found + "\0"

    return TOKEN.sub(whole, text).replace("\0...", "")


class Reader:
    def __init__(self, text):
        self.text, self.at = text, 0

    def take(self, pattern):
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def eat(self, literal):
        found = self.text.startswith(literal, self.at)
        self.at += len(literal) * found
        return found

    def must(self, literal):
        assert self.eat(literal), (literal, self.text[max(0, self.at - 60) : self.at + 60])

    def value(self):
        if HEADING.match(self.text, self.at):
            return self.table()
        if self.eat("{"):
            return self.object()
        if self.eat("["):
            items = []
            while not self.eat("]"):
                items.append(self.value())
                self.eat(",")
            return items
        if match := self.take(STYLE):
            value = self.value()
            self.must(")")
            return laid_out(value, match)
        if match := self.take(TOKEN):
            return json.loads(match[0])
        match = self.take(SCALAR)
        assert match, self.text[self.at : self.at + 80]
        return {"true": True, "false": False, "null": None}.get(match[0], ("number", match[0]))

    def object(self):
        pairs = []
        while not self.eat("}"):
            if self.eat("..."):
                self.must("}")
                return Short(pairs)
            key = json.loads(self.take(TOKEN)[0])
            self.must(":")
            pairs.append((key, self.value()))
            self.eat(",")
        return dict(pairs) if len(dict(pairs)) == len(pairs) else ("doubled", pairs)

    def label(self):
        parts = []
        while True:
            match = self.take(TOKEN)
            parts.append(json.loads(match[0]) if match else self.plain())
            parts += self.places()
            if not self.eat("."):
                return tuple(parts)

    def places(self):
        found = []
        while match := self.take(PLACE):
            found.append(int(match[1]))
        return found

    def plain(self):
        name = self.take(PLAIN)[0]
        return KEY if name == "(key)" else name

    def pairs(self, read):
        found = {}
        while True:
            if self.eat("no "):
                found[self.label()] = MISSING
            else:
                label = self.label()
                self.must(": ")
                found[label] = read()
            if not self.eat(", "):
                return found

    def made(self):
        if self.eat("<"):
            label = self.label()
            self.must(">")
            return ("same", label)
        return ("template", self.take(TOKEN)[0])

    def names(self, path, found):
        while True:
            match = self.take(TOKEN)
            name = json.loads(match[0]) if match else self.plain()
            here = (*path, name, *self.places())
            if self.eat("{"):
                self.names(here, found)
                self.must("}")
            elif self.eat(",..."):
                found.append((here, True))
            else:
                found.append((here, False))
            if not self.eat(","):
                return found

    def table(self):
        total, noun = self.take(HEADING).groups()
        defaults, made = {}, {}
        while match := self.take(SECTION):
            if match[1] == "in all":
                defaults.update(self.pairs(self.value))
            else:
                made.update(self.pairs(self.made))
        while self.take(GIVEN):
            sign = self.label()
            self.must(": ")
            made.update({path: ("given", sign, value) for path, value in self.pairs(self.value).items()})
        hoisted = bool(defaults or made)
        self.must("\n")
        closing = "}" if noun == "entries" else "]"
        if self.text[self.at] == closing or self.text.startswith("row ", self.at):
            rows = self.odd_rows(int(total))
        else:
            rows = self.rows(closing, named=noun != "arrays" or hoisted)
        self.must(closing)
        assert len(rows) == int(total)
        return assemble(rows, noun, defaults, made)

    def odd_rows(self, total):
        """Where all columns are in the heading: only the rows that differ."""
        rows = [{} for _ in range(total)]
        while match := self.take(re.compile(r"row (\d+)")):
            rows[int(match[1]) - 1] = self.row([])
            self.must("\n")
        return rows

    def rows(self, closing, *, named):
        if not named:
            names = [((f"item{index + 1}",), False) for index in range(self.width())]
        else:
            names = self.names((), [])
            self.must("\n")
        rows = []
        while not (self.text[self.at] == closing and self.text[self.at - 1] == "\n"):
            if self.take(FULL):
                rows.append(self.value())
            else:
                rows.append(self.row(names))
            self.must("\n")
        return rows

    def width(self):
        """How many cells the row that begins here has."""
        start, cells = self.at, 1
        self.value()
        while self.eat(","):
            self.value()
            cells += 1
        self.at = start
        return cells

    def row(self, names):
        cells = {}
        for index, (path, short) in enumerate(names):
            if index:
                self.must(",")
            if self.text[self.at] in ",;\n":
                continue
            value = self.value()
            if short and value is not None:
                cells[path[:-1]] = Short({path[-1]: value})
            else:
                cells[path[:-1] if short else path] = value
        if self.eat("; "):
            cells.update(self.pairs(self.value))
        return cells


def assemble(rows, noun, defaults, made):
    whole = [row if isinstance(row, tuple) or not all(isinstance(key, tuple) for key in row) else None for row in rows]
    for cells in (cells for cells, full in zip(rows, whole, strict=True) if full is None):
        for path, value in defaults.items():
            cells.setdefault(path, value)
        waiting = {path: how for path, how in made.items() if path not in cells}
        while waiting:
            ready = {path: how for path, how in waiting.items() if not set(sources(how)) & set(waiting)}
            assert ready, waiting
            for path, how in ready.items():
                value = apply(how, cells)
                if value is not MISSING:
                    cells[path] = value
                del waiting[path]
    rows = [
        cells if full is not None else {path: value for path, value in cells.items() if value is not MISSING}
        for cells, full in zip(rows, whole, strict=True)
    ]
    if noun == "arrays":
        return [
            [value for _, value in sorted(cells.items(), key=lambda pair: int(re.sub(r"\D", "", pair[0][0])))]
            for cells in rows
        ]
    if noun == "entries":
        return {cells.pop((KEY,)): nest(cells) for cells in rows}
    return [nest(cells) if full is None else full for cells, full in zip(rows, whole, strict=True)]


def parse_labels(text):
    """A template's text cut into literals and labels."""
    parts, at = [], 0
    while at < len(text):
        end = text.find("<", at)
        if end < 0:
            parts.append(text[at:])
            break
        parts.append(text[at:end])
        reader = Reader(text)
        reader.at = end + 1
        parts.append(reader.label())
        reader.must(">")
        at = reader.at
    return parts


def sources(how):
    if how[0] in ("same", "given"):
        return [how[1]]
    return [part for part in parse_labels(how[1][1:-1]) if isinstance(part, tuple)]


def apply(how, cells):
    if any(cells.get(path, MISSING) is MISSING for path in sources(how)):
        return MISSING
    if how[0] == "given":
        return how[2]
    if how[0] == "same":
        return cells[how[1]]
    made = ""
    for part in parse_labels(how[1][1:-1]):
        value = cells[part] if isinstance(part, tuple) else None
        made += (
            part
            if isinstance(part, str)
            else value[1]
            if isinstance(value, tuple)
            else json.dumps(value, ensure_ascii=False)[1:-1]
        )
    return json.loads(f'"{made}"')


def nest(cells):
    record = {}
    for path, value in cells.items():
        inner = record
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        assert path[-1] not in inner
        inner[path[-1]] = value
    return listed(record)


def listed(value):
    """Places in arrays are keys of type `int` so far."""
    if not isinstance(value, dict) or isinstance(value, Short):
        return value
    if value and all(isinstance(key, int) for key in value):
        return [listed(value[index]) for index in range(len(value))]
    return {key: listed(item) for key, item in value.items()}


def plain(value, separators=(",", ":"), indent=None):
    """The JSON text of a value whose numbers are texts."""
    numbers = []

    def hold(item):
        if isinstance(item, tuple):
            numbers.append(item[1])
            return f"\0{len(numbers) - 1}\0"
        if isinstance(item, dict):
            return {key: hold(inner) for key, inner in item.items()}
        return [hold(inner) for inner in item] if isinstance(item, list) else item

    text = json.dumps(hold(value), ensure_ascii=False, separators=separators, indent=indent)
    return re.sub(r'"\\u0000(\d+)\\u0000"', lambda match: numbers[int(match[1])], text)


def laid_out(value, style):
    if style[1] == "JSON":
        return plain(value)
    return plain(value, (", ", ": ")) if style[1] == "spaced JSON" else plain(value, (",", ": "), int(style[2]))


def resolve(value, full):
    if isinstance(value, Short):
        ((key, known),) = value.items()
        return resolve(full[key, repr(known)], full)
    if isinstance(value, dict):
        return {key: resolve(item, full) for key, item in value.items()}
    return [resolve(item, full) for item in value] if isinstance(value, list) else value


def read(text):
    """The value that a lossless output of the compressor stands for."""
    head, *rest = DEFINES.split(expand(text))
    full = {}
    for key, body in zip(map(json.loads, rest[::2]), rest[1::2], strict=True):
        reader = Reader(body)
        objects = reader.value() if HEADING.match(body) else None
        if objects is None:
            objects = []
            while reader.at < len(body):
                objects.append(reader.value())
                reader.eat("\n")
        for item in objects if isinstance(objects, list) else [objects]:
            assert (key, repr(item[key])) not in full
            full[key, repr(item[key])] = item
    reader = Reader(head)
    values = [reader.value()]
    lines = re.match(r"\[\d+ lines of JSON", head) is not None
    while reader.eat("\n"):
        values.append(reader.value())
    assert reader.at == len(head), head[reader.at : reader.at + 200]
    found = resolve(values, full)
    return found[0] if len(found) == 1 or lines else found
