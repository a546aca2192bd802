"""Cursor pages: `{items, next_cursor}`. A cursor is opaque to clients and carries the sort key of the last row."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

import msgspec

from service.core.errors import Invalid

MAX_LIMIT = 500
DEFAULT_LIMIT = 100


class BadCursor(Invalid):
    code = "pagination.bad_cursor"
    public = "That cursor is not one of ours."


class BadLimit(Invalid):
    code = "pagination.bad_limit"
    public = f"limit must be between 1 and {MAX_LIMIT}."


def check_limit(limit: int) -> int:
    if not 1 <= limit <= MAX_LIMIT:
        raise BadLimit
    return limit


def encode_cursor(*key: str | int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def decode_uuid(value: str | int) -> UUID:
    """An id that was in a cursor. Raises BadCursor."""
    try:
        return UUID(str(value))
    except ValueError as error:
        raise BadCursor from error


def decode_id(cursor: str | None) -> UUID | None:
    """Where a page sorted by id goes on; None at its beginning. Raises BadCursor."""
    return decode_uuid(decode_cursor(cursor, str)[0]) if cursor else None


def decode_moment(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Where a page sorted by time and id goes on; None at its beginning. Raises BadCursor."""
    if not cursor:
        return None
    at, row_id = decode_cursor(cursor, str, str)
    try:
        return datetime.fromisoformat(str(at)), decode_uuid(row_id)
    except ValueError as error:
        raise BadCursor from error


def decode_cursor(cursor: str, *shape: type) -> tuple[str | int, ...]:
    """Return the sort key in `cursor`. Raises BadCursor where its shape differs."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key = msgspec.json.decode(raw, type=list[str | int])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise BadCursor from error
    if len(key) != len(shape) or any(not isinstance(value, kind) for value, kind in zip(key, shape, strict=True)):
        raise BadCursor
    return tuple(key)
