"""The table of compressors: one file for each kind of content, one line each here. Nothing else names them.

Order decides between equal scores.
"""

from headroom.compression.compressors import numbered
from headroom.compression.contract import Compressor

TABLE: tuple[Compressor, ...] = (
    numbered.COMPRESSOR,
)
