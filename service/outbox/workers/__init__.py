"""Who is there to do jobs."""
