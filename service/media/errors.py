"""Refusals of the media slice."""

from service.core.errors import Kind, StowageError, Unavailable


class NotPlayable(StowageError):
    """`details.state` says whether it may become playable."""

    code = "media.not_playable"
    kind = Kind.CONFLICT
    public = "This file can't be played yet."


class BadTicket(StowageError):
    code = "media.bad_ticket"
    kind = Kind.FORBIDDEN
    public = "This playback link is not valid or has expired. Open the film again."


class NotRunning(StowageError):
    code = "media.not_running"
    kind = Kind.CONFLICT
    public = "This file is not being transcoded."


class NoWaveform(StowageError):
    """`details.state` says whether there may be one later."""

    code = "media.no_waveform"
    kind = Kind.CONFLICT
    public = "There is no waveform of this file."


class GpuBusy(Unavailable):
    """Not now, or not here: the job goes back, and its attempt does not count."""

    code = "media.gpu_busy"
    public = "The GPU can't take this film now. It waits for its turn."
