"""GPUs without one: what NVML would say (recorded), the command lines of each mode, who takes which device, and what failures mean."""

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pynvml
import pytest

from service.media.facts import SourceFacts
from service.media.gpus.decoders import decoder_for
from service.media.planning import make_plan
from workers.media.on_gpu import can
from workers.tools.ffmpeg_chunk import CPU, ENCODERS, FULL, HYBRID, Cut, Size, Stills, video_chunk
from workers.tools.gpu import nvml
from workers.tools.gpu.nvml import Device, NoGpu
from workers.tools.gpu.proof import CODECS, is_busy
from workers.tools.gpu.seat import Seat, take

GIB = 1 << 30


class Recorded:
    """NVML as an H200 answered under load (driver 580), at its power limit; what it says of encoders raises, as where there is MIG."""

    NVMLError = pynvml.NVMLError
    NVMLError_LibraryNotFound = pynvml.NVMLError_LibraryNotFound
    NVML_TEMPERATURE_GPU, NVML_CLOCK_SM, NVML_CLOCK_VIDEO = 0, 1, 3

    def __getattr__(self, name):
        known = {
            "nvmlInit": None,
            "nvmlSystemGetDriverVersion": b"580.159.04",
            "nvmlDeviceGetCount": 1,
            "nvmlDeviceGetHandleByIndex": 0,
            "nvmlDeviceGetUUID": "GPU-5fbd",
            "nvmlDeviceGetName": "NVIDIA H200",
            "nvmlDeviceGetMemoryInfo": SimpleNamespace(total=150_754_820_096, used=7_395_409_920),
            "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=34, memory=2),
            "nvmlDeviceGetDecoderUtilization": (11, 200_000),
            "nvmlDeviceGetPowerUsage": 159_000,
            "nvmlDeviceGetEnforcedPowerLimit": 700_000,
            "nvmlDeviceGetTemperature": 40,
            "nvmlDeviceGetClockInfo": 1_980,
            "nvmlDeviceGetCurrentClocksEventReasons": pynvml.nvmlClocksEventReasonSwPowerCap,
            "nvmlDeviceGetProcessUtilization": [SimpleNamespace(pid=77, smUtil=8, encUtil=0, decUtil=2, memUtil=1)],
        }
        if name.startswith("nvmlClocks"):
            return getattr(pynvml, name)

        def call(*_):
            if name not in known:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
            return known[name]

        return call


def test_each_figure_is_asked_for_alone():
    assert nvml.devices(Recorded()) == [Device(0, "GPU-5fbd", "NVIDIA H200", "580.159.04", 150_754_820_096)]
    figures = nvml.sample(0, Recorded())
    assert figures["encoder_percent"] is figures["encoder_sessions"] is None, "it has no encoders"
    assert (figures["gpu_percent"], figures["decoder_percent"], figures["memory_bytes"]) == (34, 11, 7_395_409_920)
    assert (figures["power_w"], figures["power_limit_w"], figures["slowed_by"]) == (159.0, 700.0, ["power limit"])
    assert figures["processes"] == {77: {"gpu_percent": 8, "encoder_percent": 0, "decoder_percent": 2}}


def test_a_machine_without_gpu_says_which_piece_is_missing():
    with pytest.raises(NoGpu, match="nvidia-ml-py"):
        nvml.devices(None)

    class Driverless(Recorded):
        def nvmlInit(self):  # noqa: N802  NVML's name for it
            raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    with pytest.raises(NoGpu, match="no NVIDIA driver"):
        nvml.devices(Driverless())


def argv_of(mode):
    sizes = [Size("720", 1280, 720, 2_800), Size("360", 640, 360, 800)]
    stills = Stills(284, 160, 50, 10, 1)
    cut = Cut(Fraction(30_000, 1_001), 360, 720, 60, 180)
    return video_chunk("ffmpeg", "http://127.0.0.1:1/x", "/f", mode=mode, cut=cut, sizes=sizes, stills=stills, sounds={}, is_interlaced=False, transfer="", matrix="", seek_s=11, threads=2)  # fmt: skip


def test_modes_differ_in_where_frames_are_and_in_nothing_else():
    lines = {mode: argv_of(mode) for mode in (CPU, HYBRID, FULL)}
    for mode, line in lines.items():
        text = " ".join(line)
        source = line.index("-i")
        assert ("-hwaccel" in line[:source]) == (mode != CPU)
        assert text.count("h264_nvenc") == (2 if mode == FULL else 0)
        assert text.count("libx264") == (0 if mode == FULL else 2)
        # What is encoded on the CPU, and the sheet of stills, is fetched from the GPU's memory; what is encoded there never leaves it.
        assert text.count("hwdownload") == {CPU: 0, HYBRID: 3, FULL: 1}[mode]
        assert text.count("scale_cuda") == (0 if mode == CPU else 3)
        assert text.count("-frames:v 720") == 2
        assert text.count("-hls_time 6.006000000") == 2
        assert text.count("-start_number 2") == 2
    assert "-strict_gop 1" in " ".join(lines[FULL])
    assert "-pix_fmt yuv420p " not in " ".join(lines[FULL]), "that would fetch every frame"


