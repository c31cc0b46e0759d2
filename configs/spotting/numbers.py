# Serial numbers and codes, which no language knows.
_base_ = ["default.py"]
language = "none"
