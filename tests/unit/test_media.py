"""Plans, playlists, boxes, subtitles: all that is pure in media."""

import contextlib
import re
import struct
from fractions import Fraction

import ffmpeg as ffmpeg_python
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.media.facts import AudioTrack, SourceFacts, SubtitleTrack
from service.media.planning import Plan, Unplannable, make_plan, plan_hash
from service.media.playlists import Master, Piece, Segment, contiguous, master_playlist, media_playlist, storyboard
from workers.tools import ffmpeg, fmp4, webvtt
from workers.tools.ffmpeg_sound import SoundCut, cut_sound, frames_before

FACTS = SourceFacts(
    kind="video",
    duration_s=100.0,
    width=1920,
    height=1080,
    rate_num=30_000,
    rate_den=1_001,
    bit_rate=8_000_000,
    audio=[AudioTrack(0, "eng")],
)


def plan_of(**changes):
    return make_plan(msgspec.structs.replace(FACTS, **changes), ffmpeg="x", encoder="y", chunk_s=60)


def test_plans_never_scale_up_and_keep_even_sizes():
    assert [rung.name for rung in plan_of().rungs] == ["1080", "720", "480", "360", "240"]
    portrait = plan_of(width=1080, height=1920).rungs
    assert all(rung.height > rung.width for rung in portrait)
    small = plan_of(width=177, height=145).rungs
    assert [(rung.width % 2, rung.height % 2) for rung in small] == [(0, 0)]
    assert small[0].height <= 145


@given(st.floats(0.04, 8_000), st.sampled_from([(30_000, 1_001), (25, 1), (24_000, 1_001), (60, 1), (7, 1), (1000, 33)]))
def test_chunks_tile_the_frames(duration, rate):
    plan = plan_of(duration_s=duration, rate_num=rate[0], rate_den=rate[1])
    position = 0
    for number, chunk in enumerate(plan.chunks):
        assert (chunk.no, chunk.first_frame) == (number, position)
        assert chunk.first_frame % plan.segment_frames == 0
        position += chunk.frames
    assert position == plan.frames
    assert plan.gop_frames == max(1, round(2 * plan.rate))


def test_sound_is_cut_only_where_nothing_else_needs_a_pass_and_its_times_are_exact():
    exact = AudioTrack(0, "eng", exact_rate=44_100)
    plan = plan_of(audio=[exact])
    assert (plan.cuts_sound, plan.has_through) == (True, False)
    for changes in (
        {"subtitles": [SubtitleTrack(0)]},
        {"audio": [exact, AudioTrack(1)]},
        {"is_length_sure": False},
        {"width": 0, "height": 0},
    ):
        plan = plan_of(**{"audio": [exact], **changes})
        assert (plan.cuts_sound, plan.has_through) == (False, True), changes
    again = make_plan(msgspec.structs.replace(FACTS, audio=[exact]), ffmpeg="x", encoder="y", chunk_s=60, may_cut_sound=False)
    assert (again.cuts_sound, again.has_through) == (False, True)
    assert (plan_of(audio=[]).has_through, plan_of(audio=[AudioTrack(0)]).has_through) == (False, True)


@given(
    st.sampled_from([8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000]),
    st.integers(0, 10_000_000),
    st.integers(1, 5_000),
)
def test_cut_sound_begins_on_the_grids_of_both_rates(rate, first, frames):
    cut = SoundCut(0, rate, first, first + frames, False, 128)
    graph = " ".join(cut_sound(ffmpeg_python.input("x"), cut, "/f", "audio0", {}).get_args())
    begins, first_pts = (int(re.search(rf"{name}=(\d+)", graph)[1]) for name in ("start_pts", "first_pts"))
    at, rest = divmod(first_pts * 48_000, rate)
    assert rest == 0
    assert begins - 2 * 48_000 <= at <= begins
    # What is dropped in front and kept is what was asked for, and the encoder's own frame in front is paid for.
    assert begins == (first - min(first, 32) + 1) * 1_024
    assert f"lt(pts,{first * 1_024})+gte(pts,{(first + frames) * 1_024})" in graph


