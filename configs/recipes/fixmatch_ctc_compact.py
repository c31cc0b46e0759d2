# FixMatch by words with CTC's loss, which leaves the strong view free to move the characters.
_base_ = [
    "../_base_/semi_supervised.py",
    "../_base_/models/recognizer_ctc_compact.py",
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
