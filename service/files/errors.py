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


class RevisionConflict(StowageError):
    code = "files.revision_conflict"
    kind = Kind.PRECONDITION
    public = "Somebody changed this meanwhile. Look at it again."


class BadRevision(StowageError):
    code = "files.bad_revision"
    kind = Kind.INVALID
    public = "If-Match has to be an ETag that we gave for this."


class TargetMissing(StowageError):
    code = "files.target_missing"
    kind = Kind.INVALID
    public = "Say into which folder: `target`."


class BadTag(StowageError):
    code = "files.bad_tag"
    kind = Kind.INVALID
    public = "Tags have 1 to 100 characters, no control characters, and a file has at most 50."


class IntoItself(StowageError):
    code = "files.into_itself"
    kind = Kind.CONFLICT
    public = "A folder can't be moved into itself or into a folder below it."


class TooDeep(StowageError):
    code = "files.too_deep"
    kind = Kind.INVALID
    public = "Folders can't be nested more than 64 deep."


class RootFolder(StowageError):
    code = "files.root_folder"
    kind = Kind.CONFLICT
    public = "That is the project itself: rename or delete the project instead."


class CurrentVersion(StowageError):
    code = "files.current_version"
    kind = Kind.CONFLICT
    public = "This version is the one the file shows. Make another one current first, or move the file to the trash."


class TooManyEntries(StowageError):
    code = "files.too_many_entries"
    kind = Kind.TOO_LARGE
    public = "That is too much for one ZIP. Choose fewer folders."


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