@given(st.sampled_from([(30_000, 1_001), (25, 1), (24_000, 1_001), (60, 1), (7, 1)]), st.floats(10, 5_000))
def test_sound_of_chunks_tiles_and_leaves_no_sliver(rate, duration):
    plan = plan_of(duration_s=duration, rate_num=rate[0], rate_den=rate[1])
    ends = [0] + [frames_before((chunk.first_frame + chunk.frames) / plan.rate) for chunk in plan.chunks]
    for chunk, first, last in zip(plan.chunks, ends, ends[1:], strict=False):
        assert first == frames_before(chunk.first_frame / plan.rate)
        # The last frame begins before the last segment is over: none is left for a segment of its own.
        assert (last - first - 1) * Fraction(1_024, 48_000) < chunk.frames / plan.rate


@pytest.mark.parametrize(
    ("changes", "matrix"),
    [
        ({"matrix": "unspecified"}, "bt709"),
        ({"matrix": "unspecified", "width": 640, "height": 480}, "smpte170m"),
        ({"matrix": "bt470bg"}, "bt470bg"),
        ({"matrix": ""}, ""),
        ({"matrix": "bt709", "transfer": "smpte2084"}, ""),
        ({"matrix": "unspecified", "pixel_format": "rgb24"}, ""),
    ],
)
def test_colours_are_kept_where_it_is_known_what_they_are(changes, matrix):
    assert plan_of(**{"pixel_format": "yuv420p", **changes}).matrix == matrix


def test_ntsc_rates_stay_rational_and_plans_hash_their_content():
    plan = plan_of()
    assert plan.rate == Fraction(30_000, 1_001)
    assert plan.segment_s == pytest.approx(6.006)
    assert plan_hash(plan) == plan_hash(plan_of())
    assert plan_hash(plan) != plan_hash(plan_of(duration_s=101.0))


@pytest.mark.parametrize(
    "changes", [{"duration_s": 0.0}, {"width": 0, "height": 0, "audio": []}, {"duration_s": 1e6}, {"width": 100_000, "height": 100_000}]
)
def test_what_can_not_be_planned_says_why(changes):
    with pytest.raises(Unplannable) as caught:
        plan_of(**changes)
    assert len(str(caught.value)) > 20


def test_playlists_show_the_contiguous_prefix_and_end_only_when_whole():
    pieces = {
        number: Piece(f"k{number}", "init", "avc1.64001f", [Segment(6.0, 0, 100, 40), Segment(6.0, 100, 50, 20)]) for number in (0, 1, 3)
    }
    prefix = contiguous(pieces)
    assert [piece.key for piece in prefix] == ["k0", "k1"]
    event = media_playlist(prefix, lambda key: f"u/{key}", target_s=6, is_whole=False)
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in event
    assert "ENDLIST" not in event
    assert event.count("#EXTINF") == 4
    assert '#EXT-X-MAP:URI="u/init"' in event
    assert "#EXT-X-BYTERANGE:50@100" in event
    assert media_playlist(prefix, str, target_s=6, is_whole=True).rstrip().endswith("#EXT-X-ENDLIST")


def test_master_lists_only_what_has_begun_with_measured_bandwidth():
    plan = plan_of()
    piece = Piece("k", "i", "avc1.64001f", [Segment(6.0, 0, 750_000, 60_000)])
    sound = Piece("a", "i", "mp4a.40.2", [Segment(6.0, 0, 96_000)])
    text = master_playlist(Master(plan, [(plan.rungs[1], [piece])], [(plan.audio[0], [sound])]))
    assert "RESOLUTION=1280x720" in text
    assert "BANDWIDTH=1128000" in text
    assert 'CODECS="avc1.64001f,mp4a.40.2"' in text
    assert 'LANGUAGE="eng"' in text
    assert "1080.m3u8" not in text
    assert (
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=80000,AVERAGE-BANDWIDTH=80000,CODECS="avc1.64001f",RESOLUTION=1280x720,URI="iframes-720.m3u8"'
        in text
    )
    frames = media_playlist([piece], str, target_s=6, is_whole=True, is_iframes=True)
    assert "#EXT-X-I-FRAMES-ONLY" in frames
    assert "#EXT-X-BYTERANGE:60000@0" in frames


