"""Adapting shipped weights to one's own photos, which have no labels."""
