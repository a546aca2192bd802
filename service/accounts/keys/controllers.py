"""`/me/keys`."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post

from service.accounts.keys import repository, service
from service.accounts.keys.schemas import KeyCreate, KeyList, KeyView, NewKey
from service.accounts.models import AccessKey
from service.accounts.service import Accounts
from service.core.http.guards import SCOPE
from service.core.http.inject import Caller, Injected, Reading, Writing
from service.core.principal import Scope


def _view(key: AccessKey) -> KeyView:
    return KeyView(key.id, key.name, list(key.scopes), key.project_id, key.hint, key.created_at, key.expires_at, key.last_used_at)


class KeyController(Controller):
    path = "/me/keys"
    tags = ("accounts",)
    opt = {SCOPE: Scope.ACCOUNT}  # noqa: RUF012  Litestar's own shape

    @get("/", summary="My API tokens, newest first")
    async def mine(self, principal: Caller, read: Reading) -> KeyList:
        return KeyList([_view(key) for key in await repository.of_user(read, principal.user_id, service.MAX_KEYS)])

    @post("/", summary="Make an API token; it is shown this once")
    async def create(self, data: KeyCreate, principal: Caller, write: Writing) -> NewKey:
        token, key = await service.create(write, principal, data)
        return NewKey(**msgspec.structs.asdict(_view(key)), token=token)

    @delete("/{key_id:uuid}", summary="Remove an API token; it stops working within 30 s")
    async def remove(self, key_id: UUID, principal: Caller, write: Writing, accounts: Annotated[Accounts, Injected]) -> None:
        await service.remove(write, principal, key_id)
        accounts.forget(principal.user_id)
