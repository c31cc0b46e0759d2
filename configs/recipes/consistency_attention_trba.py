# Character-level consistency on TRBA, as published (Zheng et al., CVPR 2022). Input 32x100.
_base_ = [
    "../_base_/semi_supervised.py",
    "../_base_/models/recognizer_trba.py",
]
preprocessing = _base_.preprocessing_32x100
resize_and_pack = [
    dict(type="RecResize", height=32, mode="fixed", width=100),
    dict(type="PackRecInputs"),
]
labelled_pipeline = [
    dict(
        type="MultiBranch",
        fields=_base_.branches,
        branches=dict(
            labelled=[dict(type="LoadCrop"), dict(type="StrongView"), *resize_and_pack],
        ),
    ),
]
unlabelled_pipeline = [
    dict(
        type="MultiBranch",
        fields=_base_.branches,
        shared=[dict(type="LoadCrop"), dict(type="HideText")],
        branches=dict(
            weak=[dict(type="WeakView"), *resize_and_pack],
            strong=[dict(type="StrongView"), *resize_and_pack],
        ),
    ),
]
train_dataloader = dict(
    dataset=dict(
        datasets=[
            dict(**_base_.synthetic_words_archive, pipeline=labelled_pipeline),
            dict(**_base_.mined_words, pipeline=unlabelled_pipeline),
            dict(**_base_.mlt17_words_unlabelled, pipeline=unlabelled_pipeline),
        ],
    ),
)
val_dataloader = dict(
    dataset=dict(
        datasets=[
            dict(**_base_.svt_words_val, pipeline=_base_.test_pipeline_32x100),
            dict(**_base_.icdar2015_words_val, pipeline=_base_.test_pipeline_32x100),
        ],
    ),
)
model = dict(
    _delete_=True,
    type="CharacterConsistency",
    momentum=0.999,
    confidence="product",
    threshold=0.5,
    context_sharing=True,
    projection="feedforward",
    temperature=0.4,
    # As published: this weight belongs to these batches and to covariances that grow with them.
    domain=dict(weight=0.01, feature="online_glimpse", normalize_covariance=False),
    recognizer=_base_.model,
)
