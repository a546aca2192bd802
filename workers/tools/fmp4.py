"""Reading fragmented MP4 (ISO/IEC 14496-12): proof that a segment is what the plan wanted. Trust no exit status."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_CONTAINERS = frozenset({"moov", "trak", "mdia", "minf", "stbl", "moof", "traf"})
SAMPLE_IS_NON_SYNC = 0x10000
MAX_BOXES = 100_000


class BadSegment(Exception):
    """The bytes are not the segment that was planned."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """One moof: decode time of its first sample, number of samples, total ticks, whether it starts with a sync sample."""

    decode_time: int
    samples: int
    ticks: int
    starts_with_sync: bool


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[str, int, int]]:
    """(type, body start, body end) of the boxes in a stretch. Raises BadSegment."""
    position, end = start, len(data) if end is None else end
    for _ in range(MAX_BOXES):
        if position + 8 > end:
            break
        size, kind = struct.unpack_from(">I4s", data, position)
        header = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, position + 8)
            header = 16
        elif size == 0:
            size = end - position
        if size < header or position + size > end:
            message = f"box {kind!r} of {size} bytes at {position} does not fit"
            raise BadSegment(message)
        yield kind.decode("latin-1"), position + header, position + size
        position += size


def find(data: bytes, *path: str) -> tuple[int, int] | None:
    """Body of the first box at a path of types."""
    start, end = 0, len(data)
    for wanted in path:
        for kind, body, stop in boxes(data, start, end):
            if kind == wanted:
                start, end = body, stop
                break
        else:
            return None
    return start, end


def timescale(init: bytes) -> int:
    """Ticks per second of the only track. Raises BadSegment."""
    found = find(init, "moov", "trak", "mdia", "mdhd")
    if found is None:
        message = "no mdhd in the init segment"
        raise BadSegment(message)
    version = init[found[0]]
    return int(struct.unpack_from(">I", init, found[0] + (20 if version else 12))[0])


def codecs(init: bytes) -> str:
    """RFC 6381 codec string from the sample description. Raises BadSegment."""
    at = init.find(b"avcC")
    if at > 0:
        return "avc1." + init[at + 5 : at + 8].hex()
    if init.find(b"mp4a") > 0:
        return "mp4a.40.2"
    message = "neither H.264 nor AAC in the init segment"
    raise BadSegment(message)


def _trun(data: bytes, body: int, default_ticks: int, default_flags: int) -> tuple[int, int, bool]:
    flags = int.from_bytes(data[body + 1 : body + 4], "big")
    (count,) = struct.unpack_from(">I", data, body + 4)
    position = body + 8 + (4 if flags & 0x1 else 0)
    first_flags = None
    if flags & 0x4:
        (first_flags,) = struct.unpack_from(">I", data, position)
        position += 4
    ticks, first_sample_flags = 0, default_flags
    stride = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
    for number in range(count):
        field = position + number * stride
        if flags & 0x100:
            ticks += struct.unpack_from(">I", data, field)[0]
            field += 4
        else:
            ticks += default_ticks
        if flags & 0x200:
            field += 4
        if flags & 0x400 and number == 0:
            (first_sample_flags,) = struct.unpack_from(">I", data, field)
    sync_flags = first_flags if first_flags is not None else first_sample_flags
    return count, ticks, not sync_flags & SAMPLE_IS_NON_SYNC


def _tfhd(data: bytes, body: int) -> tuple[int, int]:
    flags = int.from_bytes(data[body + 1 : body + 4], "big")
    position = body + 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
    ticks = default_flags = 0
    if flags & 0x8:
        (ticks,) = struct.unpack_from(">I", data, position)
        position += 4
    if flags & 0x10:
        position += 4
    if flags & 0x20:
        (default_flags,) = struct.unpack_from(">I", data, position)
    return ticks, default_flags


def fragments(segment: bytes) -> list[Fragment]:
    """All moofs of a media segment. Raises BadSegment."""
    found = []
    try:
        for kind, start, end in boxes(segment):
            if kind != "moof":
                continue
            traf = next(((body, stop) for name, body, stop in boxes(segment, start, end) if name == "traf"), None)
            if traf is None:
                message = "moof without traf"
                raise BadSegment(message)
            found.append(_fragment(segment, *traf))
    except struct.error as error:
        message = "truncated box"
        raise BadSegment(message) from error
    return found


def _fragment(segment: bytes, start: int, end: int) -> Fragment:
    decode_time = samples = ticks = 0
    default_ticks = default_flags = 0
    starts_with_sync: bool | None = None
    for kind, body, _ in boxes(segment, start, end):
        if kind == "tfhd":
            default_ticks, default_flags = _tfhd(segment, body)
        elif kind == "tfdt":
            (decode_time,) = struct.unpack_from(">Q" if segment[body] else ">I", segment, body + 4)
        elif kind == "trun":
            count, run_ticks, is_sync = _trun(segment, body, default_ticks, default_flags)
            starts_with_sync = is_sync if starts_with_sync is None else starts_with_sync
            samples += count
            ticks += run_ticks
    return Fragment(decode_time, samples, ticks, bool(starts_with_sync))


def first_sample_end(segment: bytes) -> int:
    """Where the first sample of a segment ends, in bytes: what an I-frame playlist fetches. The whole segment if that can't be told."""
    for kind, _, end in boxes(segment):
        if kind == "moof":
            found = find(segment, "moof", "traf", "trun")
            size = _first_size(segment, found[0]) if found else None
            if size is None:
                break
            # Data follow in the mdat right behind its moof.
            return min(len(segment), end + 8 + size)
    return len(segment)


def _first_size(data: bytes, trun: int) -> int | None:
    flags = int.from_bytes(data[trun + 1 : trun + 4], "big")
    if not flags & 0x200:
        return None
    position = trun + 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0) + (4 if flags & 0x100 else 0)
    return int(struct.unpack_from(">I", data, position)[0])


def verify_video(segment: bytes, *, first_tick: int, frames: int, frame_ticks: int, is_last: bool) -> int:
    """Check a video segment against the grid; returns its samples (fewer than `frames` only in the last). Raises BadSegment."""
    parts = fragments(segment)
    samples = sum(part.samples for part in parts)
    if not parts or parts[0].decode_time != first_tick:
        message = f"starts at tick {parts[0].decode_time if parts else None}, not {first_tick}"
        raise BadSegment(message)
    if not parts[0].starts_with_sync:
        message = "does not start with a sync sample"
        raise BadSegment(message)
    if samples != frames and not (is_last and 0 < samples < frames):
        message = f"has {samples} frames, not {frames}"
        raise BadSegment(message)
    if sum(part.ticks for part in parts) != samples * frame_ticks:
        message = "frames do not last as long as planned"
        raise BadSegment(message)
    return samples


def span(segment: bytes) -> tuple[int, int, bool]:
    """(first tick, ticks, whether it starts with a sync sample) of a segment. Raises BadSegment."""
    parts = fragments(segment)
    if not parts or not sum(part.samples for part in parts):
        message = "segment without samples"
        raise BadSegment(message)
    return parts[0].decode_time, sum(part.ticks for part in parts), parts[0].starts_with_sync
