# Pseudo-labels on the fly from a frozen teacher, as supervised_ctc_compact.py gave it.
_base_ = [
    "../_base_/semi_supervised.py",
    "../_base_/models/recognizer_ctc_compact.py",
]
model = dict(
    _delete_=True,
    type="PseudoLabel",
    threshold=0.0,
    recognizer=_base_.model,
)
load_from = dict(path="work_dirs/supervised_ctc_compact/best.safetensors")
