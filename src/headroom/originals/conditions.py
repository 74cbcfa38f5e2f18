r"""Conditions on records: `status!=completed`, `amount>10 and name~^web`, `user.login=octocat`, `id="42"`.

    field = value      equal: as text, or as numbers where both are; true, false and null by name
    field != value     not equal, or the field is missing
    field > value      also >=, <, <=: as numbers where both are, else as text (which puts ISO dates right)
    field ~ pattern    the regular expression is found in it; !~: it is not, or the field is missing

A field is a name or a path into nested records: `user.login`, `tags.0`. `and` joins. A value in quotes is text and may
hold ` and `; in double quotes it is written as in JSON. `key` is the name of a record in an object keyed by id, `value`
a record that is no object.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from headroom.errors import SliceError
from headroom.originals.patterns import Pattern
from headroom.originals.records import Record

FORMS = '"3-10" or "7" (records from 1), or a condition: status!=completed, id=42, name~regex, amount>10, user.login=octocat, joined by and; other values in quotes'
_LONGEST = 2_000
"""Characters of a condition."""
_ONE = re.compile(
    r"""\s*(?P<field>[^=!<>~"'\s](?:[^=!<>~]*[^=!<>~\s])?)\s*
    (?P<op>!=|!~|>=|<=|==|=|~|>|<)\s*
    (?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|(?![=<>~])\S(?:.*?\S)??)\s*(?P<more>\sand\s+|\Z)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_JOINED = re.compile(r"\s(?:and|or|&&|\|\|)(?:\s.*[=<>~]|\Z)", re.IGNORECASE | re.DOTALL)
"""In a value without quotes: another condition, most likely, joined as is not possible."""
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,400}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,5})?")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_MISSING = object()


class Condition(NamedTuple):
    """One condition: `field`, an operator and a value."""

    field: str
    op: str
    value: str
    quoted: bool
    pattern: Pattern | None

    def holds(self, record: Record) -> bool:
        """Whether it is true of a record."""
        found = look_up(record, self.field)
        if found is _MISSING:
            return self.op.startswith("!")
        if self.pattern is not None:
            return self.pattern.found(_text(found)) is (self.op == "~")
        if self.op in _ORDERS:
            return self._ordered(found)
        return self._equal(found) is (self.op != "!=")

    def _equal(self, found: Any) -> bool:  # noqa: ANN401 - a JSON value
        if self.quoted:
            return bool(found == self.value)
        if _text(found) == self.value:
            return True
        one, other = _number(found), _number(self.value)
        return one is not None and one == other

    def _ordered(self, found: Any) -> bool:  # noqa: ANN401 - a JSON value
        wanted = None if self.quoted else _number(self.value)
        if wanted is not None:
            number = _number(found)
            return number is not None and _ORDERS[self.op](number, wanted)
        return isinstance(found, str) and _ORDERS[self.op](found, self.value)


def parse(condition: str) -> list[Condition]:
    """The conditions that `and` joins.

    Raises:
        SliceError: it cannot be read.
    """
    found: list[Condition] = []
    at = 0
    while len(condition) <= _LONGEST and (one := _ONE.match(condition, at)):
        op = "=" if one["op"] == "==" else one["op"]
        value, quoted = _value(one["value"])
        if not quoted and _JOINED.search(value):
            break
        found.append(Condition(one["field"], op, value, quoted, Pattern(value) if "~" in op else None))
        if not one["more"]:
            return found
        at = one.end()
    raise SliceError(f"rows={condition[:200]!r} cannot be read: use {FORMS}")


def select(records: Sequence[Record], condition: str) -> list[int]:
    """The indexes of the records of which `condition` is true.

    Raises:
        SliceError: it cannot be read, or names a field that no record has.
    """
    found = list(range(len(records)))
    for one in parse(condition):
        if records and all(look_up(record, one.field) is _MISSING for record in records):
            names = list(
                dict.fromkeys(name for record in records if isinstance(record.value, dict) for name in record.value)
            )
            raise SliceError(
                f"no record has the field {one.field!r}; there are {', '.join(names[:30]) or 'key, value'}"
            )
        found = [index for index in found if one.holds(records[index])]
    return found


def look_up(record: Record, field: str) -> Any:  # noqa: ANN401 - a JSON value
    """The value of a field of a record, or a mark that is no value."""
    found = _follow(record.value, field)
    if found is not _MISSING:
        return found
    if field == "key" and record.name is not None:
        return record.name
    return record.value if field == "value" and not isinstance(record.value, dict) else _MISSING


def _follow(value: Any, path: str) -> Any:  # noqa: ANN401 - a JSON value
    if isinstance(value, dict) and path in value:
        return value[path]
    at = path.find(".")
    while at >= 0:  # a name may hold dots itself
        inner = _MISSING
        head = path[:at]
        if isinstance(value, dict) and head in value:
            inner = _follow(value[head], path[at + 1 :])
        elif isinstance(value, list) and head.isdecimal() and int(head) < len(value):
            inner = _follow(value[int(head)], path[at + 1 :])
        if inner is not _MISSING:
            return inner
        at = path.find(".", at + 1)
    if isinstance(value, list) and path.isdecimal() and int(path) < len(value):
        return value[int(path)]
    return _MISSING


def _value(written: str) -> tuple[str, bool]:
    if len(written) > 1 and written[0] == written[-1] == '"':
        try:
            return json.loads(written, strict=False), True
        except ValueError:  # a regular expression such as "\d+": its escapes are not JSON's
            return written[1:-1], True
    if len(written) > 1 and written[0] == written[-1] == "'":
        return written[1:-1], True
    return written, False


def _text(value: Any) -> str:  # noqa: ANN401 - a JSON value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(value: Any) -> int | float | None:  # noqa: ANN401 - a JSON value
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            return None
        return int(value) if value.lstrip("+-").isdecimal() else float(value)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
