"""Refusals of the files slice."""

from service.core.errors import Kind, StowageError


class NotInTrash(StowageError):
    code = "files.not_in_trash"
    kind = Kind.CONFLICT
    public = "Move it to the trash first."


class NameTaken(StowageError):
    code = "files.name_taken"
    kind = Kind.CONFLICT
    public = "There is already something with that name here."


class Corrupt(StowageError):
    code = "files.corrupt"
    kind = Kind.CONFLICT
    public = "This file is not what its uploader's checksum says it should be, so only the uploader can get it."


class BadRange(StowageError):
    code = "files.bad_range"
    kind = Kind.RANGE
    public = "That range is outside the file."


class BadTicket(StowageError):
    code = "files.bad_ticket"
    kind = Kind.FORBIDDEN
    public = "This link is not valid or has expired."
