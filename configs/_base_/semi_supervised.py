# Labels of rendered words only; real words without labels, as a weak and a strong view. Scored on
# real words: SVT, and the held-out words of ICDAR2015.
_base_ = [
    "recognition.py",
    "schedules/adamw_semi_supervised.py",
    "datasets/word_archives.py",
    "datasets/mlt17.py",
    "datasets/svt_words.py",
    "datasets/icdar2015_words.py",
]
branches = ["labelled", "weak", "strong"]
resize_and_pack = [
    dict(type="RecResize", height=32, mode="fixed", width=128),
    dict(type="PackRecInputs"),
]
labelled_pipeline = [
    dict(
        type="MultiBranch",
        fields=branches,
        branches=dict(labelled=_base_.rendered_pipeline),
    ),
]
# Where the truth of an unlabelled crop is known, it is kept for the log and for nothing else.
unlabelled_pipeline = [
    dict(
        type="MultiBranch",
        fields=branches,
        shared=[dict(type="LoadCrop"), dict(type="HideText")],
        branches=dict(
            weak=[dict(type="WeakView"), *resize_and_pack],
            strong=[dict(type="StrongView"), *resize_and_pack],
        ),
    ),
]
# 384 labelled and 288 unlabelled crops.
train_dataloader = dict(
    batch_size=672,
    sampler=dict(type="RatioSampler"),
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.synthetic_words_archive, pipeline=labelled_pipeline),
            dict(**_base_.mined_words, pipeline=unlabelled_pipeline),
            dict(**_base_.mlt17_words_unlabelled, pipeline=unlabelled_pipeline),
        ],
        ratios=[4, 2, 1],
    ),
)
val_dataloader = dict(
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.svt_words_val, pipeline=_base_.test_pipeline),
            dict(**_base_.icdar2015_words_val, pipeline=_base_.test_pipeline),
        ],
    ),
)
# Both models are scored, and the better one becomes best.safetensors.
custom_hooks = [dict(type="TargetValidationHook", metric="recognition/accuracy")]
