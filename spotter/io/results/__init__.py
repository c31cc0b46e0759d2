"""Results out: one module a format, and pictures.

The methods of :class:`spotter.structures.SpottingResult` call these for one photo; the functions
here take many. They import numpy, OpenCV, Pillow and shapely only; pandas, pypdf and supervision
are imported when their format is asked for.
"""
