"""`stowage export` and `import`: everything that Postgres knows and the store does not, as JSON lines.

For moving to another database, and for looking at. Bytes stay where they are: the store has to be the same, or a copy. What is only
for the moment (sessions, unfinished uploads, jobs) is left behind, and what is made of versions is made anew.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.cli.setup import current_head
from service.core.db import Database, ReadSession, WriteSession
from service.core.settings import load

FORMAT = 1
BATCH = 500
# In the order in which they refer to each other; folders from the root down.
TABLES: Mapping[str, str] = {
    "users": "TABLE users ORDER BY id",
    "access_keys": "TABLE access_keys ORDER BY id",
    "projects": "TABLE projects ORDER BY id",
    "project_members": "TABLE project_members ORDER BY project_id, user_id",
    "quota_slots": "SELECT owner_kind, owner_id, slot, limit_bytes, 0 AS reserved_bytes, used_bytes, warned_percent FROM quota_slots",
    "folders": """
        WITH RECURSIVE down AS (
            SELECT id, 0 AS depth FROM folders WHERE parent_id IS NULL
            UNION ALL SELECT f.id, down.depth + 1 FROM down JOIN folders f ON f.parent_id = down.id)
        SELECT f.* FROM down JOIN folders f USING (id) ORDER BY depth, id""",
    "files": "TABLE files ORDER BY id",
    "file_versions": "TABLE file_versions ORDER BY id",
    "file_tags": "TABLE file_tags",
    "favourites": "TABLE favourites",
    "access_log": "TABLE access_log ORDER BY at, id",
}
# Not what was, but what is made anew: totals are counted by the triggers, previews by jobs.
_FRESH: Mapping[str, Mapping[str, Any]] = {
    "folders": {"files": 0, "bytes": 0},
    "projects": {"derived_bytes": 0},
    "file_versions": {"derived_bytes": 0, "preview": {"state": "waiting"}},
}


class ImportRefused(Exception):
    """One sentence for the operator."""


def export(environ: Mapping[str, str], path: Path) -> int:
    """Into a file that only its owner can read: it holds hashes of passwords and tokens."""
    settings = load(environ)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        counts = asyncio.run(_export(Database(settings.database), file, current_head(settings)))
    sys.stdout.write(f"{path}: {', '.join(f'{count} {table}' for table, count in counts.items() if count)}\n")
    return 0


async def _export(database: Database, file: Any, head: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    try:
        # One snapshot, however long it takes.
        async with database.write() as session:
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            file.write(json.dumps({"format": FORMAT, "schema": head}) + "\n")
            for table, query in TABLES.items():
                counts[table] = await _dump(session, table, query, file)
    finally:
        await database.close()
    return counts


async def _dump(session: ReadSession, table: str, query: str, file: Any) -> int:
    count = 0
    result = await session.stream(text(f"SELECT row_to_json(one)::text AS row FROM ({query}) one"))  # noqa: S608  constants of ours
    async for row in result:
        file.write(f'{{"table": "{table}", "row": {row.row}}}\n')
        count += 1
    return count


def restore(environ: Mapping[str, str], path: Path, *, is_sure: bool) -> int:
    """Into an empty, migrated database. 0: done, or would be; 2: refused."""
    settings = load(environ)
    try:
        counts = asyncio.run(_restore(Database(settings.database), path, current_head(settings), is_sure=is_sure))
    except (ImportRefused, OSError, ValueError, IntegrityError) as error:
        sys.stderr.write(f"stowage: nothing was imported: {str(error).splitlines()[0]}\n")
        return 2
    sys.stdout.write(
        f"{', '.join(f'{count} {table}' for table, count in counts.items())}{'' if is_sure else '; nothing was changed: say --yes to do it'}\n"
    )
    return 0


async def _restore(database: Database, path: Path, head: str, *, is_sure: bool) -> dict[str, int]:
    counts: dict[str, int] = {}
    batch: list[str] = []
    current = ""
    try:
        with path.open(encoding="utf-8") as file:
            _check_head(json.loads(file.readline() or "{}"), head)
            async with database.write() as session:
                await _check_empty(session)
                await session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
                for line in file:
                    entry = json.loads(line)
                    table = str(entry["table"])
                    if table not in TABLES:
                        raise ImportRefused(f"{path} names a table {table!r} that is none of ours.")
                    if batch and (table != current or len(batch) >= BATCH):
                        await _insert(session, current, batch)
                        batch = []
                    current = table
                    batch.append(json.dumps({**entry["row"], **_FRESH.get(table, {})}))
                    counts[table] = counts.get(table, 0) + 1
                if batch:
                    await _insert(session, current, batch)
                if not is_sure:
                    await session.rollback()
                    return counts
                await _ask_for_previews(session)
    finally:
        await database.close()
    return counts


def _check_head(header: Mapping[str, Any], head: str) -> None:
    if header.get("format") != FORMAT or header.get("schema") != head:
        raise ImportRefused(
            f"The file is of schema {header.get('schema')}, this database of {head}. Export and import with the same version."
        )


async def _check_empty(session: ReadSession) -> None:
    if (await session.execute(text("SELECT EXISTS (SELECT FROM users)"))).scalar_one():
        raise ImportRefused("The database is not empty: there are people in it.")


async def _insert(session: WriteSession, table: str, rows: list[str]) -> None:
    statement = f"INSERT INTO {table} SELECT (json_populate_record(CAST(NULL AS {table}), CAST(one AS json))).* FROM unnest(CAST(:rows AS text[])) one"  # noqa: S608  one of our own tables
    await session.execute(text(statement), {"rows": rows})


async def _ask_for_previews(session: WriteSession) -> None:
    """As if every current version had just come."""
    await session.execute(
        text("""
            INSERT INTO outbox (id, kind, tag, payload)
            SELECT gen_random_uuid(), 'event', 'files.stored',
                   json_build_object('project_id', f.project_id, 'file_id', f.id, 'version_id', f.current_version_id, 'is_plain', false)
            FROM files f WHERE f.trashed_at IS NULL""")
    )
