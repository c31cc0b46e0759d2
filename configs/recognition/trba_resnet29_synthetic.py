# TRBA, on rendered words only: needs no data.
_base_ = [
    "../_base_/recognition.py",
    "../_base_/models/recognizer_trba.py",
    "../_base_/schedules/adamw_onecycle.py",
    "../_base_/datasets/synthetic_words.py",
]
preprocessing = _base_.preprocessing_32x100
train_dataloader = dict(
    # Rendered words come in no order that would need shuffling.
    sampler=dict(shuffle=False),
    dataset=dict(**_base_.synthetic_words_train, pipeline=_base_.train_pipeline_32x100),
)
val_dataloader = dict(
    dataset=dict(**_base_.synthetic_words_val, pipeline=_base_.test_pipeline_32x100),
)
