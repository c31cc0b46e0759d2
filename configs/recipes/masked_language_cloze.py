# Each character from all others, in one pass, by a diagonal mask.
_base_ = ["../_base_/language.py"]
