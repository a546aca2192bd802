"""Prometheus metrics of an API process."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

if TYPE_CHECKING:
    from service.app.assembly import Parts

REGISTRY = CollectorRegistry()
REQUESTS = Counter("stowage_http_requests", "HTTP requests by method and status", ["method", "status"], registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "stowage_http_request_seconds", "Time to answer by method", ["method"], registry=REGISTRY, buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60)
)


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


def render() -> bytes:
    return generate_latest(REGISTRY)
