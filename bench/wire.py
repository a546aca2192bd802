"""A tus client over bare sockets, so that the client costs next to nothing of the cores it shares with the server."""

import base64
import socket
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

TIMEOUT_S = 60
OFFSET_TYPE = "application/offset+octet-stream"


@dataclass(frozen=True, slots=True)
class Server:
    """A tus server as the benchmarks see it: where uploads are created, what every request carries, which process works."""

    name: str
    create_url: str
    pid: int
    headers: dict[str, str] = field(default_factory=dict)


class Connection:
    """One kept-alive connection; requests in turn."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._at = urlsplit(server.create_url)
        self._socket = socket.create_connection((self._at.hostname or "", self._at.port or 80), TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes | memoryview) -> None:
        self._socket.sendall(data)

    def begin(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> None:
        """The head of a request, and its body if that is at hand."""
        fields = {"Host": self._at.netloc, "Tus-Resumable": "1.0.0", **self._server.headers, **headers}
        head = f"{method} {urlsplit(url).path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
        self._socket.sendall(head.encode() + body)

    def answer(self, *, has_body: bool = True) -> tuple[int, dict[str, str]]:
        """Status and header fields of the next answer."""
        data = self._rest
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        status = int(lines[0].split()[1])
        if not has_body or status == 204:
            length = 0
        elif "chunked" in fields.get("transfer-encoding", ""):
            while not rest.endswith(b"0\r\n\r\n"):
                rest += self._more()
            length = len(rest)
        else:
            length = int(fields.get("content-length", "0"))
        while len(rest) < length:
            rest += self._more()
        self._rest = rest[length:]
        return status, fields

    def _more(self) -> bytes:
        data = self._socket.recv(65_536)
        if not data:
            message = "the server closed the connection"
            raise ConnectionError(message)
        return data

    # -- tus
    def create(self, length: int, name: str, body: bytes = b"") -> str:
        """A new upload's URL; with `body` sent along."""
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        headers = {"Upload-Length": str(length), "Upload-Metadata": metadata, "Content-Length": str(len(body))}
        if body:
            headers["Content-Type"] = OFFSET_TYPE
        self.begin("POST", self._server.create_url, headers, body)
        status, fields = self.answer()
        assert status == 201, (status, fields)
        assert not body or fields["upload-offset"] == str(len(body)), fields
        return fields["location"]

    def begin_patch(self, url: str, offset: int, length: int) -> None:
        self.begin("PATCH", url, {"Upload-Offset": str(offset), "Content-Type": OFFSET_TYPE, "Content-Length": str(length)})

    def patch(self, url: str, offset: int, length: int, block: memoryview) -> None:
        """`length` bytes, made of `block` again and again."""
        self.begin_patch(url, offset, length)
        for start in range(0, length, len(block)):
            self._socket.sendall(block[: min(len(block), length - start)])
        self.ends_at(offset + length)

    def ends_at(self, offset: int) -> None:
        status, fields = self.answer()
        assert (status, fields.get("upload-offset")) == (204, str(offset)), (status, fields)

    def head(self, url: str) -> int:
        self.begin("HEAD", url, {})
        status, fields = self.answer(has_body=False)
        assert status == 200, (status, fields)
        return int(fields["upload-offset"])

    def delete(self, url: str) -> None:
        self.begin("DELETE", url, {"Content-Length": "0"})
        self.answer()
