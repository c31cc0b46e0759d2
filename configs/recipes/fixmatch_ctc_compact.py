# FixMatch by words with CTC's loss, which leaves the strong view free to move the characters.
_base_ = [
    "../_base_/semi_supervised.py",
    "../_base_/models/recognizer_ctc_compact.py",
]
model = dict(
    _delete_=True,
    type="FixMatch",
    gate="sequence",
    confidence="geometric_mean",
    threshold=0.95,
    # A young teacher is sure of next to nothing.
    least_kept=0.1,
    recognizer=_base_.model,
)
# The average is for scoring only, as published.
custom_hooks = [dict(type="EMAHook", decay=0.999)]
