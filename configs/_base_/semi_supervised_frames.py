# As semi_supervised.py, for CTC, whose frames are compared one by one: the strong view changes
# colours only, so that every character stays in its frame.
_base_ = ["semi_supervised.py"]
photometric_pipeline = [
    dict(
        type="MultiBranch",
        fields=_base_.branches,
        shared=[dict(type="LoadCrop"), dict(type="HideText")],
        branches=dict(
            weak=[dict(type="WeakView"), *_base_.resize_and_pack],
            strong=[dict(type="StrongView", geometric=0, photometric=3), *_base_.resize_and_pack],
        ),
    ),
]
train_dataloader = dict(
    dataset=dict(
        datasets=[
            dict(**_base_.synthetic_words_archive, pipeline=_base_.labelled_pipeline),
            dict(**_base_.mined_words, pipeline=photometric_pipeline),
            dict(**_base_.mlt17_words_unlabelled, pipeline=photometric_pipeline),
        ],
    ),
)
