# Fine-tuning on 5 % of the labels.
_base_ = ["fine_tune_attention_trba.py"]
train_dataloader = dict(
    dataset=dict(
        datasets=[
            dict(
                **_base_.icdar2015_words_train,
                pipeline=_base_.train_pipeline_32x100,
                fraction=0.05,
            ),
            dict(**_base_.iiit5k_train, pipeline=_base_.train_pipeline_32x100, fraction=0.05),
        ],
    ),
)
