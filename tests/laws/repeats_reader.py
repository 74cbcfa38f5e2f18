"""Someone who has only the compressed conversation, and conversations to read: for the laws about repeats.

The reader takes each reference at its word (which text, which lines, how many, under what sign) and looks there.
"""

import difflib
import json
import re

from hypothesis import strategies as st
from payloads import SEEDS

from headroom.blocks import Block, Call
from headroom.compression import markers

NOTE = re.compile(r"^\[(.+?)(?:\. Full text: h:([0-9a-f]{12}))?\]$")
WHAT = r"(?:(?P<size>\d+) )?(?P<sign>added |removed |context )?lines?(?: (?P<numbers>\d+(?:-\d+)?))?"
WHERE = (
    r"as (?:lines? (?P<span>\d+(?:-\d+)?) ?)?(?:there|(?:in (?:the (?P<nth>\d+)\w\w )?`(?P<command>.*)`"
    r"|(?P<wrote>you wrote)(?: in `(?P<wrote_in>.*)`)?|in (?P<given>what the user gave|the output)) above)"
)
FORMS = [
    re.compile(rf"the next {WHAT} there"),
    re.compile(rf"same {WHAT} {WHERE}"),
    re.compile(rf'{WHAT} from (?:the (?P<which>\d+)\w\w )?"(?P<words>.*?)(?:\.\.\.)?" on: same {WHERE}'),
    re.compile(rf"{WHAT}: same {WHERE}"),
    re.compile(rf"same {WHERE}"),
]
SIGNS = {"added ": "+", "removed ": "-", "context ": " "}
NUMBER = re.compile(r"[ \t]*(\d+)(?:\t|→|[:|│-]|  )")


class Reader:
    """Someone who reads the compressed conversation from its start."""

    def __init__(self):
        self.above = []
        self.there = None
        self.end = 0
        self.references = 0

    def read(self, block, visible):
        """What the block says in full, line by line: `(sign or number or None, text)`."""
        said, self.there = [], None
        for line in visible.split("\n"):
            match = NOTE.match(line)
            form = match and next((found for form in FORMS if (found := form.fullmatch(match[1]))), None)
            said += self.follow(form) if form else [(None, line)]
        self.above.append((block, visible))
        return said

    def follow(self, form):
        self.references += 1
        get = form.groupdict().get
        if get("command") or get("wrote") or get("given"):
            self.there = self.find(get)
            if (
                get("words") is not None
            ):  # several texts may have this name: the words tell which, counted from the first
                self.there = "\n".join(text.removesuffix("\n") for text in self.candidates)
        lines = self.there.split("\n")
        numbers = span(get("numbers"))
        size = int(get("size") or 0) or (numbers[1] - numbers[0] + 1 if numbers else None)
        if get("span") or (numbers and "from " not in form[0]):
            first, last = span(get("span")) or numbers
            at = [at for at, line in enumerate(lines) if (found := NUMBER.match(line)) and int(found[1]) == first]
            assert len(at) == 1, "more than one line above has this number"
            start, carried = at[0], range(first, last + 1)
            got = [int(NUMBER.match(line)[1]) for line in lines[start : start + last - first + 1]]
            assert got == list(carried)
            assert size == last - first + 1
        elif form[0].startswith("the next"):
            start = self.end
        elif get("words") is not None:
            start = self.place(lines, get("words"), int(get("which") or 0))
        else:
            lines = self.there.removesuffix("\n").split("\n")
            framed = [
                at for at, line in enumerate(lines) if not re.fullmatch(r"</?\w+>|<returncode>\d+</returncode>", line)
            ]
            start, stop = framed[0], framed[-1] + 1
            assert size is None or stop - start == size
            size = size or stop - start
            if form[0].startswith("same as"):
                return [(None, line) for line in lines]
        self.end = start + size
        assert self.end <= len(lines)
        marks = range(numbers[0], numbers[1] + 1) if numbers else [SIGNS.get(get("sign"))] * size
        return [(mark, line) for mark, line in zip(marks, lines[start : self.end], strict=True)]

    def find(self, get):
        command = get("command") or get("wrote_in")
        texts = []
        for block, visible in self.above:
            if (
                (get("given") == "what the user gave" and block.role == "user")
                or (get("given") == "the output" and block.role == "result" and block.call is None)
                or (
                    get("wrote") and block.role in ("call", "assistant") and (not command or named(block.call, command))
                )
                or (get("command") and block.role == "result" and named(block.call, command))
            ):
                texts.append(visible)
        assert texts, f"nothing above is called {command}"
        self.candidates = texts
        if get("nth"):
            self.candidates = [texts[int(get("nth")) - 1]]
            return self.candidates[0]
        if get("command"):
            assert len(texts) == 1, f"several texts above are called {command}"
        assert len(texts) == 1 or get("words") is not None, "which of these texts?"
        return texts[-1]

    @staticmethod
    def places(lines, words):
        bare = [re.sub(r"^[+ -]", "", line) for line in lines]
        return sorted({at for view in (lines, bare) for at in range(len(lines)) if begins(view, at, words)})

    def place(self, lines, words, which):
        found = self.places(lines, words)
        assert found, f"{words} stands nowhere above"
        if which:
            return found[which - 1]
        assert len(found) == 1, f"{words} stands {len(found)} times above"
        return found[0]


