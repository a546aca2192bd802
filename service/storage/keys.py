"""Where things lie in the buckets. Every key is written once."""

from contextlib import suppress
from uuid import UUID

OBJECTS = "o/"
TAILS = "t/"
PARTS = "p/"


def object_key(upload: UUID, epoch: int) -> str:
    """The object an upload becomes; the epoch keeps a late write of an older holder off the winner's object."""
    return f"{OBJECTS}{upload}/{epoch}"


def tail_key(upload: UUID, epoch: int, number: int) -> str:
    """A remainder too short to be a part; `number` makes it fresh within the epoch."""
    return f"{TAILS}{upload}/{epoch}/{number}"


def parts_key(upload: UUID) -> str:
    """The object of an upload whose parts go straight from client to store: the one prefix their signer may write."""
    return f"{PARTS}{upload}/1"


def upload_prefixes(upload: UUID) -> tuple[str, str, str]:
    return f"{OBJECTS}{upload}/", f"{TAILS}{upload}/", f"{PARTS}{upload}/"


def upload_of(key: str) -> UUID | None:
    """The upload that an object's or a tail's key names; None for a key that is none of ours."""
    parts = key.split("/")
    with suppress(ValueError):
        return UUID(parts[1]) if len(parts) in {3, 4} else None
    return None


def derived_prefix(version: UUID, kind: str, generation: str) -> str:
    """Derivatives of a version; `generation` is a plan's hash or a job's fence, so outputs are immutable."""
    return f"d/{version}/{kind}/{generation}/"
