"""The application, top to bottom."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp

from service.accounts.controllers import AuthController, MeController
from service.accounts.keys.controllers import KeyController
from service.accounts.notices.controllers import NoticeController
from service.accounts.people.controllers import LinkController, PeopleController
from service.app.assembly import Parts, assemble
from service.app.live import EventController
from service.app.metrics import REGISTRY, PartsCollector
from service.app.middleware import Envelope
from service.app.operations.controllers import OperationsController
from service.app.system import healthz, metrics, openapi, readyz
from service.app.ui import ui_handlers
from service.audit.controllers import AuditController
from service.core import logs
from service.core.db import ReadSession, WriteSession
from service.core.errors import StowageError
from service.core.http import problems
from service.core.http.guards import PUBLIC, provide_principal, require_principal
from service.core.settings import Settings, load
from service.files.controllers import ContentController, FileController
from service.files.listing.controllers import EntriesController, daily, search_everywhere
from service.files.trash.controllers import TrashController
from service.files.tree.controllers import BulkController, FileTreeController, FolderController
from service.files.versions.controllers import VersionController
from service.files.views import provide_views
from service.files.zips.controllers import ZipChoiceController, ZipController
from service.media.archives.controllers import ArchiveController, ArchiveMemberController
from service.media.controllers import DerivativeController, JobController
from service.media.pages.controllers import PageController
from service.media.playback.controllers import HlsController, PlaybackController
from service.media.sheets.controllers import SheetController
from service.media.texts.controllers import TextController
from service.projects.controllers import AllProjectsController, ProjectController
from service.projects.members.controllers import MemberController
from service.uploads.companion.controllers import ProjectCompanion, TicketCompanion
from service.uploads.controllers import OpenUploadController, TusCreation, TusUpload, UploadController
from service.uploads.tus.headers import EXPOSED

API = "/api/v1"
CONTROLLERS = (
    AuthController,
    LinkController,
    MeController,
    KeyController,
    NoticeController,
    PeopleController,
    ProjectController,
    MemberController,
    AllProjectsController,
    EntriesController,
    search_everywhere,
    daily,
    BulkController,
    TrashController,
    FolderController,
    FileController,
    FileTreeController,
    VersionController,
    ZipChoiceController,
    ZipController,
    ContentController,
    TusCreation,
    TusUpload,
    UploadController,
    OpenUploadController,
    ProjectCompanion,
    TicketCompanion,
    PlaybackController,
    DerivativeController,
    ArchiveController,
    ArchiveMemberController,
    TextController,
    PageController,
    SheetController,
    HlsController,
    JobController,
    AuditController,
    EventController,
    OperationsController,
)


def content_security_policy(settings: Settings) -> str:
    """Pages may load from themselves and, for media, from the store's public endpoint."""
    endpoint = urlsplit(settings.store.public_endpoint or settings.store.endpoint)
    store = f"{endpoint.scheme}://{endpoint.netloc}"
    return (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob: {store}; media-src 'self' blob: {store}; connect-src 'self' {store}; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )


def build(parts: Parts) -> Litestar:
    """The Litestar application over assembled parts."""
    settings = parts.settings

    async def provide_read() -> AsyncIterator[ReadSession]:
        async with parts.database.read() as session:
            yield session

    async def provide_write() -> AsyncIterator[WriteSession]:
        async with parts.database.write() as session:
            yield session

    def constant(value: object) -> Provide:
        return Provide(lambda: value, sync_to_thread=False)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await parts.start()
        yield
        await parts.close()

    api = Router(
        API,
        route_handlers=[*CONTROLLERS],
        dependencies={
            "read": Provide(provide_read),
            "write": Provide(provide_write),
            "principal": Provide(provide_principal, sync_to_thread=False),
            "views": Provide(provide_views, sync_to_thread=False),
            **{
                name: constant(getattr(parts, name))
                for name in ("accounts", "archives", "audit", "database", "delivery", "hub", "intake", "settings", "store", "uploads")
            },
        },
    )
    system_dependencies = {name: constant(getattr(parts, name)) for name in ("database", "hints", "store", "delivery")}
    system = Router("/", route_handlers=[healthz, readyz, metrics, openapi], dependencies=system_dependencies)
    own = settings.server.public_url.rstrip("/")
    # Its files come with the web UI: no page of ours loads code from elsewhere.
    swagger = SwaggerRenderPlugin(
        js_url="/swagger-ui/swagger-ui-bundle.js",
        css_url="/swagger-ui/swagger-ui.css",
        standalone_preset_js_url="/swagger-ui/swagger-ui-standalone-preset.js",
    )
    app = Litestar(
        route_handlers=[api, system, *ui_handlers(settings.server.ui_dir, content_security_policy(settings))],
        guards=[require_principal],
        lifespan=[lifespan],
        exception_handlers={
            StowageError: problems.on_domain_error,
            ValidationException: problems.on_validation_error,
            HTTPException: problems.on_http_error,
            ExceptionGroup: problems.on_group,
            Exception: problems.on_bug,
        },
        cors_config=CORSConfig(
            allow_origins=sorted(settings.server.origins | ({own} if own else set())),
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
            allow_headers=["*"],
            allow_credentials=True,
            expose_headers=list(EXPOSED),
            max_age=86_400,
        ),
        compression_config=CompressionConfig(
            "gzip",
            minimum_size=1_000,
            exclude=["/content/", "/content$", "/events", "/tus", "/zips/", "/archive/entry", "/archive-members/"],
        ),
        openapi_config=OpenAPIConfig(
            title="Stowage",
            version="0.1.0",
            openapi_router=Router(f"{API}/docs", route_handlers=[], opt={PUBLIC: True}, include_in_schema=False),
            render_plugins=[swagger],
            components=Components(security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}),
            security=[{"bearer": []}],
        ),
        logging_config=None,
        request_max_body_size=2 << 20,
    )
    app.state.authenticate = parts.accounts.authenticate
    app.state.authenticate_signed = parts.accounts.authenticate_signed
    return app


def create_app() -> ASGIApp:
    """Entry point for uvicorn (`--factory`)."""
    settings = load(os.environ)
    logs.configure(settings.server.log_level, settings.server.logs_dir if settings.server.logs_dir.is_dir() else None)
    parts = assemble(settings)
    REGISTRY.register(PartsCollector(parts))
    app = build(parts)
    return Envelope(app, settings.server, [(route.path, map(str, route.methods)) for route in app.routes if isinstance(route, HTTPRoute)])


__all__ = ["build", "create_app"]
