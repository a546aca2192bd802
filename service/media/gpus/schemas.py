"""Wire types of GPUs."""

from datetime import datetime
from uuid import UUID

import msgspec


class GpuFigures(msgspec.Struct):
    """What a GPU was doing at a moment; what it can't say is null. `slowed_by` names what keeps its clocks down, for people."""

    taken_at: datetime
    gpu_percent: float | None = None
    encoder_percent: float | None = None
    decoder_percent: float | None = None
    encoder_sessions: int | None = None
    memory_bytes: int | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    temperature_c: float | None = None
    clock_mhz: float | None = None
    video_clock_mhz: float | None = None
    slowed_by: list[str] = []


class GpuMinute(msgspec.Struct):
    """Means over a minute, `memory_bytes` the most."""

    at: datetime
    gpu_percent: float | None
    encoder_percent: float | None
    decoder_percent: float | None
    power_w: float | None
    memory_bytes: int | None


class GpuJob(msgspec.Struct):
    """A job on a GPU, with its own share of it where the driver tells."""

    id: UUID
    tag: str
    file_id: UUID | None
    progress: float | None
    started_at: datetime | None
    gpu_percent: float | None = None
    encoder_percent: float | None = None
    decoder_percent: float | None = None


class GpuView(msgspec.Struct):
    """`mode` was proven at `proven_at`: `full`, `hybrid` or `cpu`; `reason` says why it is not a better one.

    `decodes` names codecs as ffmpeg does, with `-10` for ten bits.
    """

    id: str
    worker: str
    host: str
    index: int
    uuid: str
    name: str
    driver: str
    memory_bytes: int
    mode: str
    reason: str
    slots: int
    decodes: list[str]
    proven_at: datetime
    seen_at: datetime
    figures: GpuFigures | None
    jobs: list[GpuJob]
    last_hour: list[GpuMinute]


class WithoutGpu(msgspec.Struct):
    """A worker that encodes on the CPU, and why."""

    worker: str
    host: str
    reason: str


class Gpus(msgspec.Struct):
    """`mode` is the one in which the next film will be made."""

    mode: str
    items: list[GpuView]
    without: list[WithoutGpu]
