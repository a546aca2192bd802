"""Database sessions. The only place in the code that commits.

A request handler is given one session whose transaction ends before the response is sent, so a failed commit
is a failed request. Streams and jobs take `Database` instead and open short units of work themselves.
"""

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import MetaData, event
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, InvalidatePoolError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from service.core.errors import Invalid, Unavailable
from service.core.settings import DatabaseSettings

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """Base of all tables: constraints have names, so that migrations can speak of them."""

    metadata = MetaData(naming_convention=NAMING)


class ReadSession(AsyncSession):
    """Reads in autocommit: each statement sees what is committed, and costs one round trip."""


class WriteSession(ReadSession):
    """Reads and writes in one transaction."""


class DatabaseDown(Unavailable):
    code = "database.down"
    public = "The database can't be reached. Nothing is lost; try again in a moment."


class UnstorableText(Invalid):
    code = "request.unstorable_text"
    public = "The request holds a character that can't be stored or looked for: NUL, or half of a surrogate pair."


class Database:
    """Engine and units of work of one process."""

    def __init__(self, settings: DatabaseSettings) -> None:
        url = settings.url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=settings.pool_size,
            # A connection beyond the pool would be made and thrown away for each burst, which costs more than waiting.
            max_overflow=0,
            pool_use_lifo=True,
            pool_timeout=10,
            # TCP settings so that a vanished server is noticed within seconds, not hours.
            connect_args={
                "connect_timeout": 5,
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 20_000,
            },
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_stale)
        reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._read = async_sessionmaker(reading, class_=ReadSession, expire_on_commit=False)
        self._statement = async_sessionmaker(reading, class_=WriteSession, expire_on_commit=False)
        self._write = async_sessionmaker(self.engine, class_=WriteSession, expire_on_commit=False)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """One reading unit. Raises DatabaseDown."""
        with _as_domain_errors():
            async with self._read() as session:
                yield session

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[WriteSession]:
        """For one writing statement that is its own transaction: one round trip instead of three. Raises DatabaseDown."""
        with _as_domain_errors():
            async with self._statement() as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        """One transaction, committed when the block ends well. Raises DatabaseDown."""
        with _as_domain_errors():
            async with self._write() as session, session.begin():
                yield session

    async def close(self) -> None:
        await self.engine.dispose()


def _refuse_stale(connection: Any, _record: object, _proxy: object) -> None:
    """A pooled connection on which the server has said something unasked is over: it was restarted. All are made anew then."""
    watch = select.poll()
    watch.register(connection.driver_connection.fileno(), select.POLLIN)
    if watch.poll(0):
        message = "the server closed a pooled connection"
        raise InvalidatePoolError(message)


class _as_domain_errors:  # noqa: N801  used as a function
    """Turn "no connection" into DatabaseDown and what is no text into UnstorableText; every other database error is a bug and stays what it is."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        # Both come from the driver, before the server sees the statement.
        if isinstance(error, UnicodeEncodeError) or (isinstance(error, DataError) and "NUL" in str(error.orig)):
            raise UnstorableText(internal=str(error).splitlines()[0]) from error
        if lost or isinstance(error, OperationalError | InterfaceError | PoolTimeoutError | PendingRollbackError):
            raise DatabaseDown(internal=str(error).splitlines()[0]) from error
