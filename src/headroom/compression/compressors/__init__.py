"""The table of compressors: one file for each kind of content, one line each here. Nothing else names them.

Order decides between equal scores.
"""

from headroom.compression.compressors import (
    diff,
    git_log,
    listing,
    logs,
    markup,
    numbered,
    repeated,
    search,
    structured,
    table,
    test_output,
)
from headroom.compression.contract import Compressor

TABLE: tuple[Compressor, ...] = (
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
    listing.COMPRESSOR,
)
