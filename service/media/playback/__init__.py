"""Playing: tickets, playlists, stopping a transcode."""
