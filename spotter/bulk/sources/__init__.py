"""Where many photos come from: folders, lists, patterns, archives, tables, object storage."""

from spotter.bulk.sources.opening import check_sources, count_photos, is_archive, walk_photos

__all__ = ["check_sources", "count_photos", "is_archive", "walk_photos"]
