# The compact recognizer with an attention decoder in place of CTC.
_base_ = ["compact_ctc_real.py"]
model = dict(
    prediction=dict(type="AttentionPrediction", hidden_channels=192, embedding_channels=96),
)
train_dataloader = dict(
    dataset=dict(
        # Not IIIT5K, whose labels have no marks and no case: this decoder cannot learn from them.
        datasets=[
            dict(**_base_.icdar2015_words_train, pipeline=_base_.train_pipeline),
            dict(**_base_.synthetic_words_rich_train, pipeline=_base_.train_pipeline),
        ],
        ratios=[0.4, 0.6],
    ),
)
