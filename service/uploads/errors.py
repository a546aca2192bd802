"""Refusals of the uploads slice. Each keeps the bytes that were acknowledged."""

from service.core.errors import Invalid, Kind, StowageError


class BadHeader(Invalid):
    code = "uploads.bad_header"
    public = "A header of the upload protocol is missing or malformed."


class UnsupportedVersion(StowageError):
    code = "uploads.unsupported_version"
    kind = Kind.PRECONDITION
    public = "This server speaks tus 1.0.0; send Tus-Resumable: 1.0.0."


class WrongContentType(StowageError):
    code = "uploads.wrong_content_type"
    kind = Kind.MEDIA_TYPE
    public = "The body of an upload has Content-Type application/offset+octet-stream."


class OffsetConflict(StowageError):
    code = "uploads.offset_conflict"
    kind = Kind.CONFLICT
    public = "The upload is at another offset. Ask with HEAD and go on from there."


class TooLarge(StowageError):
    code = "uploads.too_large"
    kind = Kind.TOO_LARGE
    public = "The upload is larger than this server allows."


class BodyPastLength(StowageError):
    code = "uploads.body_past_length"
    kind = Kind.TOO_LARGE
    public = "The body goes past the declared length of the upload."


class LengthConflict(Invalid):
    code = "uploads.length_conflict"
    public = "The length is already known, or lies below what has arrived."


class Busy(StowageError):
    code = "uploads.busy"
    kind = Kind.LOCKED
    public = "The upload is being worked on. Ask again in a moment."

    def __init__(self, *, internal: str = "", retry_after: int = 1) -> None:
        super().__init__(internal=internal, retry_after=retry_after)


class Gone(StowageError):
    code = "uploads.gone"
    kind = Kind.GONE
    public = "This upload was ended. Start a new one."


class NotFinished(StowageError):
    code = "uploads.not_finished"
    kind = Kind.MISSING
    public = "This upload is not finished."


class Interrupted(StowageError):
    """The server stopped reading (shutdown, a stalled client, the store); what arrived is kept."""

    code = "uploads.interrupted"
    kind = Kind.UNAVAILABLE
    public = "The server stopped in the middle. Ask with HEAD and go on from there."

    def __init__(self, *, internal: str = "") -> None:
        super().__init__(internal=internal, retry_after=1)


class NameTaken(StowageError):
    code = "uploads.name_taken"
    kind = Kind.CONFLICT
    public = "There is already a file with that name."


class TooManyOpen(StowageError):
    code = "uploads.too_many_open"
    kind = Kind.THROTTLED
    public = "You have too many unfinished uploads. Finish or remove some."


class ChecksumMismatch(StowageError):
    code = "uploads.checksum_mismatch"
    kind = Kind.CHECKSUM
    public = "The body does not have the checksum that was sent with it. Nothing of it was kept; send it again."


class ChecksumTooLarge(StowageError):
    code = "uploads.checksum_too_large"
    kind = Kind.TOO_LARGE
    public = "A body with a checksum can have at most 1 GiB: nothing of it counts before all of it is verified."


class TooManyMismatches(StowageError):
    code = "uploads.too_many_mismatches"
    kind = Kind.THROTTLED
    public = "The checksums of this upload did not match many times in a row. Try again later."


class PartsMismatch(Invalid):
    code = "uploads.parts_mismatch"
    public = "The list of parts can't become this file."


class BadForm(Invalid):
    code = "uploads.bad_form"
    public = "A form with a file was expected."


class DirectOff(StowageError):
    code = "uploads.direct_off"
    kind = Kind.CONFLICT
    public = "This server takes no parts straight to its store. Upload with tus."


class FinalHasNoBody(StowageError):
    code = "uploads.final_has_no_body"
    kind = Kind.FORBIDDEN
    public = "A final upload is made of its partial uploads; it takes no bytes of its own."


class NotPartial(Invalid):
    code = "uploads.not_partial"
    public = "Upload-Concat names an upload that is no partial upload of this project."


class PartialTaken(StowageError):
    code = "uploads.partial_taken"
    kind = Kind.CONFLICT
    public = "A partial upload named here is being joined by another final upload."
