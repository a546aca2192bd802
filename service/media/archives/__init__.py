"""The inside of archives: an index is made when somebody first looks (`workers/media/archive`), pages are read off it, members streamed."""
