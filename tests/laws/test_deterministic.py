"""Law 5 across processes: the order of a set, or of a hash, decides nothing."""

import subprocess
import sys

PROGRAM = """
import hashlib, json
from pathlib import Path
import headroom
from headroom import compress, compress_text
from headroom.originals.store import MemoryStore

folder = Path(headroom.__file__).parent / "perf" / "samples"
found = hashlib.sha256()
for entry in json.loads((folder / "index.json").read_text("utf-8")):
    text = (folder / entry["file"]).read_bytes().decode("utf-8")[:12_000]
    found.update(compress_text(text, entry["command"], store=MemoryStore()).text.encode())
messages = json.loads((folder / "transcript.json").read_text("utf-8"))
found.update(json.dumps(compress(messages, store=MemoryStore())).encode())
print(found.hexdigest())
"""


def test_every_process_writes_the_same():
    made = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(made) == 1
