# Photographed and rendered words as 32x128 whose labels have marks and case (all but IIIT5K), for
# decoders that learn from no others.
_base_ = ["recognition_real.py"]
train_dataloader = dict(
    dataset=dict(
        datasets=[
            dict(**_base_.icdar2015_words_train, pipeline=_base_.train_pipeline),
            dict(**_base_.synthetic_words_rich_train, pipeline=_base_.train_pipeline),
        ],
        ratios=[0.4, 0.6],
    ),
)
