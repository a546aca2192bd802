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


class MemberLocked(StowageError):
    code = "archive.encrypted"
    kind = Kind.CONFLICT
    public = "This member is encrypted. Download the archive and open it with its password."


class MemberBound(StowageError):
    code = "archive.member_bound"
    kind = Kind.CONFLICT
    public = "This member can't be taken out by itself: in this kind of archive it is packed together with others. Download the archive."


class MemberBroken(StowageError):
    """In the middle of an answer: nothing can be said any more but by breaking off."""

    code = "archive.broken"
    kind = Kind.CONFLICT
    public = "This member is damaged."
