"""Release training and studies; not part of the wheel."""
