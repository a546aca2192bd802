"""Builds every long-lived object of an API process from settings."""

from dataclasses import dataclass

from service.accounts.service import Accounts
from service.app.live import Hub
from service.audit.service import Recorder
from service.core.db import Database
from service.core.settings import Settings
from service.hints.service import Hints
from service.media.archives.service import Archives
from service.storage.delivery import Delivery
from service.storage.s3 import S3Store
from service.uploads.append.appender import Tools
from service.uploads.append.buffers import BufferPool
from service.uploads.append.leases import Leases
from service.uploads.finish import Finisher
from service.uploads.parts.intake import PartsIntake
from service.uploads.service import Uploads
from service.uploads.upkeep.sweep import Sweeper


@dataclass(frozen=True, slots=True)
class Parts:
    """The objects handlers are given by name."""

    settings: Settings
    database: Database
    hints: Hints
    store: S3Store
    delivery: Delivery
    audit: Recorder
    accounts: Accounts
    archives: Archives
    pool: BufferPool
    leases: Leases
    hub: Hub
    uploads: Uploads
    intake: PartsIntake

    async def start(self) -> None:
        self.hints.start()
        self.leases.start()
        self.audit.start()
        origin = self.settings.server.public_url or f"http://localhost:{self.settings.server.port}"
        await self.delivery.probe(self.settings.store.originals, origin)

    async def close(self) -> None:
        await self.uploads.close()
        await self.audit.close()
        await self.hints.close()
        await self.store.close()
        await self.database.close()


def assemble(settings: Settings) -> Parts:
    database = Database(settings.database)
    hints = Hints(settings.redis.url)
    store = S3Store(settings.store)
    pool = BufferPool(settings.uploads.buffer_bytes // max(1, settings.server.api_workers))
    leases = Leases(database, hints)
    tools = Tools(database, store, settings.store.originals, pool, settings.uploads.parts_in_flight)
    sweeper = Sweeper(Finisher(database, store, settings.store.originals), store)
    uploads = Uploads(tools, leases, hints, sweeper, settings.uploads, settings.store.multipart_expiry_s)
    accounts = Accounts(database, settings.auth, hints)
    return Parts(
        settings=settings,
        database=database,
        hints=hints,
        store=store,
        delivery=Delivery(store, settings),
        audit=Recorder(database),
        accounts=accounts,
        archives=Archives(database, store, settings.store.derived, settings.auth.secret_key),
        hub=Hub(hints, database, accounts),
        pool=pool,
        leases=leases,
        uploads=uploads,
        intake=PartsIntake(database, store, settings.store.originals, uploads, settings.uploads.max_bytes),
    )
