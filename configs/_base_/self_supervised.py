# Unlabelled words as two views of 32x100: SeqCLR's views, which keep every character in its place.
_base_ = [
    "recognition.py",
    "schedules/adamw_cosine.py",
    "datasets/mlt17.py",
    "datasets/icdar2015_words.py",
    "datasets/iiit5k.py",
]
preprocessing = _base_.preprocessing_32x100
seqclr_view = [
    dict(type="SeqCLRView"),
    dict(type="RecResize", height=32, mode="fixed", width=100),
    dict(type="PackRecInputs"),
]
two_views = [
    dict(
        type="MultiBranch",
        fields=["view0", "view1"],
        shared=[dict(type="LoadCrop")],
        branches=dict(view0=seqclr_view, view1=seqclr_view),
    ),
]
train_dataloader = dict(
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.mlt17_words_unlabelled, pipeline=two_views),
            # Their labels are not looked at.
            dict(**_base_.icdar2015_words_train, pipeline=two_views),
            dict(**_base_.iiit5k_train, pipeline=two_views),
        ],
    ),
)
# Without labels there is nothing to validate: the probe says how the encoder does.
val_dataloader = None
val_cfg = None
val_evaluator = None
default_hooks = dict(checkpoint=dict(save_best=None, save_last=True))
custom_hooks = [
    dict(
        type="CharacterProbeHook",
        interval=5000,
        dataset=dict(**_base_.icdar2015_words_val, pipeline=_base_.test_pipeline_32x100),
    ),
]
train_cfg = dict(max_iters=300000)
