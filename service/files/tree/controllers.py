"""`/folders`, changes of `/files/{id}`, `/projects/{id}/entries/bulk`."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.params import Parameter

from service.core.db import WriteSession
from service.core.errors import Missing, StowageError
from service.core.http.inject import Caller, Config, Reading, Writing
from service.core.principal import Permission, Principal
from service.files import repository as files
from service.files.copies.service import begin_copy
from service.files.errors import BadRevision, TargetMissing
from service.files.marks import service as marks
from service.files.schemas import (
    Bulk,
    BulkOutcome,
    FileChange,
    FileView,
    FolderChange,
    FolderCreate,
    FolderDetails,
    FolderView,
    Refused,
    TagChange,
)
from service.files.service import get_file, resolve_folder
from service.files.trash import service as trash
from service.files.trash import throwing
from service.files.tree import repository, service
from service.files.tree.placing import Outcome, Selected
from service.files.tree.policies import OnConflict
from service.files.views import ShownViews
from service.projects import service as projects

IfMatch = Annotated[str | None, Parameter(header="If-Match", max_length=200)]


def etag_of(revision: int) -> dict[str, str]:
    return {"ETag": f'"r{revision}"'}


def _expected(header: str | None) -> int | None:
    """The revision that `If-Match` names; None: any. Raises BadRevision."""
    if header is None or header.strip() == "*":
        return None
    text = header.strip().removeprefix("W/").strip('"').removeprefix("r")
    if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004  digits of an integer
        raise BadRevision
    return int(text)


class FolderController(Controller):
    path = "/folders"
    tags = ("files",)

    @post("/", summary="Make a folder, and those on the way to it")
    async def create(self, data: FolderCreate, principal: Caller, write: Writing) -> FolderView:
        await projects.require(write, principal, data.project_id, Permission.UPLOAD)
        folder_id = await resolve_folder(write, data.project_id, data.parent_id, data.path, principal.user_id)
        folder = (await files.chain(write, folder_id))[-1]
        return FolderView(folder.id, folder.project_id, folder.parent_id, folder.name)

    @get("/{folder_id:uuid}", summary="One folder, with what is in it in all")
    async def one(self, folder_id: UUID, principal: Caller, read: Reading) -> Response[FolderDetails]:
        folder = await repository.folder_of(read, folder_id)
        if folder is None or folder.doomed_at is not None:
            raise Missing
        await projects.require(read, principal, folder.project_id, Permission.VIEW)
        details = FolderDetails(
            folder.id,
            folder.project_id,
            folder.parent_id,
            folder.name,
            folder.files,
            folder.bytes,
            folder.created_at,
            folder.trashed_at,
            folder.revision,
        )
        return Response(details, headers=etag_of(folder.revision))

    @patch("/{folder_id:uuid}", summary="Rename or move a folder; with If-Match only if nobody else changed it", status_code=204)
    async def change(self, folder_id: UUID, data: FolderChange, principal: Caller, write: Writing, if_match: IfMatch = None) -> None:
        await service.change_folder(
            write,
            principal,
            folder_id,
            name=data.name,
            parent_id=data.parent_id,
            policy=OnConflict(data.on_conflict),
            revision=_expected(if_match),
        )

    @delete("/{folder_id:uuid}", summary="Move a folder to the trash; with purge=1 delete for good what is in the trash")
    async def remove(self, folder_id: UUID, principal: Caller, write: Writing, settings: Config, purge: bool = False) -> None:
        folder = await repository.folder_of(write, folder_id)
        if folder is None:
            raise Missing
        await _remove(
            write, principal, folder.project_id, Selected(folders=[folder_id]), settings.server.recovery_window_s if purge else None
        )

    @post("/{folder_id:uuid}/restore", status_code=204, summary="Take a folder out of the trash")
    async def restore(self, folder_id: UUID, principal: Caller, write: Writing) -> None:
        folder = await repository.folder_of(write, folder_id)
        if folder is None:
            raise Missing
        _raise_first(await throwing.restore(write, principal, folder.project_id, Selected(folders=[folder_id]), OnConflict.FAIL))


class FileTreeController(Controller):
    path = "/files/{file_id:uuid}"
    tags = ("files",)

    @patch("/", summary="Rename or move a file; with If-Match only if nobody else changed it")
    async def change(
        self, file_id: UUID, data: FileChange, principal: Caller, write: Writing, views: ShownViews, if_match: IfMatch = None
    ) -> Response[FileView]:
        await service.change_file(
            write,
            principal,
            file_id,
            name=data.name,
            folder_id=data.folder_id,
            policy=OnConflict(data.on_conflict),
            revision=_expected(if_match),
        )
        found = await get_file(write, principal, file_id)
        return Response(views.file(found), headers=etag_of(found.file.revision))

    @delete("/", summary="Move to the trash; with purge=1 delete for good what is in the trash")
    async def remove(self, file_id: UUID, principal: Caller, write: Writing, settings: Config, purge: bool = False) -> None:
        window_s = settings.server.recovery_window_s if purge else None
        await _remove(write, principal, await _project_of(write, file_id), Selected([file_id]), window_s)

    @post("/restore", status_code=204, summary="Take out of the trash")
    async def restore(self, file_id: UUID, principal: Caller, write: Writing) -> None:
        project_id = await _project_of(write, file_id)
        _raise_first(await throwing.restore(write, principal, project_id, Selected([file_id]), OnConflict.FAIL))

    @put("/tags", status_code=204, summary="Set the tags of a file")
    async def set_tags(self, file_id: UUID, data: TagChange, principal: Caller, write: Writing, if_match: IfMatch = None) -> None:
        await marks.set_tags(write, principal, file_id, data.tags, _expected(if_match))

    @put("/favourite", status_code=204, summary="Remember a file as a favourite of mine")
    async def favourite(self, file_id: UUID, principal: Caller, write: Writing) -> None:
        await marks.set_favourite(write, principal, [file_id], is_favourite=True)

    @delete("/favourite", summary="Forget it again")
    async def forget(self, file_id: UUID, principal: Caller, write: Writing) -> None:
        await marks.set_favourite(write, principal, [file_id], is_favourite=False)


async def _project_of(session: WriteSession, file_id: UUID) -> UUID:
    file = await files.file_by_id(session, file_id)
    if file is None or file.doomed_at is not None:
        raise Missing
    return file.project_id


def _raise_first(outcome: Outcome) -> None:
    if outcome.refused:
        raise outcome.refused[0].error


async def _remove(session: WriteSession, principal: Principal, project_id: UUID, selected: Selected, purge_window_s: int | None) -> None:
    """Into the trash, or with a recovery window for good."""
    if purge_window_s is None:
        _raise_first(await throwing.trash(session, principal, project_id, selected))
    else:
        await trash.purge_one(session, principal, project_id, purge_window_s, files=selected.files, folders=selected.folders)


class BulkController(Controller):
    path = "/projects/{project_id:uuid}/entries/bulk"
    tags = ("files",)

    @post("/", status_code=200, summary="Move, copy, throw away, bring back, end, tag or mark many things at once")
    async def bulk(self, project_id: UUID, data: Bulk, principal: Caller, write: Writing, settings: Config) -> BulkOutcome:
        selected = Selected(data.files, data.folders)
        if data.all_in is not None:
            await projects.require(write, principal, project_id, Permission.VIEW)
            selected = await service.select_in(write, project_id, data.all_in, data.q, data.exclude)
        policy = OnConflict(data.on_conflict)
        outcome = Outcome()
        if data.verb == "copy":
            return BulkOutcome(
                await begin_copy(write, principal, project_id, selected, data.target_project, _target(data)), [], is_running=True
            )
        if data.verb == "move":
            outcome = await service.move(write, principal, project_id, selected, _target(data), policy)
        elif data.verb == "trash":
            outcome = await throwing.trash(write, principal, project_id, selected)
        elif data.verb == "restore":
            outcome = await throwing.restore(write, principal, project_id, selected, policy)
        elif data.verb == "purge":
            window_s = settings.server.recovery_window_s
            outcome.done = await trash.purge(write, principal, project_id, window_s, files=selected.files, folders=selected.folders)
        elif data.verb in {"tag", "untag"}:
            outcome.done = await marks.tag_many(write, principal, project_id, selected.files, data.tags, is_on=data.verb == "tag")
        else:
            outcome.done = await marks.set_favourite(write, principal, selected.files, is_favourite=data.verb == "favourite")
        return BulkOutcome(outcome.done, [_refused(one.id, one.error) for one in outcome.refused])


def _target(data: Bulk) -> UUID:
    if data.target is None:
        raise TargetMissing
    return data.target


def _refused(thing: UUID, error: StowageError) -> Refused:
    return Refused(thing, error.code, error.public)
