"""The table of compressors: one file for each kind of content, one line each here. Nothing else names them.

Order decides between equal scores. An entry whose extra is not installed leaves the table.
"""

from importlib.util import find_spec

from headroom.compression.compressors import (
    diff,
    git_log,
    listing,
    logs,
    markup,
    numbered,
    prose,
    repeated,
    search,
    source,
    structured,
    table,
    test_output,
)
from headroom.compression.contract import Compressor

ALL: tuple[Compressor, ...] = (
    structured.COMPRESSOR,
    test_output.COMPRESSOR,
    table.COMPRESSOR,
    git_log.COMPRESSOR,
    diff.COMPRESSOR,
    logs.COMPRESSOR,
    markup.COMPRESSOR,
    numbered.COMPRESSOR,
    repeated.COMPRESSOR,
    search.COMPRESSOR,
    source.COMPRESSOR,
    listing.COMPRESSOR,
    prose.COMPRESSOR,
)
"""Every compressor there is."""
ABSENT: tuple[Compressor, ...] = tuple(entry for entry in ALL if not all(map(find_spec, entry.needs)))
"""Those whose extra is not installed."""
TABLE: tuple[Compressor, ...] = tuple(entry for entry in ALL if entry not in ABSENT)
"""Those that can act here."""