def begins(lines, at, words):
    return bool(lines[at].strip()) and " ".join(" ".join(lines[at : at + 8]).split()).startswith(words)


def named(call, command):
    if call is None:
        return False
    arguments = json.loads(call.arguments)
    line = arguments.get("command", "").removeprefix("cd /src && ").split("\n")[0]
    full = " ".join((line or f"{call.name} {arguments.get('file_path')}").split()).replace("`", "'")
    return command in (full, f"{full} ...") or (command.endswith("...") and full.startswith(command[:-3]))


def span(text):
    if not text:
        return None
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def bare(line):
    """A line without its number or sign."""
    match = NUMBER.match(line)
    return (line[match.end() :] if match else line[1:] if line[:1] in ("+", "-", " ") else line).strip()


def check(blocks, made):
    """Everything a reader of the compressed conversation puts together is the original; how many references it followed."""
    edits = {edit.path: edit for edit in made.edits}
    reader, followed = Reader(), 0
    for block in blocks:
        if block.role == "boundary":
            reader.above.clear()
            continue
        edit = edits.get(block.path)
        if edit is None:
            reader.above.append((block, block.text))
            continue
        before = reader.references
        said = reader.read(block, edit.text)
        followed += reader.references - before
        original = block.text.split("\n")
        assert len(said) == len(original)
        for (mark, line), line_before in zip(said, original, strict=True):
            assert {line.strip(), bare(line)} & {line_before.strip(), bare(line_before)}
            if isinstance(mark, int):
                assert int(NUMBER.match(line_before)[1]) == mark
            elif mark:
                assert line_before.startswith(mark)
        if reader.references > before:
            assert markers.HANDLE.findall(edit.text) == [markers.handle_of(block.text)]
            assert made.originals[edit.handle] == block.text
    return followed


# ---------------------------------------------------------------- conversations

CODE = """class Store:
    \"\"\"Keeps values by name.\"\"\"

    def __init__(self, path):
        self.path = path
        self.values = {}

    def get(self, name):
        if name not in self.values:
            raise KeyError(name)
        return self.values[name]

    def put(self, name, value):
        if name in self.values:
            raise ValueError(f"{name} is there already")
        self.values[name] = value

    def remove(self, name, *, missing_ok=False):
        try:
            del self.values[name]
        except KeyError:
            if not missing_ok:
                raise

    def names(self, prefix=""):
        return sorted(name for name in self.values if name.startswith(prefix))

    def __len__(self):
        return len(self.values)

    def __iter__(self):
        return iter(self.values)
"""
FILES = [
    [*(CODE + "\n\n" + CODE.replace("Store", "Cache").replace("values", "entries")).split("\n")],
    *[text.split("\n")[:70] for _, text in SEEDS if text.count("\n") >= 12 and "\r" not in text and "\x1b" not in text],
]


def result(number, command, text):
    return Block((number,), text, "result", Call(f"c{number}", "Bash", json.dumps({"command": command})), editable=True)


@st.composite
def sessions(draw):
    """A session of reads and edits of one or two files, as agents have them."""
    files = [list(draw(st.sampled_from(FILES))) for _ in range(2)]
    blocks = []
    for number in range(draw(st.integers(2, 7))):
        which = draw(st.integers(0, 1))
        lines = files[which]
        name = f"src/file_{which}.py"
        act = draw(st.sampled_from(["cat", "nl", "sed", "sed -n", "edit", "write", "grep", "diff", "user", "boundary"]))
        first = draw(st.integers(0, max(0, len(lines) - 2)))
        last = draw(st.integers(first, len(lines)))
        framed = draw(st.booleans())
        if act == "edit":
            files[which] = (
                lines[:first] + draw(st.sampled_from([[], ["changed = True"], ["one", "two", "three"]])) + lines[last:]
            )
            continue
        if act == "boundary":
            blocks.append(Block((number,), "", "boundary"))
            continue
        if act == "user":
            blocks.append(Block((number,), "\n".join(lines[first:last]) or "go on", "user", editable=False))
            continue
        if act == "write":
            call = Call(f"c{number}", "Write", json.dumps({"file_path": name, "content": "..."}))
            blocks.append(Block((number,), "\n".join(lines), "call", call))
            continue
        if act == "diff":
            other = [*lines[:first], "something = 'else'", *lines[first + 2 :]]
            text = "\n".join(
                [f"diff --git a/{name} b/{name}", *difflib.unified_diff(other, lines, "a", "b", lineterm="")]
            )
            command = "git diff"
        elif act == "nl":
            text = "\n".join(f"{at + 1:6}\t{lines[at]}" for at in range(first, last))
            command = f"cd /src && nl -ba {name} | sed -n '{first + 1},{last}p'"
        elif act == "grep":
            text = "\n".join(f"{at + 1}{':' if at == first else '-'}{lines[at]}" for at in range(first, last))
            command = f"grep -n -A9 x {name}"
        elif act == "cat":
            text, command = "\n".join(lines), f"cat {name}"
        else:
            text, command = "\n".join(lines[first:last]), f"{act} '{first},{last}p' {name}"
        if framed:
            text = f"<returncode>0</returncode>\n<output>\n{text}\n</output>"
        blocks.append(result(number, command, text + draw(st.sampled_from(["", "\n"]))))
    return blocks
