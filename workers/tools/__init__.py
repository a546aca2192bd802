"""Tools that know nothing of the service: ffmpeg, boxes of fMP4, children with limits, the loopback range proxy."""
