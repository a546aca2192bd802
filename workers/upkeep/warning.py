"""WarnOfQuota: tell people in time that their space, or a project's, is nearly used up."""

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import WriteSession
from service.core.principal import Permission
from service.files.jobs import WarnOfQuota
from service.outbox.context import JobContext
from service.projects.members import repository as members
from service.projects.policies import roles_with
from service.quota import repository as quota
from service.quota.repository import Rise
from service.quota.service import USER
from workers.upkeep.cleaning import UpkeepDeps

VERB = "quota.warn"
AT_ONCE = 200
MAX_ROUNDS = 100


async def warn_of_quota(_: WarnOfQuota, deps: UpkeepDeps, context: JobContext) -> None:
    warned = 0
    for _round in range(MAX_ROUNDS):
        async with deps.database.write() as session:
            changes = await quota.note_levels(session, AT_ONCE)
            for rise in changes:
                if rise.percent > rise.percent_before:
                    await _warn(session, rise)
                    warned += 1
        if len(changes) < AT_ONCE:
            break
    context.result = {"warned": warned}


async def _warn(session: WriteSession, rise: Rise) -> None:
    after = {"percent": rise.percent, "used_bytes": rise.usage.used_bytes, "limit_bytes": rise.usage.limit_bytes}
    if rise.owner_kind == USER:
        audit.record(session, None, VERB, Thing(USER, rise.owner_id), after=after)
        return
    for user_id, name in await members.with_roles(session, rise.owner_id, roles_with(Permission.MANAGE)):
        audit.record(session, None, VERB, Thing(USER, user_id, name, rise.owner_id), after=after)
