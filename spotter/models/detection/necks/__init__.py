"""Necks of detectors."""
