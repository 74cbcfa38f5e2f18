"""Every default of Headroom, in one frozen value.

`level` is for everything. An entry of `tools` replaces it for a tool, and with it what is known of that tool: its reads are
no longer told apart. `kinds` holds a compressor back; where it and the level or tool differ, the stricter one counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from headroom.errors import SettingsError

Level = Literal["lossless", "balanced", "aggressive"]
"""`lossless`: only folds that can be read back in place. `balanced`: plus elision with a handle. `aggressive`: more of it."""

Treatment = Literal["off", "exact", "lossless", "balanced", "aggressive"]
"""`off`: untouched. `exact`: only what the conversation already showed is replaced by a reference. Then the levels."""

Reads = Literal["exact", "skeleton"]
"""`exact`: what an agent reads to edit stays word for word. `skeleton`: long reads show what stands where, and the rest is
left out with a handle."""
Images = Literal["off", "safe", "aggressive"]
"""`off`: untouched. `safe`: nothing that can be seen is lost. `aggressive`: text in them stays legible."""

STRICTEST_FIRST: tuple[Treatment, ...] = get_args(Treatment)


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be done to which text.

    Raises:
        SettingsError: a level or treatment that does not exist, a value of the wrong type, or a negative size.
    """

    level: Level = "balanced"
    repeats: bool = True
    """Replace lines that this conversation has already shown by a reference to them. Turn it off where the provider may
    drop earlier tool results by itself."""
    retrieval: bool = True
    """Whether the reader can ask for originals. Where it cannot, every level is `lossless` and no text names a handle."""
    documents: bool = True
    """Compress clearly delimited documents in what the user sent: `<document>`, fenced logs and JSON."""
    reads: Reads = "exact"
    """What may become of reads of text that an agent may edit. Level `aggressive` makes skeletons whatever this says."""
    skeleton_tokens: int = 2500
    """Such reads stay word for word below this size. On 20 real sessions 99.9 % of what the model used later stayed in sight
    from 2,500 on, 99.4 % from 2,000, 98.2 % from 1,000 (`benchmarks/results/reads.md`)."""
    images: Images = "safe"
    """Make images cheaper: what providers scale down anyway, plain borders, resolution that shows nothing, repeats."""
    min_tokens: int = 60
    """Texts below this stay as they are: a reference or a marker costs about twenty tokens itself."""
    error_tokens: int = 2000
    """Results flagged as errors stay as they are up to this size; above it only test, build and log output is folded."""
    max_chars: int = 64_000_000
    """Texts above this stay as they are, with a recorded failure."""
    tools: Mapping[str, Treatment] = field(default_factory=dict)
    """Tool name pattern (`fnmatch`, case-insensitive) to treatment; the first match decides: `{"mcp__db__*": "lossless"}`."""
    kinds: Mapping[str, Treatment] = field(default_factory=dict)
    """Compressor name to treatment: `{"logs": "off"}`."""

    def __post_init__(self) -> None:
        """Refuse what no reader of the value could act on."""
        if not _is_one_of(self.level, Level):
            raise SettingsError(f"level={self.level!r} does not exist: use one of {', '.join(get_args(Level))}")
        if not _is_one_of(self.reads, Reads):
            raise SettingsError(f"reads={self.reads!r} does not exist: use one of {', '.join(get_args(Reads))}")
        if not _is_one_of(self.images, Images):
            raise SettingsError(f"images={self.images!r} does not exist: use one of {', '.join(get_args(Images))}")
        for name, table in (("tools", self.tools), ("kinds", self.kinds)):
            if not isinstance(table, Mapping):
                raise SettingsError(f"{name}={table!r} must map names to treatments: {{'logs': 'off'}}")
            for pattern, treatment in table.items():
                if not isinstance(pattern, str) or not _is_one_of(treatment, Treatment):
                    raise SettingsError(
                        f"{name}[{pattern!r}]={treatment!r} does not exist: use one of {', '.join(STRICTEST_FIRST)}"
                    )
        for name in ("repeats", "retrieval", "documents"):
            if not isinstance(getattr(self, name), bool):
                raise SettingsError(f"{name}={getattr(self, name)!r} must be true or false")
        for name in ("skeleton_tokens", "min_tokens", "error_tokens", "max_chars"):
            size = getattr(self, name)
            if not isinstance(size, int) or isinstance(size, bool) or size < 0:
                raise SettingsError(f"{name}={size!r} must be a whole number, 0 or more")


def _is_one_of(value: object, names: object) -> bool:
    return isinstance(value, str) and value in get_args(names)


def strictest(*treatments: Treatment) -> Treatment:
    """The treatment that changes least."""
    return min(treatments, key=STRICTEST_FIRST.index)
