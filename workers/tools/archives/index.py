"""The index of an archive: entries sorted by folder, in packed blocks, so that a page is one small ranged read.

One object: blocks one after the other, each a zlib stream of JSON rows
`[folder, kind, name, size, packed, modified, method, is_encrypted, offset, crc]`; kind 0 is a folder (its size that of all below,
`packed` the number of files below), 1 a file. `facts` say where each block begins and what its first row's key is.
"""

import zlib
from typing import IO, Any

import msgspec

from workers.tools.archives.entries import Contents, Entry, with_folders

ROWS_A_BLOCK = 1_000
FOLDER, FILE = 0, 1


def _row(entry: Entry) -> list[Any]:
    folder, _, name = entry.path.rpartition("/")
    kind = FOLDER if entry.is_dir else FILE
    return [folder, kind, name, entry.size, entry.packed, entry.modified, entry.method, entry.is_encrypted, entry.offset, entry.crc]


def write_index(contents: Contents, target: IO[bytes]) -> dict[str, Any]:
    """Write the blocks; returns the facts, fit for JSON."""
    # No two have the same first three, so nothing else is ever compared.
    rows = sorted(_row(entry) for entry in with_folders(contents.entries))
    blocks = []
    offset = 0
    for begin in range(0, len(rows), ROWS_A_BLOCK):
        part = rows[begin : begin + ROWS_A_BLOCK]
        packed = _pack(part)
        target.write(packed)
        blocks.append([*part[0][:3], offset, len(packed)])
        offset += len(packed)
    files = [row for row in rows if row[1] == FILE]
    return {
        "format": contents.format,
        "files": len(files),
        "folders": len(rows) - len(files),
        "size_bytes": sum(row[3] for row in files),
        "encrypted": sum(row[7] for row in files),
        "left_out": dict(contents.left_out),
        "blocks": blocks,
    }


def _pack(rows: list[list[Any]]) -> bytes:
    return zlib.compress(msgspec.json.encode(rows), 1)
