"""Fills a project by COPY, as `bench/files.py` and the test of query plans want it: not through the API."""

import datetime as dt
import os
import time
from uuid import UUID

TYPES = ("image/jpeg", "video/mp4", "text/plain", "application/json", "image/png")


def ids(count: int):
    """UUIDv7s of now, in order."""
    base = (time.time_ns() // 1_000_000) << 80 | 0x7 << 76 | 0x2 << 62
    noise = int.from_bytes(os.urandom(4), "big") << 24
    return (UUID(int=base + noise + number) for number in range(count))


def fill(connection, project, user, *, files: int, folders: int, sizes: int = 3_000) -> None:
    """`folders` folders three levels deep and `files` files in them, the first tenth in one; then statistics, and totals as the triggers count them."""
    project, user = UUID(str(project)), UUID(str(user))
    tops = max(1, folders // 200)
    made: list[tuple[UUID, UUID, str]] = []
    for number, one in enumerate(ids(folders)):
        parent = project if number < tops else made[number % tops][0] if number < tops * 11 else made[tops + number % (tops * 10)][0]
        made.append((one, parent, f"folder {number:06}"))
    now = dt.datetime.now(dt.UTC)
    with connection.cursor() as cursor:
        with cursor.copy("COPY folders (id, project_id, parent_id, name, created_by) FROM STDIN") as copy:
            for one, parent, name in made:
                copy.write_row((one, project, parent, name, user))
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        # One after the other: the foreign keys between them wait for the end of the transaction.
        rows = list(zip(ids(files), ids(files), strict=True))
        with cursor.copy(
            "COPY files (id, project_id, folder_id, name, current_version_id, created_by, size_bytes, media_type, changed_at) FROM STDIN"
        ) as copy:
            for number, (file, version) in enumerate(rows):
                folder = made[0][0] if number < files // 10 else made[number % folders][0]
                changed = now - dt.timedelta(seconds=number % 1_000_000)
                copy.write_row(
                    (
                        file,
                        project,
                        folder,
                        f"clip {number:07} take.{number % 7}.bin",
                        version,
                        user,
                        number % sizes,
                        TYPES[number % 5],
                        changed,
                    )
                )
        with cursor.copy(
            "COPY file_versions (id, file_id, no, bucket, key, size_bytes, media_type, etag, charged_to, created_by) FROM STDIN"
        ) as copy:
            for number, (file, version) in enumerate(rows):
                copy.write_row(
                    (version, file, 1, "stowage-originals", f"o/{version}/0", number % sizes, TYPES[number % 5], "0" * 32, user, user)
                )
    connection.commit()
    connection.autocommit = True
    for table in ("folders", "files", "file_versions"):
        connection.execute(f"VACUUM ANALYZE {table}")
