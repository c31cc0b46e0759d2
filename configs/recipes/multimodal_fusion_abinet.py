# Stage 3 of SemiMTR, as published: each modality of the strong view is taught by its own reading of
# the weak view. Stages 1 and 2: multimodal_vision_abinet.py, masked_language_cloze.py.
_base_ = [
    "../_base_/multimodal.py",
    "../_base_/models/recognizer_vision_language.py",
]
model = dict(
    _delete_=True,
    type="MultimodalConsistency",
    recognizer=_base_.model,
    teacher="self",
    hard=True,
    threshold=0.0,
    momentum=None,
)
labelled_pipeline = [
    dict(
        type="MultiBranch",
        fields=["weak", "strong"],
        shared=[dict(type="LoadCrop")],
        branches=dict(weak=_base_.weak_view, strong=_base_.strong_view),
    ),
]
unlabelled_pipeline = [
    dict(
        type="MultiBranch",
        fields=["weak", "strong"],
        shared=[dict(type="LoadCrop"), dict(type="HideText")],
        branches=dict(weak=_base_.weak_view, strong=_base_.strong_view),
    ),
]
train_dataloader = dict(
    batch_size=232,
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.synthetic_words_archive, pipeline=labelled_pipeline),
            dict(**_base_.mined_words, pipeline=unlabelled_pipeline),
            dict(**_base_.mlt17_words_unlabelled, pipeline=unlabelled_pipeline),
        ],
        ratios=_base_.ratios,
    ),
)
load_from = [
    dict(path="work_dirs/multimodal_vision_abinet/best.safetensors", into="vision"),
    dict(path="work_dirs/masked_language_cloze/best.safetensors", into="language"),
]
optim_wrapper = dict(optimizer=dict(lr=1e-4))
param_scheduler = [
    dict(type="OneCycleLR", eta_max=1e-4, pct_start=0.075, div_factor=25, final_div_factor=1e4),
]
