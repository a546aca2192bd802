"""Which films GPUs are asked to decode. Pure."""

from service.media.facts import SourceFacts

# The longest side in pixels that a GPU decodes, by codec, and the shortest (NVIDIA's NVDEC application note); those that know 10 bits.
_CODECS = {"h264": 4_096, "hevc": 8_192, "vp8": 4_096, "vp9": 8_192, "av1": 8_192, "mpeg2video": 4_080, "mpeg4": 2_032}
_LEAST = 144
_DEEP = frozenset({"hevc", "vp9", "av1"})


def decoder_for(facts: SourceFacts) -> str:
    """What a GPU must decode to make a film: a codec, and `-10` where its samples have ten bits.

    Empty where GPUs are not asked: it is turned, interlaced, HDR, not in 4:2:0, too small, too large, or of another codec.
    """
    sides = sorted((facts.width, facts.height))
    is_deep = facts.pixel_format == "yuv420p10le" and facts.video_codec in _DEEP
    if not is_deep and facts.pixel_format not in {"yuv420p", "yuvj420p"}:
        return ""
    if facts.rotation or facts.is_interlaced or facts.hdr_transfer:
        return ""
    if sides[0] < _LEAST or sides[1] > _CODECS.get(facts.video_codec, 0):
        return ""
    return f"{facts.video_codec}-10" if is_deep else facts.video_codec
