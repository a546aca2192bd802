"""What every route demands, row by row, and the things that requests to them need. A route without a row fails the matrix test."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from service.core.principal import Permission
from tests.harness import OFFSET_TYPE, TUS, Client, Stack, metadata, pdf_of, wait_until, xlsx_of, zip_of

ANYBODY = "anybody who signed in"
ADMIN = "administrators"
OWN = "whose it is"
Demand = Permission | str
PASSWORD = "a-long-enough-password"


@dataclass
class Request:
    """What goes into the path's placeholders, and with it."""

    ids: dict[str, object] = field(default_factory=dict)
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None

    def path(self, template: str) -> str:
        for name, value in self.ids.items():
            template = template.replace(f"{{{name}}}", str(value))
        assert "{" not in template, template
        return template


class World:
    """A project with an owner who makes, for each request, whatever it may change or destroy."""

    def __init__(self, stack: Stack, owner: Client, admin: Client, project: str) -> None:
        self.stack = stack
        self.owner = owner
        self.admin = admin
        self.project = project
        self._archive = self._document = self._workbook = ""

    def file(self) -> str:
        upload = self.owner.create(self.project, 5, content=b"bytes", filename=f"{uuid4().hex}.txt").headers["location"]
        return self.owner.file_of(upload)["id"]

    def document(self) -> str:
        if not self._document:
            upload = self.owner.upload(self.project, pdf_of(1), filename="matrix.pdf")
            self._document = self.owner.file_of(upload)["id"]
            wait_until(lambda: self.owner.get(f"/files/{self._document}/pages").status_code == 200, 60, 0.2, "the page")
        return self._document

    def workbook(self) -> str:
        if not self._workbook:
            upload = self.owner.upload(self.project, xlsx_of(["a", "b"]), filename="matrix.xlsx")
            self._workbook = self.owner.file_of(upload)["id"]
            wait_until(lambda: self.owner.get(f"/files/{self._workbook}/sheets").status_code == 200, 60, 0.2, "the sheets")
        return self._workbook

    def archive(self) -> str:
        """One that is looked into already, and always the same one: nobody changes it."""
        if not self._archive:
            upload = self.owner.upload(self.project, zip_of({"a.txt": "abc"}), filename="matrix.zip")
            self._archive = self.owner.file_of(upload)["id"]
            wait_until(lambda: self.owner.get(f"/files/{self._archive}/archive").status_code == 200, 60, 0.2, "the index")
        return self._archive

    def trashed(self) -> str:
        file = self.file()
        assert self.owner.delete(f"/files/{file}").status_code == 204
        return file

    def folder(self) -> str:
        return self.owner.post("/folders", json={"project_id": self.project, "path": f"f-{uuid4().hex}"}).json()["id"]

    def trashed_folder(self) -> str:
        folder = self.folder()
        assert self.owner.delete(f"/folders/{folder}").status_code == 204
        return folder

    def older(self) -> dict[str, object]:
        """A file with an older version."""
        name = f"{uuid4().hex}.txt"
        for content in (b"first", b"other"):
            made = self.owner.create(self.project, 5, content=content, filename=name, on_conflict="version")
        return {"file_id": self.owner.file_of(made.headers["location"])["id"], "no": 1}

    def job(self) -> str:
        return self.admin.post("/system/tasks", json={"task": "recount_quota"}).json()["id"]

    def cancelled(self) -> str:
        job = self.job()
        self.stack.sql("UPDATE jobs SET state = 'cancelled' WHERE id = %s RETURNING id", job)
        return job

    def waiting(self) -> str:
        job = self.job()
        self.stack.sql("UPDATE jobs SET state = 'queued', run_after = now() + interval '1 day' WHERE id = %s RETURNING id", job)
        return job

    def upload(self) -> str:
        return self.owner.create(self.project, 10, filename=f"{uuid4().hex}.bin").headers["location"].rpartition("/")[2]

    def finished(self) -> str:
        created = self.owner.create(self.project, 5, content=b"bytes", filename=f"{uuid4().hex}.bin")
        return created.headers["location"].rpartition("/")[2]

    def multipart(self) -> str:
        made = self.owner.post(
            f"/projects/{self.project}/s3/multipart", json={"filename": f"{uuid4().hex}.bin", "type": "", "metadata": {}}
        )
        return made.json()["uploadId"]

    def person(self) -> str:
        made = self.admin.post("/users", json={"username": f"p-{uuid4().hex[-12:]}", "password": PASSWORD})
        assert made.status_code == 201, made.text
        return made.json()["id"]

    def name(self) -> str:
        return self.admin.get(f"/users/{self.person()}").json()["username"]

    def member(self) -> str:
        made = self.owner.post(f"/projects/{self.project}/members", json={"username": self.name(), "role": "viewer"})
        assert made.status_code == 201, made.text
        return made.json()["user_id"]

    def link(self) -> str:
        return self.admin.post("/users/links", json={}).json()["id"]


