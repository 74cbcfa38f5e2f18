"""The fixtures, and what several tests ask about them."""

import json
from pathlib import Path

FIXTURES = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parent / "fixtures").glob("*.json"))
}


def at(messages, path):
    """What a path leads to: by key or index, by attribute in an object, and on inside a JSON text."""
    value = messages
    for key in path:
        if isinstance(value, str):
            value = json.loads(value)
        value = value[key] if isinstance(value, (dict, list, tuple)) else getattr(value, key)
    return value
