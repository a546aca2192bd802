"""Tags, which a project shares, and favourites, which are one's own."""