def film(**changes):
    return SourceFacts(**{"kind": "video", "video_codec": "h264", "pixel_format": "yuv420p", "width": 1_920, "height": 1_080, **changes})


@pytest.mark.parametrize(
    ("changes", "decoder"),
    [
        ({}, "h264"),
        ({"pixel_format": "yuvj420p"}, "h264"),
        ({"video_codec": "hevc", "pixel_format": "yuv420p10le"}, "hevc-10"),
        ({"video_codec": "hevc", "width": 7_680, "height": 4_320}, "hevc"),
        ({"width": 7_680, "height": 4_320}, ""),
        ({"width": 176, "height": 130}, ""),
        ({"pixel_format": "yuv420p10le"}, ""),
        ({"pixel_format": "yuv422p"}, ""),
        ({"rotation": 90}, ""),
        ({"is_interlaced": True}, ""),
        ({"video_codec": "hevc", "pixel_format": "yuv420p10le", "transfer": "smpte2084"}, ""),
        ({"video_codec": "prores"}, ""),
    ],
)
def test_what_a_gpu_must_decode(changes, decoder):
    assert decoder_for(film(**changes)) == decoder


def test_all_that_a_gpu_may_be_asked_for_is_tried_there():
    films = [film(video_codec=codec, pixel_format=pixels) for codec in (*CODECS, "vc1") for pixels in ("yuv420p", "yuv420p10le")]
    assert {decoder_for(one) for one in films} - {""} == set(CODECS)


def seat(name="NVIDIA L4", memory=24 * GIB, configured=0):
    return Seat(Device(0, "GPU-1", name, "570", memory), None, "ffmpeg", Path("/nowhere"), 8, configured)


def plan_of(mode, decoder):
    return make_plan(film(duration_s=60, rate_num=25), ffmpeg="", encoder=ENCODERS[mode], chunk_s=60, decoder=decoder)


def test_slots_come_from_memory_engines_and_cores():
    one = seat()
    assert one.slots == 0, "nothing is proven yet"
    one.mode = HYBRID
    assert one.slots == 4, "half the cores: they encode"
    one.mode = FULL
    assert one.slots == 4, "two encoders"
    one.lose_slot()
    one.lose_slot()
    assert one.slots == 2, "sessions were taken"
    for _ in range(9):
        one.lose_slot()
    assert one.slots == 1
    small, asked = seat("Quadro T400", 2 * GIB), seat(configured=1)
    small.mode = asked.mode = FULL
    assert (small.slots, asked.slots) == (2, 1)


@pytest.mark.parametrize(
    ("mode", "decoder", "fits"), [(HYBRID, "h264", True), (CPU, "h264", True), (FULL, "h264", False), (HYBRID, "av1", False)]
)
def test_a_seat_does_what_was_proven_and_lesser_modes(mode, decoder, fits):
    one, wanted = seat(), plan_of(mode, decoder)
    assert not can(one, plan_of(HYBRID, "h264"))
    one.mode, one.decodes = HYBRID, ("h264",)
    assert can(one, wanted) is fits


def test_no_two_workers_have_one_gpu(tmp_path):
    two = [Device(0, "GPU-a", "A", "1", GIB), Device(1, "GPU-b", "B", "1", GIB)]
    first = take(two, -1, tmp_path)
    assert first[0].index == 0
    second = take(two, -1, tmp_path)
    assert second[0].index == 1
    with pytest.raises(NoGpu, match="Other workers"):
        take(two, -1, tmp_path)
    first[1].close()
    assert take(two, 0, tmp_path)[0].index == 0
    with pytest.raises(NoGpu, match="GPU 7"):
        take(two, 7, tmp_path)


@pytest.mark.parametrize(
    ("said", "busy"),
    [
        ("[h264_nvenc @ 0x55] OpenEncodeSessionEx failed: out of memory (10): (no details)", True),
        ("[h264_nvenc @ 0x55] OpenEncodeSessionEx failed: incompatible client key (21)", True),
        ("[AVHWDeviceContext @ 0x55] Cannot load libcuda.so.1", False),
        ("[h264_nvenc @ 0x55] OpenEncodeSessionEx failed: unsupported device (2): (no details)", False),
        ("[h264_nvenc @ 0x55] No capable devices found", False),
    ],
)
def test_taken_sessions_are_a_reason_to_wait(said, busy):
    assert is_busy(said) is busy
