"""Limited child: where must reading begin so that the picture at a moment can be decoded? Arguments: URL, moment in s, leads in s.

Prints seconds. A demuxer without an index may land behind where it was sent (MPEG-TS, AVI, FLV); then frames would be repeated instead
of decoded, with the right count and exit status 0. So it is tried here, with one lead after the other; 0 is the film's beginning.
"""

import sys

import av

from workers.tools.ffmpeg import OPENING

# The ffmpeg tool aims this much before what it is told where frames are reordered.
REORDERING_S = 0.14
MAX_PACKETS = 20_000


def seek_target(url: str, moment_s: float, leads: list[float]) -> float:
    with av.open(url, options=OPENING, timeout=60) as container:
        begin = (container.start_time or 0) / 1_000_000
        video = next(stream for stream in container.streams.video if not stream.disposition & av.stream.Disposition.attached_pic)
        for lead in leads:
            target = moment_s - lead
            if target <= 0:
                return 0.0
            container.seek(int((target - REORDERING_S + begin) * 1_000_000))
            for number, packet in enumerate(container.demux(video)):
                if packet.is_keyframe and packet.pts is not None and video.time_base is not None:
                    if float(packet.pts * video.time_base) - begin <= moment_s:
                        return target
                    break
                if number > MAX_PACKETS:
                    break
    return 0.0


if __name__ == "__main__":
    sys.stdout.write(f"{seek_target(sys.argv[1], float(sys.argv[2]), [float(lead) for lead in sys.argv[3:]]):.6f}")
