# ABINet's vision model, on rendered words only: needs no data.
_base_ = [
    "../_base_/recognition.py",
    "../_base_/models/recognizer_abinet_vision.py",
    "../_base_/schedules/adamw_onecycle.py",
    "../_base_/datasets/synthetic_words.py",
]
train_dataloader = dict(
    # Rendered words come in no order that would need shuffling.
    sampler=dict(shuffle=False),
    dataset=dict(**_base_.synthetic_words_train, pipeline=_base_.train_pipeline),
)
val_dataloader = dict(
    dataset=dict(**_base_.synthetic_words_val, pipeline=_base_.test_pipeline),
)
