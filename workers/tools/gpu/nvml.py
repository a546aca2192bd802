"""What NVML says of this machine's GPUs (NVML API reference). Calls block for microseconds to milliseconds.

Each figure is asked for alone: what a device does not have (encoders under MIG, clocks of some virtual ones) is None.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

try:
    import pynvml
except ImportError:  # the extra `gpu` is not installed
    pynvml = None

MILLIWATTS = 1_000
# Bits of nvmlClocksEventReasons that slow a GPU down, for people.
_SLOWED_BY = {
    "SwPowerCap": "power limit",
    "HwSlowdown": "hardware slowdown",
    "HwThermalSlowdown": "heat (hardware)",
    "SwThermalSlowdown": "heat (driver)",
    "HwPowerBrakeSlowdown": "power brake",
    "SyncBoost": "sync boost",
}


class NoGpu(Exception):
    """There is none here, or none that can be spoken to; the text says why."""


@dataclass(frozen=True, slots=True)
class Device:
    """`index` in PCI order, as NVML counts."""

    index: int
    uuid: str
    name: str
    driver: str
    memory_bytes: int


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def devices(library: Any = pynvml) -> list[Device]:
    """All GPUs. Raises NoGpu."""
    if library is None:
        message = "The Python package nvidia-ml-py is not installed (Stowage's extra `gpu`)."
        raise NoGpu(message)
    try:
        library.nvmlInit()
        driver = _text(library.nvmlSystemGetDriverVersion())
        found = []
        for index in range(library.nvmlDeviceGetCount()):
            handle = library.nvmlDeviceGetHandleByIndex(index)
            uuid, name = _text(library.nvmlDeviceGetUUID(handle)), _text(library.nvmlDeviceGetName(handle))
            found.append(Device(index, uuid, name, driver, int(library.nvmlDeviceGetMemoryInfo(handle).total)))
    except library.NVMLError as error:
        is_absent = isinstance(error, library.NVMLError_LibraryNotFound)
        message = "There is no NVIDIA driver on this machine." if is_absent else f"The NVIDIA driver does not answer: {error}."
        raise NoGpu(message) from error
    if not found:
        message = "The NVIDIA driver knows of no GPU here."
        raise NoGpu(message)
    return found


def sample(index: int, library: Any = pynvml) -> dict[str, Any]:
    """What a GPU is doing: percent, bytes, W, °C, MHz; `processes` by pid, over the last seconds. {} where it does not answer."""
    try:
        handle = library.nvmlDeviceGetHandleByIndex(index)
    except library.NVMLError:
        return {}

    def ask(question: Callable[[], Any]) -> Any:
        with contextlib.suppress(library.NVMLError):
            return question()
        return None

    used = ask(lambda: library.nvmlDeviceGetUtilizationRates(handle))
    memory = ask(lambda: library.nvmlDeviceGetMemoryInfo(handle))
    sessions = ask(lambda: library.nvmlDeviceGetEncoderStats(handle))
    power, limit = ask(lambda: library.nvmlDeviceGetPowerUsage(handle)), ask(lambda: library.nvmlDeviceGetEnforcedPowerLimit(handle))
    encoder, decoder = (
        ask(lambda: library.nvmlDeviceGetEncoderUtilization(handle)),
        ask(lambda: library.nvmlDeviceGetDecoderUtilization(handle)),
    )
    return {
        "gpu_percent": used.gpu if used else None,
        "encoder_percent": encoder[0] if encoder else None,
        "decoder_percent": decoder[0] if decoder else None,
        "encoder_sessions": int(sessions[0]) if sessions else None,
        "memory_bytes": int(memory.used) if memory else None,
        "power_w": round(power / MILLIWATTS, 1) if power is not None else None,
        "power_limit_w": round(limit / MILLIWATTS, 1) if limit is not None else None,
        "temperature_c": ask(lambda: library.nvmlDeviceGetTemperature(handle, library.NVML_TEMPERATURE_GPU)),
        "clock_mhz": ask(lambda: library.nvmlDeviceGetClockInfo(handle, library.NVML_CLOCK_SM)),
        "video_clock_mhz": ask(lambda: library.nvmlDeviceGetClockInfo(handle, library.NVML_CLOCK_VIDEO)),
        "slowed_by": _slowed_by(ask(lambda: library.nvmlDeviceGetCurrentClocksEventReasons(handle)), library),
        "processes": {
            int(one.pid): {"gpu_percent": int(one.smUtil), "encoder_percent": int(one.encUtil), "decoder_percent": int(one.decUtil)}
            for one in ask(lambda: library.nvmlDeviceGetProcessUtilization(handle, 0)) or ()
        },
    }  # fmt: skip


def _slowed_by(bits: int | None, library: Any) -> list[str]:
    return [text for name, text in _SLOWED_BY.items() if (bits or 0) & getattr(library, f"nvmlClocksEventReason{name}", 0)]
