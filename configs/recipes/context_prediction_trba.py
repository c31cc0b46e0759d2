# Context prediction: the relative position of two patches of a word, cut from crops of 56x168.
_base_ = [
    "../_base_/self_supervised.py",
    "../_base_/models/recognizer_trba.py",
]
# A patch is encoded as it is: straightening it would be no use.
model = dict(
    _delete_=True,
    type="ContextPrediction",
    recognizer=dict(_base_.model, transformation=dict(type="NoTransformation")),
)
crop = [
    dict(
        type="MultiBranch",
        fields=["crop"],
        shared=[dict(type="LoadCrop")],
        branches=dict(
            crop=[
                dict(type="RecResize", height=56, mode="fixed", width=168),
                dict(type="PackRecInputs"),
            ],
        ),
    ),
]
train_dataloader = dict(
    dataset=dict(
        datasets=[dict(words, pipeline=crop) for words in _base_.unlabelled_words],
    ),
)
