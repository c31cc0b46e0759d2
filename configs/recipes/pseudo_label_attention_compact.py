# Pseudo-labels on the fly from a frozen teacher (Baek et al., CVPR 2021): the recognizer that
# supervised_attention_compact.py gave, whose weights the student starts from.
_base_ = [
    "../_base_/semi_supervised.py",
    "../_base_/models/recognizer_attention_compact.py",
]
model = dict(
    _delete_=True,
    type="PseudoLabel",
    threshold=0.0,
    recognizer=_base_.model,
)
load_from = dict(path="work_dirs/supervised_attention_compact/best.safetensors")
