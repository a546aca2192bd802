"""What ffmpeg left in a folder, read back: segments of one chunk that are what was planned, with their true durations."""

from pathlib import Path

from service.media.planning import Chunk, Plan
from service.outbox.base import PermanentError
from workers.media.packing import Segment
from workers.tools import fmp4
from workers.tools.ffmpeg_sound import FRAME, SoundCut
from workers.tools.ffmpeg_sound import RATE as SOUND_RATE
from workers.tools.sandbox import ChildFailed

UNDECODABLE = "The picture can't be decoded here; the film is damaged."


class CantCutSound(Exception):
    """The sound of this source does not come out in pieces that fit together."""


def init_of(folder: Path) -> bytes:
    """The init segment; nothing where nothing was encoded."""
    return (folder / "init.mp4").read_bytes() if (folder / "init.mp4").exists() else b""


def picture_of(plan: Plan, chunk: Chunk, folder: Path) -> list[Segment]:
    """Segments of one rung. Raises ChildFailed where ffmpeg's word and its output differ."""
    init = init_of(folder)
    paths = sorted(folder.glob("s*.m4s"))
    may_end = chunk.no == len(plan.chunks) - 1 or not plan.is_length_sure
    if not init or not paths:
        if may_end and chunk.no > 0:
            # The container promised a little more than there is: the film simply ends earlier.
            return []
        raise PermanentError(UNDECODABLE)
    ticks = fmp4.timescale(init)
    frame_ticks, odd = divmod(ticks * plan.rate_den, plan.rate_num)
    if odd:
        message = f"timescale {ticks} does not fit {plan.rate} frames per second"
        raise ChildFailed(message)
    wanted = -(-chunk.frames // plan.segment_frames)
    result, frame = [], chunk.first_frame
    for number, path in enumerate(paths):
        body = path.read_bytes()
        if number == len(paths) - 1 and not fmp4.fragments(body):
            # There was nothing to put into it: the picture ended just before.
            break
        frames = min(plan.segment_frames, chunk.first_frame + chunk.frames - frame)
        ends_here = number == len(paths) - 1 and (may_end or number == wanted - 1)
        try:
            samples = fmp4.verify_video(
                body,
                first_tick=frame * frame_ticks,
                frames=frames,
                frame_ticks=frame_ticks,
                is_last=ends_here and may_end,
            )
        except fmp4.BadSegment as error:
            raise _explain(error, is_short=number == len(paths) - 1) from error
        result.append(Segment(path, float(samples / plan.rate)))
        frame += samples
    if not result and chunk.no == 0:
        raise PermanentError(UNDECODABLE)
    if len(result) < wanted and not may_end:
        message = f"The film is damaged: its picture ends after {float(frame / plan.rate):.0f} of {plan.duration_s:.0f} seconds."
        raise PermanentError(message)
    return result


def _explain(error: fmp4.BadSegment, *, is_short: bool) -> Exception:
    return ChildFailed(f"a segment {error}" + (" (the source may be cut off)" if is_short else ""))


def sound_of(cut: SoundCut, folder: Path) -> list[Segment]:
    """Segments of one track, to the frame. Raises CantCutSound."""
    init, tick, result = init_of(folder), cut.first * FRAME, []
    try:
        if init and fmp4.timescale(init) != SOUND_RATE:
            message = "not at 48 kHz"
            raise CantCutSound(message)
        for path in sorted(folder.glob("s*.m4s")):
            body = path.read_bytes()
            if not fmp4.fragments(body):
                break
            first, ticks, _ = fmp4.span(body)
            if first != tick:
                message = f"a segment starts at {first}, not {tick}"
                raise CantCutSound(message)
            result.append(Segment(path, ticks / SOUND_RATE))
            tick += ticks
    except fmp4.BadSegment as error:
        raise CantCutSound(str(error)) from error
    if tick != cut.last * FRAME and not (cut.is_open and tick > cut.last * FRAME):
        message = f"ends at {tick}, not {cut.last * FRAME}"
        raise CantCutSound(message)
    return result
