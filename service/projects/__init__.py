"""Owns projects and membership: the one place that says who may do what in a project."""
