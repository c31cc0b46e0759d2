"""Where many photos come from: folders, lists, patterns, archives, tables, object storage."""

from spotter.bulk.sources.opening import count_photos, is_archive, walk_photos

__all__ = ["count_photos", "is_archive", "walk_photos"]
