# English words: what was not read with certainty is read again with a language model. Its scores
# say how far ahead of all other words a word is, so more can be asked of them.
_base_ = ["default.py"]
language = dict(model="english", weight=0.7, length_bonus=2.0, beam=16, threshold=0.9)
min_score = 0.5
