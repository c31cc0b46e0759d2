# Small words in large photos: also searched in windows, at a larger scale.
_base_ = ["english.py"]
tile = 1280
