"""Work beside the library: not part of the wheel."""
