"""Sound that is cut with the picture's chunks joins as if it had been encoded in one go, in time, and where the source has none it is silent."""

import array
import math
import subprocess

import pytest

from tests.harness import ffmpeg
from tests.workers.test_films import film_of, played
from workers.tools.ffmpeg import executable

RATE, FRAME = 48_000, 1_024
SECONDS = 20
# A sweep, a beating tone and clicks: what a join would be heard in.
MUSIC = "aevalsrc='0.3*sin(2*PI*(200+30*t)*t)+0.2*sin(2*PI*1234.5*t)*(0.5+0.5*sin(6*PI*t))|0.25*sin(2*PI*331*t)+0.1*gt(mod(t,0.5),0.4)'"
PICTURE = ("-f", "lavfi", "-i", f"testsrc=s=160x120:r=25:d={SECONDS}")
# Chunks of this film begin here.
JOINS_S = (6, 18)
AAC = ("-c:a", "aac", "-b:a", "192k")


def samples_of(path_or_bytes):
    """Left channel at 48 kHz, as a player would hear it."""
    source = ["-i", "pipe:0"] if isinstance(path_or_bytes, bytes) else ["-i", str(path_or_bytes)]
    command = [executable(""), "-v", "error", *source, "-map", "0:a:0", "-af", f"aresample={RATE}:async=1:first_pts=0,pan=mono|c0=c0", "-f", "f32le", "-"]  # fmt: skip
    made = subprocess.run(command, input=path_or_bytes if isinstance(path_or_bytes, bytes) else None, capture_output=True, check=True)
    return array.array("f", made.stdout)


def heard(stack, client, project, path):
    file = played(client, project, path)
    film = film_of(stack, client, file)
    assert film.check() == []
    sound = film.renditions["audio0.m3u8"]
    read = stack.sql("SELECT tag FROM jobs WHERE file_id = %s AND tag = 'media.read_through'", file["id"])
    return samples_of(sound.init + b"".join(sound.segments)), read


def noise_db(heard_samples, true_samples, first):
    """How far below the sound its error lies, in dB, over one frame."""
    span = range(first, first + FRAME)
    error = sum((heard_samples[at] - true_samples[at]) ** 2 for at in span)
    power = sum(true_samples[at] ** 2 for at in span)
    return 10 * math.log10(power / max(error, 1e-12))


@pytest.mark.parametrize(
    ("name", "sound"),
    [("aac.mp4", ("44100", *AAC)), ("pcm.mov", ("48000", "-c:a", "pcm_s16le")), ("wide.mov", ("96000", "-c:a", "pcm_s24le"))],
)
def test_joins_of_chunks_are_not_heard(stack, client, project, tmp_path, name, sound):
    rate, *codec = sound
    ffmpeg("-f", "lavfi", "-i", f"{MUSIC}:s={rate}:d={SECONDS}", *PICTURE, *codec, "-c:v", "libx264", "-preset", "ultrafast", "-g", 90, tmp_path / name)  # fmt: skip
    ours, read = heard(stack, client, project, tmp_path / name)
    assert read == []
    true = samples_of(tmp_path / name)
    assert abs(len(ours) - len(true)) <= 2 * FRAME
    in_one_go = tmp_path / "in-one-go.m4a"
    ffmpeg("-i", tmp_path / name, "-vn", "-af", f"aresample={RATE}:async=1:first_pts=0", "-c:a", "aac", "-b:a", "128k", "-ac", 2, in_one_go)
    usual = samples_of(in_one_go)
    worst = sorted(noise_db(usual, true, at * FRAME) for at in range(20, len(true) // FRAME - 20, 3))[5]
    for join in JOINS_S:
        at = math.ceil(join * RATE / FRAME)
        near = [noise_db(ours, true, (at + number) * FRAME) for number in range(-3, 5)]
        assert min(near) > worst - 3, near


@pytest.mark.parametrize(("starts_s", "ends_s"), [(0, 7), (8, 20)])
def test_where_the_source_has_no_sound_there_is_silence(stack, client, project, tmp_path, starts_s, ends_s):
    path = tmp_path / "part.mp4"
    tone = ("-itsoffset", starts_s, "-f", "lavfi", "-i", f"sine=440:r={RATE}:d={ends_s - starts_s}")
    ffmpeg(*PICTURE, *tone, *AAC, "-c:v", "libx264", "-preset", "ultrafast", path)
    ours, read = heard(stack, client, project, path)
    assert read == []
    assert len(ours) >= (ends_s - 1) * RATE
    loud = [max(map(abs, ours[second * RATE : (second + 1) * RATE])) > 0.01 for second in range(len(ours) // RATE)]
    assert loud == [starts_s <= second < ends_s for second in range(len(loud))]


@pytest.mark.parametrize(
    ("name", "seconds", "options"),
    [
        ("rough.mkv", 8, AAC),
        ("fragments.mp4", 8, (*AAC, "-movflags", "frag_keyframe+empty_moov")),
        ("pcm.avi", 8, ("-c:a", "pcm_s16le")),
        ("much-longer.mp4", 60, AAC),
    ],
)
def test_sound_that_can_not_be_cut_is_read_in_one_pass(stack, client, project, tmp_path, name, seconds, options):
    ffmpeg("-f", "lavfi", "-i", f"{MUSIC}:s=44100:d={seconds}", "-f", "lavfi", "-i", "testsrc=s=160x120:r=25:d=8", "-c:v", "libx264", "-preset", "ultrafast", *options, tmp_path / name)  # fmt: skip
    ours, read = heard(stack, client, project, tmp_path / name)
    assert read == [("media.read_through",)]
    assert abs(len(ours) / RATE - seconds) < 0.1
