# Unlabelled words as two views of 32x100: SeqCLR's views, which keep every character in its place.
# One's own crops, a folder of pictures, an LMDB or WebDataset shards, take the place of the
# benchmarks' by --cfg-options data.crops=..., or by the environment variable SPOTTER_CROPS.
_base_ = [
    "recognition.py",
    "schedules/adamw_cosine.py",
    "datasets/mlt17.py",
    "datasets/icdar2015_words.py",
    "datasets/iiit5k.py",
]
preprocessing = _base_.preprocessing_32x100
data = dict(crops="{{$SPOTTER_CROPS:benchmarks}}")
own_crops = dict(
    type="TextRecDataset",
    name="own",
    reader=dict(type="UnlabelledCropsReader", path=data["crops"]),
)
unlabelled_words = [
    _base_.mlt17_words_unlabelled,
    # Their labels are not looked at.
    _base_.icdar2015_words_train,
    _base_.iiit5k_train,
]
probe = [
    dict(
        type="CharacterProbeHook",
        interval=5000,
        dataset=dict(**_base_.icdar2015_words_val, pipeline=_base_.test_pipeline_32x100),
    ),
]
if data["crops"] != "benchmarks":
    # Whoever brings crops of his own need not have the benchmark that the probe reads.
    unlabelled_words, probe = [own_crops], []
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
        datasets=[dict(words, pipeline=two_views) for words in unlabelled_words],
    ),
)
# Without labels there is nothing to validate: the probe says how the encoder does.
val_dataloader = None
val_cfg = None
val_evaluator = None
default_hooks = dict(checkpoint=dict(save_best=None, save_last=True))
custom_hooks = probe
train_cfg = dict(max_iters=300000)
