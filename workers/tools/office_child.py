"""Limited child: an office document as PDF, by LibreOffice in this process (LibreOfficeKit, LibreOfficeKit.h).

Arguments: LibreOffice's program folder, document, PDF to be written, folder for its profile. Prints `{}`, or `{"refused": why, for people}`.
`soffice` itself is not started: it wants a Unix socket to speak to others of its kind, which children may not have.
"""

import ctypes
import json
import os
import shutil
import sys
from pathlib import Path

LIBRARIES = ("libmergedlo.so", "libsofficeapp.so")
_PLACES = ("/usr/lib/libreoffice/program", "/usr/lib64/libreoffice/program", "/opt/libreoffice/program")
# What it reads besides its own folder.
READS = ("/etc/libreoffice", "/var/lib/libreoffice", "/var/spool/libreoffice", "/opt/libreoffice")


class _OfficeClass(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("destroy", ctypes.c_void_p), ("document_load", ctypes.c_void_p))


class _Office(ctypes.Structure):
    _fields_ = (("methods", ctypes.POINTER(_OfficeClass)),)


class _DocumentClass(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("destroy", ctypes.c_void_p), ("save_as", ctypes.c_void_p))


class _Document(ctypes.Structure):
    _fields_ = (("methods", ctypes.POINTER(_DocumentClass)),)


def program_folder() -> Path | None:
    """Where LibreOffice is installed on this machine."""
    found = shutil.which("soffice")
    places = [*([str(Path(found).resolve().parent)] if found else []), *_PLACES]
    return next((Path(place) for place in places if any((Path(place) / name).exists() for name in LIBRARIES)), None)


def _convert(program: Path, source: Path, target: Path, profile: Path) -> bool:
    library = ctypes.CDLL(str(next(program / name for name in LIBRARIES if (program / name).exists())))
    hook = library.libreofficekit_hook_2
    hook.restype, hook.argtypes = ctypes.POINTER(_Office), (ctypes.c_char_p, ctypes.c_char_p)
    office = hook(os.fsencode(program), profile.as_uri().encode())
    if not office:
        return False
    load = ctypes.CFUNCTYPE(ctypes.POINTER(_Document), ctypes.POINTER(_Office), ctypes.c_char_p)(
        office.contents.methods.contents.document_load
    )
    document = load(office, source.as_uri().encode())
    if not document:
        return False
    save_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Document), ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p)
    save = save_type(document.contents.methods.contents.save_as)
    return bool(save(document, target.as_uri().encode(), b"pdf", None)) and target.exists()


def main() -> None:
    """Ends the process itself: LibreOffice's own way out waits for others."""
    is_done = _convert(*map(Path, sys.argv[1:5]))
    reason = "This document can't be read by LibreOffice: it is damaged, or locked with a password."
    sys.stdout.write(json.dumps({} if is_done else {"refused": reason}))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
