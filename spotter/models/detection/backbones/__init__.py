"""Backbones of detectors."""
