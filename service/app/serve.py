"""One API process: `python -m service.app.serve`, on the supervisor's socket or one of its own."""

import asyncio
import os
import socket

import uvicorn

from service.app.direct_body import UploadHttpProtocol
from service.app.main import create_app
from service.core.settings import ServerSettings, load_section

GRACE_S = 15
KEEP_ALIVE_S = 65


def main() -> None:
    """Serve until SIGTERM; uploads checkpoint first."""
    settings: ServerSettings = load_section(ServerSettings, os.environ)
    descriptor = os.environ.get("STOWAGE_LISTEN_FD")
    listener = socket.socket(fileno=int(descriptor)) if descriptor else socket.create_server((settings.host, settings.port), backlog=1024)
    # uvicorn's own proxy_headers is off: service.core.http.origin decides whom to believe.
    config = uvicorn.Config(
        create_app,
        factory=True,
        http=UploadHttpProtocol,
        loop="uvloop",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        lifespan="on",
    )
    server = uvicorn.Server(config)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))


if __name__ == "__main__":
    main()
