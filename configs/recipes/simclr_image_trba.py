# SimCLR on whole crops, with its own views: the control that knows nothing of sequences.
_base_ = [
    "../_base_/self_supervised.py",
    "../_base_/models/recognizer_trba.py",
]
model = dict(_delete_=True, type="SimCLR", recognizer=_base_.model)
image_view = [
    dict(type="ImageView"),
    dict(type="RecResize", height=32, mode="fixed", width=100),
    dict(type="PackRecInputs"),
]
two_views = [
    dict(
        type="MultiBranch",
        fields=["view0", "view1"],
        shared=[dict(type="LoadCrop")],
        branches=dict(view0=image_view, view1=image_view),
    ),
]
train_dataloader = dict(
    dataset=dict(
        datasets=[dict(words, pipeline=two_views) for words in _base_.unlabelled_words],
    ),
)
