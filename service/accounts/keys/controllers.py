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
from service.core.http.inject import Caller, Config, Injected, Reading, Writing
from service.core.principal import Scope


def _view(key: AccessKey) -> KeyView:
    return KeyView(key.id, key.kind, key.name, list(key.scopes), key.project_id, key.hint, key.created_at, key.expires_at, key.last_used_at)


class KeyController(Controller):
    path = "/me/keys"
    tags = ("accounts",)
    opt = {SCOPE: Scope.ACCOUNT}  # noqa: RUF012  Litestar's own shape

    @get("/", summary="My API tokens and S3 keys, newest first")
    async def mine(self, principal: Caller, read: Reading) -> KeyList:
        return KeyList([_view(key) for key in await repository.of_user(read, principal.user_id, service.MAX_KEYS)])

    @post("/", summary="Make an API token or an S3 key; it is shown this once")
    async def create(self, data: KeyCreate, principal: Caller, write: Writing, settings: Config) -> NewKey:
        secret, key = await service.create(write, principal, data, settings.auth)
        view = msgspec.structs.asdict(_view(key))
        return NewKey(**view, access_key_id=key.hint, secret_access_key=secret) if key.kind == "s3" else NewKey(**view, token=secret)

    @delete("/{key_id:uuid}", summary="Remove an API token or S3 key; it stops working within 30 s")
    async def remove(self, key_id: UUID, principal: Caller, write: Writing, accounts: Annotated[Accounts, Injected]) -> None:
        await service.remove(write, principal, key_id)
        accounts.forget(principal.user_id)
