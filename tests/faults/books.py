"""The books of clients and of the server, compared once everything has come to rest."""

import asyncio
import hashlib

from service.core.settings import load
from service.storage.keys import upload_of
from service.storage.s3 import S3Store
from tests.faults.ledger import Entry
from tests.harness import wait_until


def settle(stack):
    """All jobs ended, all sweeps done; the sweep takes a hundred at a time."""
    count = stack.sql("SELECT count(*) FROM uploads")[0][0]
    wait_until(
        lambda: not stack.sql("SELECT 1 FROM uploads WHERE state IN ('COMPLETING', 'ABORTING') LIMIT 1"),
        120,
        1,
        "the end of every finish and abort",
    )
    wait_until(
        lambda: (
            not stack.sql(
                "SELECT 1 FROM jobs WHERE state IN ('queued', 'running') AND tag NOT LIKE '%%drain%%' AND tag NOT LIKE '%%forget%%' LIMIT 1"
            )
        ),
        420 + count / 5,
        1,
        "the end of every job",
    )
    wait_until(lambda: not stack.sql("SELECT 1 FROM outbox LIMIT 1"), 60, 1, "an empty outbox")
    stack.sql("UPDATE uploads SET sweep_after = now() WHERE sweep_after IS NOT NULL")
    wait_until(
        lambda: not stack.sql("SELECT 1 FROM uploads WHERE sweep_after IS NOT NULL LIMIT 1"),
        120 + count / 5,
        1,
        "the last look at every prefix",
    )


def check_objects(stack, entries):
    """Every finished upload read straight from the store; the store's keys are the database's keys."""
    settings = load(stack.settings_env())
    rows = {
        row[0]: row[1:]
        for row in stack.sql("SELECT u.id::text, v.key, v.size_bytes FROM uploads u JOIN file_versions v ON v.id = u.version_id")
    }

    async def compare():
        store = S3Store(settings.store)
        compared = 0
        for entry in entries:
            if not entry.is_done:
                continue
            key, size = rows[entry.url.rpartition("/")[2]]
            digest, count = hashlib.sha256(), 0
            async for chunk in store.read(settings.store.originals, key):
                digest.update(chunk)
                count += len(chunk)
            assert (count, size, digest.hexdigest()) == (entry.size, entry.size, entry.digest), entry
            compared += count
        known = {row[0] for row in stack.sql("SELECT key FROM file_versions")}
        # What a store lost is kept for a week in case it turns up.
        lost = dict(stack.sql("SELECT id, key FROM uploads WHERE state = 'LOST'"))
        listed = [key for prefix in ("o/", "t/") async for key in store.list_keys(settings.store.originals, prefix)]
        # A listing may lag behind on the embedded store: HEAD decides.
        orphans = [
            key
            for key in listed
            if key not in known and upload_of(key) not in lost and await store.head(settings.store.originals, key) is not None
        ]
        missing = [key for key in known if await store.head(settings.store.originals, key) is None]
        uploads = (await store._control("list_multipart_uploads", Bucket=settings.store.originals)).get("Uploads", [])
        # Killed at the wrong moment, the embedded Swift lists for ever what it has forgotten: ListParts decides, and a version's
        # own parts are no leftover.
        uploads = [
            (upload["Key"], upload["UploadId"])
            for upload in uploads
            if upload["Key"] not in known | set(lost.values())
            and await store.has_parts(settings.store.originals, upload["Key"], upload["UploadId"])
        ]
        await store.close()
        return compared, orphans, missing, uploads

    return asyncio.run(compare())


def check_quota(stack, owner):
    """What is reserved and used of a person or project is what its uploads and versions say."""
    ((reserved, used),) = stack.sql("SELECT sum(reserved_bytes), sum(used_bytes) FROM quota_slots WHERE owner_id = %s", owner)
    column = "project_id" if stack.sql("SELECT 1 FROM projects WHERE id = %s", owner) else "user_id"
    assert reserved == stack.sql(f"SELECT coalesce(sum(reserved_bytes), 0) FROM uploads WHERE {column} = %s", owner)[0][0]
    versions = "SELECT coalesce(sum(v.size_bytes), 0) FROM file_versions v JOIN files f ON f.id = v.file_id WHERE"
    assert used == stack.sql(f"{versions} {'f.project_id' if column == 'project_id' else 'v.charged_to'} = %s", owner)[0][0]


def check_lost(stack, told):
    """An upload may be LOST for one reason only: MinIO, killed in the middle of a Complete, has dropped its parts' metadata.

    docs/reference/stores.md says how that comes about. Its client was told, and the store confirms that it lacks parts that it had
    acknowledged, all of them or some.
    """
    rows = stack.sql("SELECT id::text, key, s3_upload_id FROM uploads WHERE state = 'LOST' AND joined_into IS NULL AND kind <> 'final'")
    if not rows:
        assert told == 0
        return
    assert stack.status()["store"] == "minio", rows
    settings = load(stack.settings_env())

    async def parts_left(key, s3_upload_id):
        store = S3Store(settings.store)
        found = await store.list_parts(settings.store.originals, key, s3_upload_id)
        await store.close()
        return {(part.number, part.etag) for part in found}

    for upload, key, s3_upload_id in rows:
        acknowledged = set(stack.sql("SELECT no, etag FROM upload_parts WHERE upload_id = %s", upload))
        assert acknowledged - asyncio.run(parts_left(key, s3_upload_id)), (upload, "LOST, but the store has all its parts")
    assert told <= len(rows), (told, rows)


def check_totals(stack):
    """What folders say they hold is what they hold."""
    wait_until(lambda: stack.sql("SELECT count(*) FROM folder_changes")[0][0] == 0, 30, 0.5, "folding of changes into totals")
    wrong = stack.sql("""
        SELECT r.project_id, r.files, r.bytes, held.files, held.bytes FROM folders r JOIN LATERAL (
            SELECT count(*) AS files, coalesce(sum(size_bytes), 0) AS bytes FROM files JOIN folders f ON f.id = files.folder_id
            WHERE files.project_id = r.project_id AND files.trashed_at IS NULL AND NOT f.is_hidden) held ON true
        WHERE r.parent_id IS NULL AND (r.files, r.bytes) <> (held.files, held.bytes)""")
    assert wrong == []


def balance(stack, entries: list[Entry]) -> int:
    """No promise broken, nothing lost, nothing left over, quota exact, no false completion. Returns how many bytes were compared."""
    problems = [(entry.url, entry.problems) for entry in entries if entry.problems]
    assert not problems, problems
    check_lost(stack, sum(entry.is_lost for entry in entries))
    compared, orphans, missing, multiparts = check_objects(stack, entries)
    assert (orphans, missing, multiparts) == ([], [], []), (orphans, missing, multiparts)
    for (owner,) in stack.sql("SELECT DISTINCT owner_id FROM quota_slots"):
        check_quota(stack, owner)
    check_totals(stack)
    done = sum(entry.is_done for entry in entries)
    assert stack.sql("SELECT count(*) FROM uploads WHERE state = 'COMPLETE' AND version_id IS NOT NULL")[0][0] == done
    assert stack.sql("SELECT upload_id FROM upload_parts p JOIN uploads u ON u.id = p.upload_id WHERE u.state = 'OPEN' LIMIT 1") == []
    return compared
