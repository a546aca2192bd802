import os

import pytest
import uvloop

from tests.harness import Stack


def pytest_asyncio_loop_factories():
    """The loop that the product is served on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """The product with two API processes over one set of stores; the store is that of STOWAGE_EMBEDDED_STORE."""
    env = {
        "STOWAGE_API_WORKERS": "2",
        "STOWAGE_EMBEDDED_STORE": os.environ.get("STOWAGE_EMBEDDED_STORE", "swift"),
        "STOWAGE_RECOVERY_WINDOW": "0",
    }
    running = Stack(tmp_path_factory.mktemp("stowage"), env).start()
    yield running
    running.stop()


@pytest.fixture
def client(stack):
    with stack.client() as signed_in:
        yield signed_in


@pytest.fixture
def project(client):
    return client.project()


@pytest.fixture
def stranger(stack, client):
    """Another person, member of nothing; made as the command line will make people."""
    import asyncio

    from service.accounts.service import create_user
    from service.core.db import Database
    from service.core.ids import new_id
    from service.core.principal import Role
    from service.core.settings import DatabaseSettings, QuotaSettings

    name, password = f"guest-{new_id().hex[-8:]}", "a-long-enough-password"

    async def make():
        database = Database(DatabaseSettings(url=stack.database_url(), pool_size=1))
        async with database.write() as session:
            await create_user(session, name, password, Role.MEMBER, QuotaSettings())
        await database.close()

    asyncio.run(make())
    with stack.client(name, password) as signed_in:
        yield signed_in