def test_tracks_of_one_name_are_told_apart_and_every_one_has_a_language():
    tracks = [AudioTrack(0, "eng", 'A "title"'), AudioTrack(1, "", 'A "title"'), AudioTrack(2, "deu", is_default=True)]
    plan = plan_of(audio=tracks, subtitles=[SubtitleTrack(0, "eng", is_forced=True), SubtitleTrack(1, codec="pgs", is_text=False)])
    assert [track.index for track in plan.subtitles] == [0]
    sound = [Piece("a", "i", "mp4a.40.2", [Segment(6.0, 0, 96_000)])]
    picture = [Piece("k", "i", "avc1.64001f", [Segment(6.0, 0, 750_000)])]
    lines = master_playlist(Master(plan, [(plan.rungs[0], picture)], [(track, sound) for track in tracks], plan.subtitles)).splitlines()
    media = [line for line in lines if line.startswith("#EXT-X-MEDIA:")]
    names = [line.partition('NAME="')[2].partition('"')[0] for line in media if "TYPE=AUDIO" in line]
    assert names == ["A 'title'", "A 'title' (2)", "deu"]
    assert ["DEFAULT=YES" in line for line in media] == [False, False, True, False]
    assert all("LANGUAGE=" in line for line in media)
    assert "FORCED=YES" in media[-1]
    assert 'AUDIO="audio",SUBTITLES="subtitles"' in lines[-2]
    assert not any("I-FRAME" in line for line in lines), "no I-frame playlist of pieces that don't know their first pictures"


SAFE = {
    "container": "mov,mp4,m4a,3gp,3g2,mj2",
    "video_codec": "h264",
    "profile": "High",
    "level": 41,
    "pixel_format": "yuv420p",
    "keyframe_gap_s": 1.0,
    "bit_rate": 6_000_000,
}


def test_a_picture_every_browser_plays_is_copied_and_not_encoded():
    plan = plan_of(**SAFE)
    assert (plan.remux.name, plan.remux.width, plan.remux.height) == ("source", 1920, 1080)
    assert [rung.name for rung in plan.rungs] == ["720", "480", "360", "240"]
    assert plan.target_s == 7
    for name, value in {
        "video_codec": "hevc",
        "pixel_format": "yuv420p10le",
        "profile": "High 4:2:2",
        "level": 51,
        "rotation": 90,
        "is_square": False,
        "is_interlaced": True,
        "keyframe_gap_s": 8.0,
        "bit_rate": 40_000_000,
        "container": "matroska,webm",
        "rate_num": 120_000,
    }.items():
        assert plan_of(**(SAFE | {name: value})).remux is None, name
    assert plan_of(**(SAFE | {"width": 426, "height": 240, "bit_rate": 200_000})).remux is None, "one rung is always our own"
    assert make_plan(msgspec.structs.replace(FACTS, **SAFE), ffmpeg="x", encoder="y", chunk_s=60, may_remux=False).remux is None


def test_plans_of_before_are_still_played():
    old = msgspec.to_builtins(plan_of())
    for name in ("transfer", "has_index", "remux", "subtitles", "board", "target_s"):
        del old[name]
    assert msgspec.convert(old, Plan).target_s == 6


