"""Where things lie in the buckets. Every key is written once."""

from uuid import UUID


def object_key(upload: UUID, epoch: int) -> str:
    """The object an upload becomes; the epoch keeps a late write of an older holder off the winner's object."""
    return f"o/{upload}/{epoch}"


def tail_key(upload: UUID, epoch: int, number: int) -> str:
    """A remainder too short to be a part; `number` makes it fresh within the epoch."""
    return f"t/{upload}/{epoch}/{number}"


def upload_prefixes(upload: UUID) -> tuple[str, str]:
    return f"o/{upload}/", f"t/{upload}/"


def derived_prefix(version: UUID, kind: str, generation: str) -> str:
    """Derivatives of a version; `generation` is a plan's hash or a job's fence, so outputs are immutable."""
    return f"d/{version}/{kind}/{generation}/"
