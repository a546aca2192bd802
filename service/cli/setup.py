"""`stowage setup` and `stowage db upgrade`: everything a fresh or updated installation needs, safe to repeat."""

import asyncio
import getpass
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from infra.bootstrap.probe import StoreUnfit, probe_store
from infra.bootstrap.store import prepare_store
from service.accounts import repository
from service.accounts.people.service import Profile, create_user
from service.audit import service as audit
from service.audit.service import keep_months
from service.core.db import Database, WriteSession
from service.core.errors import StowageError
from service.core.principal import Role
from service.core.settings import Settings, SettingsError, load
from service.projects.service import found_project
from service.storage.s3 import S3Store

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
FIRST_PROJECT = "Library"


def alembic_config(settings: Settings) -> Config:
    """Our migrations over the database of the settings."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = settings.database.url
    return config


def current_head(settings: Settings) -> str:
    """The schema that this code wants."""
    return str(ScriptDirectory.from_config(alembic_config(settings)).get_current_head())


def reset_database(environ: Mapping[str, str], *, is_sure: bool) -> int:
    """Throw everything in the database away and begin anew; objects stay in the store. 2: refused."""
    settings = load(environ)
    name = urlsplit(settings.database.url).path.lstrip("/")
    if not is_sure:
        sys.stdout.write(f"All people, projects and files in the database {name!r} would be forgotten; say --yes to do it\n")
        return 0
    if settings.server.environment == "production":
        sys.stderr.write(f"This is production. Type the name of the database, {name}, to forget everything in it: ")
        sys.stderr.flush()
        if sys.stdin.readline().strip() != name:
            sys.stderr.write("stowage: that is not its name; nothing was changed\n")
            return 2
    asyncio.run(_drop_all(settings))
    command.upgrade(alembic_config(settings), "head")
    asyncio.run(_ensure_admin(settings))
    asyncio.run(_note_reset(settings))
    return 0


@asynccontextmanager
async def _writing(settings: Settings) -> AsyncIterator[WriteSession]:
    """One transaction over a connection of its own."""
    database = Database(settings.database)
    try:
        async with database.write() as session:
            yield session
    finally:
        await database.close()


async def _drop_all(settings: Settings) -> None:
    async with _writing(settings) as session:
        await session.execute(text("DROP SCHEMA public CASCADE"))
        await session.execute(text("CREATE SCHEMA public"))


async def _note_reset(settings: Settings) -> None:
    async with _writing(settings) as session:
        audit.record(session, None, "system.reset", actor=getpass.getuser())


def upgrade_database(environ: Mapping[str, str]) -> int:
    command.upgrade(alembic_config(load(environ)), "head")
    return 0


async def _ensure_admin(settings: Settings) -> None:
    """The first administrator with a project to begin in; an existing one is left as it is."""
    if not settings.auth.admin_password:
        return
    async with _writing(settings) as session:
        if await repository.user_by_name(session, settings.auth.admin_username) is None:
            auth = settings.auth
            profile = Profile(role=Role.ADMIN)
            user = await create_user(session, None, auth.admin_username, auth.admin_password, settings.quota, profile)
            await found_project(session, user.id, FIRST_PROJECT, settings.quota)


async def _probe(settings: Settings) -> None:
    store = S3Store(settings.store)
    try:
        await probe_store(store, settings.store.originals)
    finally:
        await store.close()


def set_up(environ: Mapping[str, str]) -> int:
    """Returns an exit status."""
    try:
        settings = load(environ)
    except SettingsError as error:
        sys.stderr.write(f"stowage: {error}\n")
        return 1
    prepare_store(settings.store)
    try:
        asyncio.run(_probe(settings))
    except (StoreUnfit, StowageError) as error:
        sys.stderr.write(f"stowage: {error}\n")
        return 1
    command.upgrade(alembic_config(settings), "head")
    asyncio.run(_ensure_admin(settings))
    asyncio.run(_make_months(settings))
    return 0


async def _make_months(settings: Settings) -> None:
    """The access log has its partitions before anybody comes."""
    async with _writing(settings) as session:
        await keep_months(session, settings.server.access_log_keep_s)
