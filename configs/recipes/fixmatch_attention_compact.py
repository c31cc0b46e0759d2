# FixMatch by words (Sohn et al., NeurIPS 2020) on the compact recognizer with attention.
_base_ = [
    "../_base_/semi_supervised.py",
    "../_base_/models/recognizer_attention_compact.py",
]
model = dict(
    _delete_=True,
    type="FixMatch",
    gate="sequence",
    threshold=0.95,
    recognizer=_base_.model,
)
# The average is for scoring only, as published.
custom_hooks = [dict(type="EMAHook", decay=0.999)]
