"""`/me/notices`."""

from litestar import Controller, get, post

from service.accounts.notices import repository
from service.accounts.notices.schemas import NoticePage, NoticeView
from service.audit import repository as log
from service.core.http.guards import SCOPE
from service.core.http.inject import Caller, Cursor, Reading, Writing
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_moment, encode_cursor
from service.core.principal import Scope

# What of the access log a person is told when it is about them and not their own doing.
VERBS = (
    "members.add",
    "members.change",
    "members.remove",
    "users.change",
    "users.offer_reset",
    "auth.reset_password",
    "auth.sign_in",
    "files.copy_failed",
    "files.arrived_damaged",
    "quota.warn",
)
MOST_NEW = 100


class NoticeController(Controller):
    path = "/me/notices"
    tags = ("accounts",)

    @get("/", summary="What others did that concerns me, newest first")
    async def page(
        self,
        principal: Caller,
        read: Reading,
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> NoticePage:
        me = principal.user_id
        seen_at = await repository.seen_at(read, me)
        rows = await log.about(read, me, VERBS, me, None, decode_moment(cursor), check_limit(limit) + 1)
        new = await log.about(read, me, VERBS, me, seen_at, None, MOST_NEW)
        items = [
            NoticeView(row.id, row.at, row.actor, row.verb, row.object_name, row.project_id, row.outcome, row.details, row.at > seen_at)
            for row in rows[:limit]
        ]
        more = len(rows) > limit
        return NoticePage(items, encode_cursor(items[-1].at.isoformat(), str(items[-1].id)) if more else None, len(new))

    @post("/seen", opt={SCOPE: Scope.ACCOUNT}, status_code=204, summary="I have looked at them")
    async def seen(self, principal: Caller, write: Writing) -> None:
        await repository.set_seen(write, principal.user_id)