Make = Callable[[World], Request]


@dataclass(frozen=True)
class Row:
    """`by_admin`: administrators may without being members. `spoils`: what is asked for ends the project or the sign-in itself."""

    demand: Demand
    make: Make = lambda _: Request()
    by_admin: bool = False
    spoils: bool = False


def _in(world: World, **rest: Any) -> Request:
    return Request({"project_id": world.project}, **rest)


def _file(world: World) -> Request:
    return Request({"file_id": world.file()})


def _multipart(world: World, **more: object) -> dict[str, object]:
    return {"project_id": world.project, "upload_id": world.multipart(), **more}


V, U, E, M, O = Permission.VIEW, Permission.UPLOAD, Permission.EDIT, Permission.MANAGE, Permission.OWN  # noqa: E741
PART = {"key": "x"}

ROWS: dict[str, Row] = {
    "GET /files": Row(ANYBODY),
    "GET /files/corrupt": Row(ANYBODY),
    "GET /jobs": Row(ANYBODY),
    "GET /uploads": Row(ANYBODY),
    "GET /projects": Row(ANYBODY),
    "POST /projects": Row(ANYBODY, lambda _: Request(json={"name": "Matrix"})),
    "GET /me": Row(ANYBODY),
    "PATCH /me": Row(ANYBODY, lambda _: Request(json={})),
    "POST /me/password": Row(ANYBODY, lambda _: Request(json={"current_password": PASSWORD, "new_password": PASSWORD}), spoils=True),
    "GET /me/sessions": Row(ANYBODY),
    "DELETE /me/sessions": Row(ANYBODY, spoils=True),
    "DELETE /me/sessions/{session_id}": Row(OWN, lambda w: Request({"session_id": w.owner.get("/me/sessions").json()["items"][0]["id"]}), spoils=True),
    "GET /me/notices": Row(ANYBODY),
    "POST /me/notices/seen": Row(ANYBODY),
    "GET /me/keys": Row(ANYBODY),
    "POST /me/keys": Row(ANYBODY, lambda _: Request(json={"name": "matrix", "scopes": ["read"]})),
    "DELETE /me/keys/{key_id}": Row(OWN, lambda w: Request({"key_id": w.owner.post("/me/keys", json={"name": "matrix", "scopes": ["read"]}).json()["id"]})),
    "GET /users": Row(ADMIN),
    "POST /users": Row(ADMIN, lambda _: Request(json={"username": f"p-{uuid4().hex[-12:]}", "password": PASSWORD})),
    "GET /users/{user_id}": Row(ADMIN, lambda w: Request({"user_id": w.person()})),
    "PATCH /users/{user_id}": Row(ADMIN, lambda w: Request({"user_id": w.person()}, json={"state": "disabled"})),
    "POST /users/{user_id}/reset": Row(ADMIN, lambda w: Request({"user_id": w.person()})),
    "GET /users/links": Row(ADMIN),
    "POST /users/links": Row(ADMIN, lambda _: Request(json={})),
    "DELETE /users/links/{link_id}": Row(ADMIN, lambda w: Request({"link_id": w.link()})),
    "GET /system/projects": Row(ADMIN),
    "PATCH /system/projects/{project_id}": Row(ADMIN, lambda w: _in(w, json={"quota_bytes": 1 << 40})),
    "GET /system/uploads": Row(ADMIN),
    "GET /system/uploads/{upload_id}": Row(ADMIN, lambda w: Request({"upload_id": w.upload()})),
    "DELETE /system/uploads/{upload_id}": Row(ADMIN, lambda w: Request({"upload_id": w.upload()})),
    "GET /projects/{project_id}": Row(V, _in),
    "PATCH /projects/{project_id}": Row(M, lambda w: _in(w, json={"name": "Matrix"})),
    "DELETE /projects/{project_id}": Row(O, _in, spoils=True),
    "GET /projects/{project_id}/entries": Row(V, _in),
    "POST /projects/{project_id}/entries/taken": Row(V, lambda w: _in(w, json={"folder": None, "paths": ["a"]})),
    "GET /projects/{project_id}/trash": Row(V, _in),
    "GET /projects/{project_id}/members": Row(V, _in, by_admin=True),
    "POST /projects/{project_id}/members": Row(M, lambda w: _in(w, json={"username": w.name(), "role": "viewer"}), by_admin=True),
    "PATCH /projects/{project_id}/members/{user_id}": Row(M, lambda w: Request({"project_id": w.project, "user_id": w.member()}, json={"role": "annotator"}), by_admin=True),
    "DELETE /projects/{project_id}/members/{user_id}": Row(M, lambda w: Request({"project_id": w.project, "user_id": w.member()}), by_admin=True),
    "POST /projects/{project_id}/tus": Row(U, lambda w: _in(w, headers={**TUS, "Upload-Length": "5", "Upload-Metadata": metadata(filename="m.bin")})),
    "POST /projects/{project_id}/s3/endpoint": Row(U, _in),
    "POST /projects/{project_id}/s3/multipart": Row(U, lambda w: _in(w, json={"filename": "m.bin", "type": "", "metadata": {}})),
    "GET /projects/{project_id}/s3/multipart/{upload_id}": Row(OWN, lambda w: Request(_multipart(w), query=PART)),
    "DELETE /projects/{project_id}/s3/multipart/{upload_id}": Row(OWN, lambda w: Request(_multipart(w), query=PART)),
    "GET /projects/{project_id}/s3/multipart/{upload_id}/batch": Row(OWN, lambda w: Request(_multipart(w), query={**PART, "partNumbers": "1,2"})),
    "GET /projects/{project_id}/s3/multipart/{upload_id}/{number}": Row(OWN, lambda w: Request(_multipart(w, number=1), query=PART)),
    "POST /projects/{project_id}/s3/multipart/{upload_id}/complete": Row(OWN, lambda w: Request(_multipart(w), query=PART, json={"parts": []})),
    "GET /projects/{project_id}/s3/params": Row(U, lambda w: _in(w, query={"filename": "m.bin", "type": "text/plain"})),
    "POST /projects/{project_id}/s3/sign": Row(U, lambda w: _in(w, json={"method": "POST", "key": "m.bin"})),
    "POST /folders": Row(U, lambda w: Request(json={"project_id": w.project, "path": f"f-{uuid4().hex}"})),
    "GET /files/{file_id}": Row(V, _file),
    "GET /files/{file_id}/content": Row(V, lambda w: Request({"file_id": w.file()}, query={"proxy": "1"})),
    "GET /files/{file_id}/link": Row(V, _file),
    "GET /files/{file_id}/derivatives": Row(V, _file),
    "POST /files/{file_id}/derivatives": Row(E, lambda w: Request({"file_id": w.file()}, json={"is_dry_run": True})),
    "GET /files/{file_id}/facts": Row(V, _file),
    "GET /files/{file_id}/waveform": Row(V, _file),
    "DELETE /files/{file_id}/playback": Row(E, _file),
    "GET /files/{file_id}/text": Row(V, _file),
    "GET /files/{file_id}/text/matches": Row(V, lambda w: Request({"file_id": w.file()}, query={"q": "x"})),
    "GET /files/{file_id}/sheets": Row(V, lambda w: Request({"file_id": w.workbook()})),
    "GET /files/{file_id}/pages/search": Row(V, lambda w: Request({"file_id": w.document()}, query={"q": "reef"})),
    "GET /files/{file_id}/pages": Row(V, lambda w: Request({"file_id": w.document()})),
    "GET /files/{file_id}/archive": Row(V, lambda w: Request({"file_id": w.archive()})),
    "GET /files/{file_id}/archive/entry": Row(V, lambda w: Request({"file_id": w.archive()}, query={"path": "a.txt"})),
    "GET /files/{file_id}/archive/link": Row(V, lambda w: Request({"file_id": w.archive()}, query={"path": "a.txt"})),
    "GET /files/{file_id}/versions": Row(V, _file),
    "GET /files/{file_id}/playback": Row(V, _file),
    "POST /files/{file_id}/playback": Row(V, _file),
    "DELETE /files/{file_id}": Row(E, _file),
    "POST /files/{file_id}/restore": Row(E, lambda w: Request({"file_id": w.trashed()})),
    "HEAD /tus/{upload_id}": Row(OWN, lambda w: Request({"upload_id": w.upload()}, headers=TUS)),
    "GET /tus/{upload_id}": Row(OWN, lambda w: Request({"upload_id": w.finished()}, headers=TUS)),
    "PATCH /tus/{upload_id}": Row(OWN, lambda w: Request({"upload_id": w.upload()}, headers={**TUS, **OFFSET_TYPE, "Upload-Offset": "0"}, content=b"12345")),
    "DELETE /tus/{upload_id}": Row(OWN, lambda w: Request({"upload_id": w.upload()}, headers=TUS)),
    "GET /uploads/{upload_id}": Row(OWN, lambda w: Request({"upload_id": w.upload()})),
    "DELETE /uploads/{upload_id}": Row(OWN, lambda w: Request({"upload_id": w.upload()})),
    "GET /files/{file_id}/activity": Row(V, _file),
    "PATCH /files/{file_id}": Row(E, lambda w: Request({"file_id": w.file()}, json={"name": f"{uuid4().hex}.txt"})),
    "PUT /files/{file_id}/tags": Row(E, lambda w: Request({"file_id": w.file()}, json={"tags": ["matrix"]})),
    "PUT /files/{file_id}/favourite": Row(V, _file),
    "DELETE /files/{file_id}/favourite": Row(V, _file),
    "POST /files/{file_id}/versions/{no}/restore": Row(E, lambda w: Request(w.older())),
    "DELETE /files/{file_id}/versions/{no}": Row(E, lambda w: Request(w.older())),
    "GET /folders/{folder_id}": Row(V, lambda w: Request({"folder_id": w.folder()})),
    "PATCH /folders/{folder_id}": Row(E, lambda w: Request({"folder_id": w.folder()}, json={"name": f"g-{uuid4().hex}"})),
    "DELETE /folders/{folder_id}": Row(E, lambda w: Request({"folder_id": w.folder()})),
    "POST /folders/{folder_id}/restore": Row(E, lambda w: Request({"folder_id": w.trashed_folder()})),
    "POST /projects/{project_id}/entries/bulk": Row(E, lambda w: _in(w, json={"verb": "trash", "files": [w.file()]})),
    "GET /projects/{project_id}/activity": Row(V, _in),
    "GET /projects/{project_id}/search": Row(V, _in),
    "GET /projects/{project_id}/tags": Row(V, _in),
    "GET /projects/{project_id}/tree": Row(V, _in),
    "DELETE /projects/{project_id}/trash": Row(E, _in),
    "POST /projects/{project_id}/zip": Row(V, lambda w: _in(w, json={"files": [w.file()]})),
    "GET /search": Row(ANYBODY),
    "GET /activity/daily": Row(ANYBODY),
    "GET /events": Row(ANYBODY),
    "GET /system/audit": Row(ADMIN),
    "GET /system/audit/export": Row(ADMIN),
    "GET /system/storage": Row(ADMIN),
    "GET /system/jobs": Row(ADMIN),
    "GET /system/jobs/counts": Row(ADMIN),
    "GET /system/jobs/hourly": Row(ADMIN),
    "GET /system/workers": Row(ADMIN),
    "GET /system/gpus": Row(ADMIN),
    "GET /system/jobs/{job_id}": Row(ADMIN, lambda w: Request({"job_id": w.job()})),
    "POST /system/jobs/{job_id}/retry": Row(ADMIN, lambda w: Request({"job_id": w.cancelled()})),
    "DELETE /system/jobs/{job_id}": Row(ADMIN, lambda w: Request({"job_id": w.waiting()})),
    "POST /system/tasks": Row(ADMIN, lambda _: Request(json={"task": "recount_quota"})),
    "POST /projects/{project_id}/restore": Row(OWN, _in, spoils=True),
}  # fmt: skip
