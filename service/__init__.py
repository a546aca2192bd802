"""Stowage's server side: vertical slices in a fixed order, see docs/architecture.md."""
