"""The session: units and a question in, one score a unit out, the same on every machine.

Float noise cannot flip a decision: every weight and activation lies on a grid of small binary steps, so that float32 sums
are exact in whatever order a processor takes them (`training/network.py` says how it was trained for that). What is
left are single divisions, which IEEE 754 rounds alike everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from importlib.resources import files
from typing import Any

from headroom.kompress import runtime
from headroom.kompress.features import features
from headroom.kompress.wordpiece import WordPiece, wordpiece

UNIT_PIECES = 96
"""Pieces of a unit that are read: the beginning of a long one."""
UNIT_CHARS = 2_000
"""Characters of a unit that are looked at: more than `UNIT_PIECES` pieces ever have, unless a word is very long."""
ASKED_PIECES = 64
"""Pieces of a question that are read."""
NOTHING_ASKED = 101
"""`[CLS]`: stands for a question where there is none, and for a unit without a word."""
CAP = 6_000
"""Pieces a call may read: about 150 ms."""
_SPECIFIC = re.compile(r"[A-Za-z_][\w./-]*[_./\d-][\w./-]*|[a-z]+[A-Z]\w*|\d{3,}|[A-Z]\w{3,}")


def asked(question: str, pieces: WordPiece) -> list[int]:
    """The pieces of a question.

    Of a long one (a task, a bug report) the first line, where a tool call stands, then what is specific: identifiers, paths,
    numbers and names, each once, as long as there is room.
    """
    ids = pieces.encode(question)
    if len(ids) > ASKED_PIECES:
        first, _, rest = question.partition("\n")
        names = " ".join(dict.fromkeys(_SPECIFIC.findall(rest[-6_000:])))
        ids = (pieces.encode(first)[: ASKED_PIECES // 2] + pieces.encode(names))[:ASKED_PIECES]
    return ids or [NOTHING_ASKED]


@lru_cache(maxsize=1)
def _session() -> Any:  # noqa: ANN401 - onnxruntime ships no types
    onnxruntime = runtime.load()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    weights = files(__package__).joinpath("weights.onnx").read_bytes()
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def scores(
    question: str,
    units: Sequence[str],
    groups: Sequence[int],
    *,
    lines: bool = False,
    known: AbstractSet[str] = frozenset(),
) -> list[float] | None:
    """How needed each unit is; `None` where the text is over `CAP` pieces.

    Args:
        question: what is asked; empty: nothing, and the score is of importance alone.
        units: sentences or lines, in order.
        groups: the number of each unit's paragraph or passage, from 0 and rising.
        lines: whether the units are lines of a tool's output.
        known: literals (`features.literals`) that the conversation has shown before.
    """
    made = inputs(question, units, groups, lines=lines, known=known)
    return None if made is None else list(map(float, _session().run(None, made)[0]))


def inputs(
    question: str, units: Sequence[str], groups: Sequence[int], *, lines: bool, known: AbstractSet[str]
) -> dict[str, Any] | None:
    """What the network reads: ids and the unit of each piece (L), query (Q), features (U, `features.COUNT`)."""
    import numpy as np  # noqa: PLC0415 - heavy and optional

    ids = pieces_of(units)
    sizes = list(map(len, ids))
    if not units or sum(sizes) > CAP:
        return None
    return {
        "ids": np.array([piece for unit in ids for piece in unit], np.int64),
        "unit": np.repeat(np.arange(len(units), dtype=np.int64), sizes),
        "query": np.array(asked(question, wordpiece()), np.int64),
        "features": np.array(features(question, units, groups, lines=lines, known=known), np.float32),
    }


def pieces_of(units: Sequence[str]) -> list[list[int]]:
    """The ids of each unit: at least one, at most `UNIT_PIECES`."""
    encode = wordpiece().encode
    return [encode(unit[:UNIT_CHARS])[:UNIT_PIECES] or [NOTHING_ASKED] for unit in units]
