"""Many photos: folders, archives, many processes."""
