# FixMatch by characters: each step of a word is taken or left on its own.
_base_ = [
    "../_base_/semi_supervised.py",
    "../_base_/models/recognizer_attention_compact.py",
]
model = dict(
    _delete_=True,
    type="FixMatch",
    gate="character",
    threshold=0.95,
    recognizer=_base_.model,
)
# The average is for scoring only, as published.
custom_hooks = [dict(type="EMAHook", decay=0.999)]
