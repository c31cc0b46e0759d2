# ABINet's vision model, on photographed and rendered words; validated on SVT.
_base_ = [
    "../_base_/recognition_real.py",
    "../_base_/models/recognizer_abinet_vision.py",
    "../_base_/schedules/adamw_onecycle.py",
]
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
