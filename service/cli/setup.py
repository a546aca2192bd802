"""`stowage setup` and `stowage db upgrade`: everything a fresh or updated installation needs, safe to repeat."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from alembic import command
from alembic.config import Config

from infra.bootstrap.probe import StoreUnfit, probe_store
from infra.bootstrap.store import prepare_store
from service.accounts import repository
from service.accounts.people.service import Profile, create_user
from service.core.db import Database
from service.core.errors import StowageError
from service.core.principal import Role
from service.core.settings import Settings, SettingsError, load
from service.projects.service import found_project
from service.storage.s3 import S3Store

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
FIRST_PROJECT = "Library"


def _alembic(settings: Settings) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = settings.database.url
    return config


def upgrade_database(environ: Mapping[str, str]) -> int:
    command.upgrade(_alembic(load(environ)), "head")
    return 0


async def _ensure_admin(settings: Settings) -> None:
    """The first administrator with a project to begin in; an existing one is left as it is."""
    if not settings.auth.admin_password:
        return
    database = Database(settings.database)
    try:
        async with database.write() as session:
            if await repository.user_by_name(session, settings.auth.admin_username) is None:
                auth = settings.auth
                profile = Profile(role=Role.ADMIN)
                user = await create_user(session, None, auth.admin_username, auth.admin_password, settings.quota, profile)
                await found_project(session, user.id, FIRST_PROJECT, settings.quota)
    finally:
        await database.close()


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
    command.upgrade(_alembic(settings), "head")
    asyncio.run(_ensure_admin(settings))
    return 0