def test_the_storyboard_names_every_still_once():
    plan = plan_of(duration_s=50.0)
    assert (plan.board.width, plan.board.height) == (160, 90)
    pieces = [Piece(f"{chunk.no}.jpg", "", "", [Segment(1.0, 0, 1)]) for chunk in plan.chunks]
    text = storyboard(plan, pieces, lambda key: f"https://store/{key}")
    places = re.findall(r"(\S+) --> (\S+)\n(\S+)#xywh=(\d+),(\d+),160,90", text)
    assert len({place[2:] for place in places}) == len(places) == sum(-(-chunk.frames // plan.board.every_frames) for chunk in plan.chunks)
    assert all(places[number][1] == places[number + 1][0] for number in range(len(places) - 1))
    assert places[0][0] == "00:00:00.000"


def test_webvtt_is_cut_like_the_film():
    text = "WEBVTT\n\n00:01.000 --> 00:07.500\nover a cut\n\n1\n01:00:00.000 --> 01:00:01.000\nlate\n\nNOTE nothing\n"
    found = webvtt.cues(text)
    assert [(cue.start, cue.end) for cue in found] == [(1.0, 7.5), (3600.0, 3601.0)]
    parts = webvtt.segments(found, 6.0, 20.0)
    assert [seconds for seconds, _ in parts] == [6.0, 6.0, 6.0, 2.0]
    assert ["over a cut" in body.decode() for _, body in parts] == [True, True, False, False]
    assert all(body.startswith(b"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n") for _, body in parts)


@given(st.text(max_size=400))
def test_any_text_is_safe_to_cut(text):
    assert len(webvtt.segments(webvtt.cues(text), 6.0, 12.0)) == 2


def box(kind, body):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def moof(decode_time, samples, flags):
    trun = struct.pack(">III", 0x4 | 0x100, samples, flags) + struct.pack(">I", 512) * samples
    traf = box(b"tfhd", struct.pack(">II", 0, 1)) + box(b"tfdt", struct.pack(">IQ", 1 << 24, decode_time)) + box(b"trun", trun)
    return box(b"moof", box(b"traf", traf))


def test_the_verifier_accepts_what_was_planned_and_nothing_else():
    good = moof(5120, 10, 0)
    assert fmp4.verify_video(good, first_tick=5120, frames=10, frame_ticks=512, is_last=False) == 10
    assert fmp4.verify_video(moof(5120, 7, 0), first_tick=5120, frames=10, frame_ticks=512, is_last=True) == 7
    wrong = [
        {"first_tick": 0, "frames": 10, "frame_ticks": 512, "is_last": False},
        {"first_tick": 5120, "frames": 11, "frame_ticks": 512, "is_last": False},
        {"first_tick": 5120, "frames": 10, "frame_ticks": 500, "is_last": False},
    ]
    for expectation in wrong:
        with pytest.raises(fmp4.BadSegment):
            fmp4.verify_video(good, **expectation)
    with pytest.raises(fmp4.BadSegment):
        fmp4.verify_video(moof(5120, 10, fmp4.SAMPLE_IS_NON_SYNC), first_tick=5120, frames=10, frame_ticks=512, is_last=False)


@given(st.binary(max_size=300))
def test_the_box_parser_survives_anything(data):
    with contextlib.suppress(fmp4.BadSegment):
        assert isinstance(fmp4.fragments(data), list)


def test_sound_beside_a_picture_is_read_at_its_pace():
    """ffmpeg 8 and 9 fall back to twice real time unless they are let catch up (seen on a film of an hour)."""
    path = ffmpeg.executable("")
    how = {"sounds": {"audio0": (0, 128)}, "texts": {}, "picture": None, "segment_s": 6.0}
    paced = ffmpeg.read_through(path, "http://127.0.0.1:1/x", "/f", is_paced=True, **how)
    assert paced.index("-readrate") < paced.index("-readrate_catchup") < paced.index("-i")
    assert "-readrate" not in ffmpeg.read_through(path, "http://127.0.0.1:1/x", "/f", is_paced=False, **how)
