"""Uploads that come whole in one request: one statement at each end, made of the parts that the slices concerned name.

Each does all or nothing. Nothing means "not this simple": the transactions of `creating` and `finish` then do it, or say what is wrong.
"""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError

from service.core.db import WriteSession
from service.files.repository import IS_LIVING, NEW_FILE_FROM, UP
from service.projects.repository import ROLE
from service.quota.repository import CHANGE_WHEN
from service.uploads.models import Upload
from service.uploads.repository import CLOSE_WHEN, INSERT_WHEN, Limits, insert_parameters

# Dividing by zero undoes the statement where one of the two quotas has no room.
_CREATE = text(f"""
    WITH {ROLE},
    born AS ({INSERT_WHEN.format(when="EXISTS (SELECT FROM role)")}),
    {CHANGE_WHEN.format(when="EXISTS (SELECT FROM born)")}
    SELECT expires_at, 1 / ((SELECT count(*) FROM mine) * (SELECT count(*) FROM ours)) FROM born""")
_WITH_RESULT = ", file_id = :file_id, version_id = :version_id, reserved_bytes = 0"
_CLOSE = text(f"""
    WITH RECURSIVE {UP},
    closed AS ({CLOSE_WHEN.format(and_set=_WITH_RESULT, when=f"reserved_bytes = -:reserved AND {IS_LIVING}")}),
    {NEW_FILE_FROM.format(source="closed", conflict="")},
    {CHANGE_WHEN.format(when="EXISTS (SELECT FROM closed)")}
    SELECT id FROM listed""")


async def create(session: WriteSession, upload: Upload, limits: Limits, roles: list[str]) -> bool:
    """C1. False: nothing was done."""
    parameters = {**insert_parameters(upload, limits), "roles": roles, "reserved": upload.reserved_bytes, "used": 0, "must_fit": True}
    try:
        row = (await session.execute(_CREATE, parameters)).one_or_none()
    except DataError:
        return False
    if row is None:
        return False
    upload.expires_at = row.expires_at
    return True


async def close(session: WriteSession, upload: Upload, *, expected: int, new_file: Mapping[str, object]) -> bool:
    """F1 and F3 of an upload that became one object. False: nothing was done."""
    parameters = {
        **new_file,
        "upload": upload.id,
        "epoch": upload.epoch,
        "expected": expected,
        "reserved": -upload.reserved_bytes,
        "used": upload.length_bytes,
        "must_fit": False,
    }
    try:
        return (await session.execute(_CLOSE, parameters)).one_or_none() is not None
    except IntegrityError:
        # The name is taken.
        return False
