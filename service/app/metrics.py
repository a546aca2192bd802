"""Prometheus metrics of an API process."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from service.media.gpus.schemas import GpuView

if TYPE_CHECKING:
    from service.app.assembly import Parts

REGISTRY = CollectorRegistry()
REQUESTS = Counter("stowage_http_requests", "HTTP requests by method and status", ["method", "status"], registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "stowage_http_request_seconds", "Time to answer by method", ["method"], registry=REGISTRY, buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60)
)


_GPU_GAUGES = {
    "gpu_percent": "How busy a GPU is",
    "encoder_percent": "How busy its encoders are",
    "decoder_percent": "How busy its decoders are",
    "encoder_sessions": "Open encoder sessions",
    "memory_bytes": "Memory in use",
    "power_w": "Power it draws",
    "power_limit_w": "Power it may draw",
    "temperature_c": "Temperature",
    "clock_mhz": "Clock of its processors",
    "video_clock_mhz": "Clock of its encoders and decoders",
}


class PartsCollector:
    """Figures that live in other objects, read when asked for."""

    def __init__(self, parts: "Parts") -> None:
        self._parts = parts

    def collect(self) -> Iterable[Metric]:
        calls = CounterMetricFamily("stowage_s3_calls", "Requests to the object store by operation", labels=["operation"])
        for operation, count in self._parts.store.calls.items():
            calls.add_metric([operation], count)
        yield calls
        yield GaugeMetricFamily("stowage_upload_buffer_bytes", "Bytes of parts in memory", value=self._parts.pool.used_bytes)
        yield GaugeMetricFamily("stowage_upload_buffer_budget_bytes", "Most bytes of parts in memory", value=self._parts.pool.budget_bytes)


class GpuCollector:
    """The last figures of each GPU; what a device can't say is left out."""

    def __init__(self, gpus: Sequence[GpuView]) -> None:
        self._gpus = gpus

    def collect(self) -> Iterable[Metric]:
        modes = GaugeMetricFamily("stowage_gpu_mode", "Mode a GPU was proven in", labels=["host", "gpu", "mode"])
        jobs = GaugeMetricFamily("stowage_gpu_jobs", "Jobs running on a GPU", labels=["host", "gpu"])
        for gpu in self._gpus:
            modes.add_metric([gpu.host, str(gpu.index), gpu.mode], 1)
            jobs.add_metric([gpu.host, str(gpu.index)], len(gpu.jobs))
        yield modes
        yield jobs
        for name, meaning in _GPU_GAUGES.items():
            gauge = GaugeMetricFamily(f"stowage_gpu_{name}", meaning, labels=["host", "gpu"])
            for gpu in self._gpus:
                if (value := getattr(gpu.figures, name, None)) is not None:
                    gauge.add_metric([gpu.host, str(gpu.index)], value)
            yield gauge


def render(gpus: Sequence[GpuView]) -> bytes:
    seen = CollectorRegistry(auto_describe=False)
    seen.register(GpuCollector(gpus))
    return generate_latest(REGISTRY) + generate_latest(seen)
