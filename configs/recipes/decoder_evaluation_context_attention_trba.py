# Stage 2 after context_prediction_trba, whose encoder does not straighten words.
_base_ = ["decoder_evaluation_attention_trba.py"]
model = dict(
    recognizer=dict(transformation=dict(_delete_=True, type="NoTransformation")),
    frozen=["feature_extraction", "sequence_modeling"],
)
load_from = dict(
    path="work_dirs/context_prediction_trba/last.safetensors",
    prefixes=["feature_extraction.", "sequence_modeling."],
)
