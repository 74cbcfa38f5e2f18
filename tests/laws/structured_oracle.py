"""What the JSON laws share: a context, and the check that a lossless output reads back."""

import json

import structured_reader

from headroom import Settings
from headroom.compression import markers, relevance
from headroom.compression.compressors import structured

ANY = Settings(min_tokens=0)


class Alone:
    """The context of a text that nobody else can help with."""

    def __init__(self, level="lossless", query=""):
        self.level, self.command, self.first_line, self.query = level, "", 1, relevance.Query(query)

    def handle(self):
        assert self.level != "lossless"
        return markers.handle_of("x")

    def route(self, text, first_line=None):
        del text, first_line


def strictly(text):
    """The value with its numbers as they are written and its doubled keys as pairs: an oracle that shares no code."""

    def number(digits):
        return ("number", digits)

    def pairs(found):
        return dict(found) if len(dict(found)) == len(found) else ("doubled", found)

    return json.loads(text, parse_int=number, parse_float=number, parse_constant=number, object_pairs_hook=pairs)


def reads_back(text, level="lossless", query=""):
    made = structured.COMPRESSOR.compress(text, Alone(level, query))
    assert made is not None
    assert made.lossless
    try:
        wanted = strictly(text)
    except ValueError:
        wanted = [strictly(line) for line in text.split("\n")]
    assert structured_reader.read(made.text) == wanted
    return made.text
