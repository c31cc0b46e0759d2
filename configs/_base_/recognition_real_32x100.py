# Photographed and rendered words as 32x100; validated on SVT.
_base_ = [
    "recognition.py",
    "datasets/icdar2015_words.py",
    "datasets/iiit5k.py",
    "datasets/synthetic_words.py",
    "datasets/svt_words.py",
]
preprocessing = _base_.preprocessing_32x100
train_dataloader = dict(
    sampler=dict(type="RatioSampler"),
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.icdar2015_words_train, pipeline=_base_.train_pipeline_32x100),
            dict(**_base_.iiit5k_train, pipeline=_base_.train_pipeline_32x100),
            dict(**_base_.synthetic_words_rich_train, pipeline=_base_.train_pipeline_32x100),
        ],
        ratios=[0.25, 0.15, 0.6],
    ),
)
val_dataloader = dict(
    dataset=dict(**_base_.svt_words_val, pipeline=_base_.test_pipeline_32x100),
)
