"""Owns probe facts, plans, transcodes, segments and derivatives; writes playlists. Never runs ffmpeg itself.

Subscribes to `FileStored`, `FilePurged` and `JobFailed`; its jobs are carried out in `workers/media`.
"""
