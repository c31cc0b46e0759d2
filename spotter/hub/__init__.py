"""Named models and their settings, read as plain data."""
