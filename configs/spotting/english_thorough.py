# As english.py, with a wider search: slower, and a little better.
_base_ = ["english.py"]
language = dict(beam=24, least=1e-3, margin=8.0, threshold=0.97)
