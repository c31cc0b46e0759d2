# FixMatch by characters: each step of a word is taken or left on its own.
_base_ = ["fixmatch_attention_compact.py"]
model = dict(gate="character")
