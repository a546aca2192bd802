import os
from uuid import uuid4

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
    """Another person, member of nothing."""
    name, password = f"guest-{uuid4().hex[-8:]}", "a-long-enough-password"
    made = client.post("/users", json={"username": name, "password": password})
    assert made.status_code == 201, made.text
    with stack.client(name, password) as signed_in:
        yield signed_in
