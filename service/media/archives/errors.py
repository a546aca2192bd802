"""Refusals of the inside of archives."""

from service.core.errors import Invalid, Kind, StowageError


class NoArchive(Invalid):
    code = "archive.none"
    public = "This file is no archive that can be looked into: ZIP, TAR, 7z and RAR can."


class ArchiveUnreadable(StowageError):
    """Its text is the reader's own."""

    code = "archive.unreadable"
    kind = Kind.CONFLICT
    public = "This archive can't be looked into."


class StillIndexing(StowageError):
    code = "archive.indexing"
    kind = Kind.CONFLICT
    public = "This archive is being looked through. Try again in a moment."


class ArchiveLocked(StowageError):
    """Even its names are encrypted, or the password is wrong."""

    code = "archive.locked"
    kind = Kind.CONFLICT
    public = "It takes the password to list this archive."


class MemberLocked(StowageError):
    code = "archive.encrypted"
    kind = Kind.CONFLICT
    public = "This member is encrypted: it takes its password to open it."


class StillUnpacking(StowageError):
    code = "archive.unpacking"
    kind = Kind.CONFLICT
    public = "This member is being unpacked. Try again in a moment."


class MemberRefused(StowageError):
    """Its text is the reader's own."""

    code = "archive.member_refused"
    kind = Kind.CONFLICT
    public = "This member can't be taken out by itself. Download the archive."


class MemberBroken(StowageError):
    """In the middle of an answer: nothing can be said any more but by breaking off."""

    code = "archive.broken"
    kind = Kind.CONFLICT
    public = "This member is damaged."
