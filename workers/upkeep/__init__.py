"""Actors of the upkeep jobs."""
