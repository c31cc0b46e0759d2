"""Presets and the weights that they name."""
