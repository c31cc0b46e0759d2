"""Heads of detectors, with their losses."""
