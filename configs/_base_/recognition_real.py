# Photographed and rendered words as 32x128; validated on SVT.
_base_ = [
    "recognition.py",
    "datasets/icdar2015_words.py",
    "datasets/iiit5k.py",
    "datasets/synthetic_words.py",
    "datasets/svt_words.py",
]
train_dataloader = dict(
    sampler=dict(type="RatioSampler"),
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.icdar2015_words_train, pipeline=_base_.train_pipeline),
            dict(**_base_.iiit5k_train, pipeline=_base_.train_pipeline),
            dict(**_base_.synthetic_words_rich_train, pipeline=_base_.train_pipeline),
        ],
        ratios=[0.25, 0.15, 0.6],
    ),
)
val_dataloader = dict(
    dataset=dict(**_base_.svt_words_val, pipeline=_base_.test_pipeline),
)
