"""The table of compressors: one file for each kind of content, one line each here. Nothing else names them.

Order decides between equal scores.
"""

from headroom.compression.compressors import diff, markup, numbered, repeated, search
from headroom.compression.contract import Compressor

TABLE: tuple[Compressor, ...] = (
    diff.COMPRESSOR,
    markup.COMPRESSOR,
    numbered.COMPRESSOR,
    repeated.COMPRESSOR,
    search.COMPRESSOR,
)
