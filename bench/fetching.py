"""Packages of registries, fetched once into a folder, and read out of their archives. `NAME==VERSION` is Python's, else a prefix says whose."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

TIMEOUT_S = 300
APT_SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))


class Packages:
    """Of pip (sources, else wheels), and where these are installed of Go (`go:`), Cargo (`crate:`) and apt (`deb:`, sources)."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._open: dict[str, Any] = {}

    def read(self, package: str, path: str) -> bytes | None:
        """The one file whose path ends so; None where the package can't be had."""
        archive = self._archive(package)
        if archive is None:
            return None
        names = archive.getnames() if isinstance(archive, tarfile.TarFile) else archive.namelist()
        found = next((name for name in names if name.endswith(f"/{path}")), None)
        if found is None:
            return None
        return archive.extractfile(found).read() if isinstance(archive, tarfile.TarFile) else archive.read(found)

    def _archive(self, package: str) -> Any:
        if package not in self._open:
            whose, _, name = package.rpartition(":")
            fetch: dict[str, Callable[[str], Path | None]] = {
                "": self._by_pip,
                "go": self._by_go,
                "crate": self._by_cargo,
                "deb": self._by_apt,
            }
            place = fetch[whose](name)
            # They stay open for all files that come out of them, and end with the program.
            opener: Callable[[Path], Any] = zipfile.ZipFile if place is not None and zipfile.is_zipfile(place) else tarfile.open
            self._open[package] = opener(place) if place is not None else None
        return self._open[package]

    def _folder(self, *names: str) -> Path:
        folder = self._cache.joinpath(*names)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _by_pip(self, package: str) -> Path | None:
        folder = self._folder(package)
        for form in ("--no-binary", "--only-binary"):
            if any(folder.iterdir()):
                break
            _run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", form, ":all:", "-d", str(folder), package], folder)
        return next(iter(folder.glob("*")), None)

    def _by_go(self, module: str) -> Path | None:
        folder = self._folder("go")
        (folder / "go.mod").write_text("module cache\n\ngo 1.21\n")
        place = json.loads(_run(["go", "mod", "download", "-json", module], folder) or "{}").get("Zip")
        return Path(place) if place else None

    def _by_cargo(self, crate: str) -> Path | None:
        name, _, version = crate.partition("@")
        folder = self._folder("crates", name)
        self._folder("crates", name, "src").joinpath("lib.rs").touch()
        (folder / "Cargo.toml").write_text(f'[package]\nname = "cache"\nedition = "2021"\n\n[dependencies]\n{name} = "={version}"\n')
        _run(["cargo", "fetch"], folder)
        home = Path(os.environ.get("CARGO_HOME", "~/.cargo")).expanduser()
        return next(iter(home.glob(f"registry/cache/*/{name}-{version}.crate")), None)

    def _by_apt(self, package: str) -> Path | None:
        folder = self._folder("apt", package)
        if not any(folder.glob("*.orig.tar.?z*")):
            _run(["apt-get", *self._apt_options(), "source", "--download-only", "-qq", package], folder)
        return next((place for place in folder.glob("*.orig.tar.?z*") if place.suffix != ".asc"), None)

    def _apt_options(self) -> list[str]:
        """apt's own sources, for source packages, with lists of their own: nothing of the machine is changed."""
        lists, parts = self._cache / "apt-lists", self._folder("apt-sources")
        options = ["-o", f"Dir::Etc::sourceparts={parts}", "-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::State::lists={lists}"]
        if not lists.exists():
            self._folder("apt-lists", "partial")
            for source in APT_SOURCES:
                for place in [source] if source.is_file() else [*source.glob("*.sources"), *source.glob("*.list")]:
                    lines = place.read_text().replace("Types: deb\n", "Types: deb-src\n").splitlines()
                    lines = [line.replace("deb ", "deb-src ", 1) if line.startswith("deb ") else line for line in lines]
                    (parts / place.name).write_text("\n".join(lines) + "\n")
            _run(["apt-get", *options, "update"], parts)
        return options


def _run(command: list[str], folder: Path) -> str:
    """What a program prints; nothing where it is not installed or fails."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False).stdout
