"""Rows as wire types: what a list shows of a file, with URLs that the asking browser can open."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Request

from service.core.http.inject import Caller, Config, Injected
from service.core.principal import Principal
from service.files.listing.repository import Entry
from service.files.repository import Found
from service.files.schemas import EntryView, FileView, Preview
from service.files.service import CORRUPT, is_kept_from
from service.storage.delivery import Delivery

THUMBNAIL_TTL_S = 6 * 3_600


@dataclass(frozen=True, slots=True)
class Views:
    """For one request."""

    principal: Principal
    delivery: Delivery
    derived: str
    host: str

    def preview(self, facts: dict[str, object] | None, *, is_hidden: bool = False) -> Preview:
        shown = dict(facts or {})
        key = shown.pop("thumbnail_key", None)
        url = None
        if key and not is_hidden:
            url = self.delivery.url(self.host, self.derived, str(key), expires_s=THUMBNAIL_TTL_S, media_type="image/webp")
        return msgspec.convert({**shown, "thumbnail_url": url}, Preview)

    def file(self, found: Found, location: str = "") -> FileView:
        file, version = found.file, found.version
        return FileView(
            id=file.id,
            project_id=file.project_id,
            folder_id=file.folder_id,
            name=file.name,
            size_bytes=version.size_bytes,
            media_type=version.media_type,
            claimed_type=version.claimed_type,
            etag=version.etag,
            sha256=version.sha256,
            is_corrupt=version.state == CORRUPT,
            version_no=version.no,
            version_id=version.id,
            created_at=file.created_at,
            changed_at=file.changed_at,
            trashed_at=file.trashed_at,
            created_by=found.creator,
            preview=self.preview(version.preview, is_hidden=is_kept_from(version, self.principal)),
            revision=file.revision,
            location=location,
            tags=list(found.tags),
            is_favourite=found.is_favourite,
        )

    def entry(self, entry: Entry) -> EntryView:
        is_file = entry.rank == 1
        return EntryView(
            "file" if is_file else "folder",
            entry.id,
            entry.name,
            entry.changed_at,
            entry.size_bytes,
            entry.media_type,
            self.preview(entry.preview, is_hidden=entry.state == CORRUPT) if is_file else None,
            entry.state == CORRUPT,
            entry.files,
            entry.is_favourite,
        )


def provide_views(request: Request[Any, Any, Any], principal: Caller, delivery: Annotated[Delivery, Injected], settings: Config) -> Views:
    """Dependency `views`."""
    return Views(principal, delivery, settings.store.derived, request.url.hostname or "")


ShownViews = Annotated[Views, Injected]
