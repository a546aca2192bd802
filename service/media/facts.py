"""What probing found out about a source: plain data, kept as JSON. Pure."""

import msgspec

HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})


class AudioTrack(msgspec.Struct, frozen=True):
    """Position among the source's audio streams, its language (ISO 639 or empty) and title.

    `exact_rate`: samples per second, where its times are exact to the sample and it lies beside the picture, so that it can be cut; else 0.
    """

    index: int
    language: str = ""
    title: str = ""
    channels: int = 0
    is_default: bool = False
    exact_rate: int = 0


class SubtitleTrack(msgspec.Struct, frozen=True):
    """Position among the source's subtitle streams; only text ones (`is_text`) can be shown as WebVTT."""

    index: int
    language: str = ""
    title: str = ""
    codec: str = ""
    is_text: bool = True
    is_forced: bool = False


class Chapter(msgspec.Struct, frozen=True):
    """Start in s from the film's beginning."""

    start_s: float
    title: str = ""


class SourceFacts(msgspec.Struct, frozen=True):
    """`width`, `height` as displayed (after rotation and pixel aspect), `duration_s` in s, `bit_rate` in bit/s.

    `is_length_sure`: the length is the picture's own, and a picture that ends earlier is damaged. `transfer` and `matrix` are its
    transfer function and YCbCr matrix by ffmpeg's names, the latter "unspecified" where the film does not say; `keyframe_gap_s` the
    longest stretch between two keyframes, 0 where the container has no index that says.
    """

    kind: str
    container: str = ""
    media_type: str = ""
    duration_s: float = 0.0
    is_length_sure: bool = True
    width: int = 0
    height: int = 0
    rotation: int = 0
    is_square: bool = True
    rate_num: int = 0
    rate_den: int = 1
    video_codec: str = ""
    profile: str = ""
    level: int = 0
    pixel_format: str = ""
    transfer: str = ""
    matrix: str = ""
    is_interlaced: bool = False
    is_undecodable_hdr: bool = False
    keyframe_gap_s: float = 0.0
    bit_rate: int = 0
    start_s: float = 0.0
    audio: list[AudioTrack] = []
    subtitles: list[SubtitleTrack] = []
    chapters: list[Chapter] = []
    has_cover: bool = False
    tags: dict[str, str] = {}

    @property
    def hdr_transfer(self) -> str:
        """The transfer function where tones have to be mapped, else nothing."""
        return self.transfer if self.transfer in HDR_TRANSFERS else ""
