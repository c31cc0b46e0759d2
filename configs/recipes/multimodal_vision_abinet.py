# Stage 1 of SemiMTR: the vision model learns from labels and by SeqCLR, in one batch.
_base_ = [
    "../_base_/multimodal.py",
    "../_base_/models/recognizer_abinet_vision.py",
]
model = dict(
    _delete_=True,
    type="SeqCLR",
    recognizer=_base_.model,
    mapping=dict(type="WindowToInstance", windows=5),
    projection=None,
    # The feature behind the transformer, which is to learn from both losses.
    stage="sequence",
    temperature=0.1,
    # The mean over two views, and each view is to count once.
    supervised_weight=2.0,
)
labelled_pipeline = [
    dict(
        type="MultiBranch",
        fields=["view0", "view1"],
        shared=[dict(type="LoadCrop")],
        branches=dict(view0=_base_.strong_view, view1=_base_.strong_view),
    ),
]
unlabelled_pipeline = [
    dict(
        type="MultiBranch",
        fields=["view0", "view1"],
        shared=[dict(type="LoadCrop"), dict(type="HideText")],
        branches=dict(view0=_base_.strong_view, view1=_base_.strong_view),
    ),
]
train_dataloader = dict(
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
