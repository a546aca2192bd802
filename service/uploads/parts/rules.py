"""What a list of parts must be before it may become an object (S3, CompleteMultipartUpload). Pure."""

from collections.abc import Sequence
from uuid import UUID

from service.storage.port import MIN_PART, Part, StoredPart
from service.uploads.errors import PartsMismatch
from service.uploads.models import UploadPart

MAX_PART_BYTES = 5 << 30


def check_parts(named: Sequence[Part], stored: Sequence[StoredPart], length: int | None) -> list[StoredPart]:
    """The parts that the object is made of: exactly what the client names, as the store has it. Raises PartsMismatch.

    Numbers are 1..N without a gap, each with the ETag that the store knows; only the last may be below 5 MiB; a length
    that was declared is met exactly.
    """
    there = {part.number: part for part in stored}
    wanted = sorted(named, key=lambda part: part.number)
    if not wanted or [part.number for part in wanted] != list(range(1, len(wanted) + 1)):
        message = "The parts must be numbered 1 to N without a gap."
        raise PartsMismatch(message)
    for part in wanted:
        found = there.get(part.number)
        if found is None or found.etag != part.etag:
            message = f"Part {part.number} is not in the store with that ETag. Send it again."
            raise PartsMismatch(message)
    chosen = [there[part.number] for part in wanted]
    if any(part.size_bytes < MIN_PART for part in chosen[:-1]):
        message = "Only the last part may be smaller than 5 MiB."
        raise PartsMismatch(message)
    total = sum(part.size_bytes for part in chosen)
    if length is not None and total != length:
        message = f"The parts have {total} bytes together, and {length} were declared."
        raise PartsMismatch(message)
    return chosen


def as_rows(upload_id: UUID, parts: Sequence[StoredPart]) -> list[UploadPart]:
    """Rows that tile the object, as the finish wants them."""
    rows, start = [], 0
    for part in parts:
        rows.append(UploadPart(upload_id=upload_id, no=part.number, start_bytes=start, size_bytes=part.size_bytes, etag=part.etag))
        start += part.size_bytes
    return rows
