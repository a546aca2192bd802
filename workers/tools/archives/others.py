"""TAR (plain or compressed), 7z and RAR, by the libraries for them."""

import bz2
import gzip
import lzma
import struct
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any

import py7zr
import rarfile
from py7zr.exceptions import ArchiveError, PasswordRequired

from workers.tools.archives.entries import Entry, NeedsPassword, Refused
from workers.tools.archives.sevenzip import program

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdError, ZstdFile
else:
    from backports.zstd import ZstdError, ZstdFile

# Comments of RAR 2 are packed, and have to be unpacked before anything else is read.
rarfile.SEVENZIP2_TOOL = program() or rarfile.SEVENZIP2_TOOL
# What has to be unpacked to find the next header of a compressed TAR, at most.
MAX_UNPACKED_BYTES = 200 << 30
UNREADABLE = "This member can't be taken out: the archive is damaged there."
_STORED_RAR = rarfile.RAR_M0
_MAGIC = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zst"}


class _Counted:
    """A stream that ends an archive which unpacks to more than it should."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._left = stream, MAX_UNPACKED_BYTES

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            message = f"This archive unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB, more than we look through."
            raise Refused(message)
        return data


def _unpacked(file: IO[bytes]) -> tuple[Any, str]:
    head = file.read(6)
    file.seek(0)
    packing = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
    match packing:
        case "gz":
            return gzip.GzipFile(fileobj=file), packing
        case "bz2":
            return bz2.BZ2File(file), packing
        case "xz":
            return lzma.LZMAFile(file), packing
        case "zst":
            return ZstdFile(file), packing
    return file, ""


@contextmanager
def open_tar(file: IO[bytes]) -> Iterator[tarfile.TarFile]:
    """A TAR however it is packed; a plain one is sought through, a packed one read on. Raises Refused."""
    stream, packing = _unpacked(file)
    how: Any = {"fileobj": _Counted(stream), "mode": "r|"} if packing else {"fileobj": file, "mode": "r:"}
    try:
        with tarfile.open(**how, errorlevel=2) as archive:
            yield archive
    except (tarfile.TarError, EOFError, OSError, lzma.LZMAError, ZstdError, ValueError, OverflowError) as error:
        message = "This TAR can't be read: it is damaged, or was cut."
        raise Refused(message) from error


def read_tar(file: IO[bytes], _size: int, _password: str = "") -> Iterator[Entry]:
    """Entries in order; members of one that is not compressed can be read by themselves. Raises Refused."""
    with open_tar(file) as archive:
        is_packed = isinstance(archive.fileobj, tarfile._Stream)  # type: ignore[attr-defined]  # noqa: SLF001  not in the stubs
        while (member := archive.next()) is not None:
            # They are kept for `getmembers`, which nobody asks for.
            archive.members = []  # type: ignore[attr-defined]  # not in the stubs
            yield Entry(
                member.name,
                is_dir=member.isdir(),
                size=member.size if member.isreg() else 0,
                packed=member.size,
                modified=max(0, int(member.mtime)),
                offset=member.offset_data if member.isreg() and not is_packed and not member.issparse() else -1,
                mode=0 if member.isreg() or member.isdir() else 0o120000,
            )


def read_7z(file: IO[bytes], _size: int, password: str = "") -> Iterator[Entry]:
    """Raises Refused."""
    try:
        with py7zr.SevenZipFile(file, "r", password=password or None) as archive:
            is_locked = archive.needs_password()
            for found in archive.list():
                modified = int(found.creationtime.timestamp()) if isinstance(found.creationtime, datetime) else 0
                yield Entry(
                    found.filename,
                    is_dir=found.is_directory,
                    size=found.uncompressed or 0,
                    packed=found.compressed or 0,
                    modified=max(0, modified),
                    is_encrypted=is_locked,
                    mode=0o120000 if getattr(found, "is_symlink", False) else 0,
                )
    except PasswordRequired as error:
        raise NeedsPassword("7z", password) from error
    except (ArchiveError, OSError, EOFError, ValueError, KeyError, IndexError, lzma.LZMAError, struct.error) as error:
        if password:
            raise NeedsPassword("7z", password) from error
        message = "This 7z can't be read: it is damaged, or was cut."
        raise Refused(message) from error


@contextmanager
def open_rar(file: IO[bytes], password: str) -> Iterator[rarfile.RarFile]:
    """RAR 4 or 5. Raises Refused."""
    try:
        with rarfile.RarFile(file) as archive:
            if password:
                archive.setpassword(password)
            if not archive.infolist() and archive.needs_password():
                raise NeedsPassword("RAR", password)
            if not archive.infolist() and archive.strerror():
                raise rarfile.BadRarFile
            yield archive
    except rarfile.Error as error:
        if password:
            raise NeedsPassword("RAR", password) from error
        message = "This RAR can't be read: it is damaged, or was cut."
        raise Refused(message) from error


def read_rar(file: IO[bytes], _size: int, password: str = "") -> Iterator[Entry]:
    """RAR 4 and 5. Raises Refused."""
    with open_rar(file, password) as archive:
        for found in archive.infolist():
            is_stored = found.compress_type == _STORED_RAR and not found.needs_password() and found.is_file()
            yield Entry(
                found.filename,
                is_dir=found.is_dir(),
                size=found.file_size or 0,
                packed=found.compress_size or 0,
                modified=max(0, int(found.mtime.timestamp())) if found.mtime else 0,
                is_encrypted=found.needs_password(),
                offset=_rar_offset(found) if is_stored else -1,
                crc=found.CRC,
                mode=0o120000 if found.is_symlink() else 0,
            )


def _rar_offset(found: Any) -> int:
    """Of the bytes of a stored member; -1 for one that goes over several volumes."""
    return int(found.data_offset) if found.compress_size == found.file_size and found.data_offset else -1
