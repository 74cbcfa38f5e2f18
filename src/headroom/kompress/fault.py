"""What keeps the network from running although its extra is installed: asked by the doctor, which explains it."""

from __future__ import annotations

from headroom.kompress import runtime, session, wordpiece

VOCABULARY = 30_522
"""Entries of BERT's uncased vocabulary. A piece that is missing would only read as `[UNK]`, and scores would be wrong."""


def fault() -> str:
    """Load the network and run it once; what went wrong, in one line, or `""`."""
    try:
        state = runtime.load().capi.onnxruntime_pybind11_state
    except (ImportError, OSError) as error:
        return f"onnxruntime does not load: {_line(error)}"
    refusals = tuple(each for each in vars(state).values() if isinstance(each, type) and issubclass(each, Exception))
    try:
        entries = len(wordpiece.wordpiece())
        if entries != VOCABULARY:
            return f"vocabulary.txt has {entries:,} entries of {VOCABULARY:,}"
        session.scores("what failed", ["The build failed."], [0])
    except FileNotFoundError as error:
        return f"{error.filename} is missing"
    except (OSError, ValueError) as error:
        return f"its files cannot be read: {_line(error)}"
    except refusals as error:
        return f"weights.onnx is damaged: {_line(error)}"
    return ""


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
