# Stage 2 after seqclr_window_visual_trba, which trains stages 1 and 2: the third learns here.
_base_ = ["decoder_evaluation_attention_trba.py"]
model = dict(frozen=["transformation", "feature_extraction"])
load_from = dict(
    path="work_dirs/seqclr_window_visual_trba/last.safetensors",
    prefixes=["transformation.", "feature_extraction."],
)
