# Rendered words only, as 32x128: needs no data.
_base_ = ["recognition.py", "datasets/synthetic_words.py"]
train_dataloader = dict(
    # Rendered words come in no order that would need shuffling.
    sampler=dict(shuffle=False),
    dataset=dict(**_base_.synthetic_words_train, pipeline=_base_.train_pipeline),
)
val_dataloader = dict(
    dataset=dict(**_base_.synthetic_words_val, pipeline=_base_.test_pipeline),
)
