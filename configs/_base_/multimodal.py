# Crops with and without labels in two views each, three of ten with labels (SemiMTR).
# Labels of rendered words only; scored on real words: SVT, and the held-out words of ICDAR2015.
_base_ = [
    "recognition.py",
    "schedules/adamw_onecycle.py",
    "datasets/word_archives.py",
    "datasets/mlt17.py",
    "datasets/svt_words.py",
    "datasets/icdar2015_words.py",
]
resize_and_pack = [
    dict(type="RecResize", height=32, mode="fixed", width=128),
    dict(type="PackRecInputs"),
]
strong_view = [dict(type="ColorTextureView"), *resize_and_pack]
weak_view = [dict(type="WeakGeometricView"), *resize_and_pack]
train_dataloader = dict(batch_size=304, sampler=dict(type="RatioSampler"))
ratios = [0.3, 0.45, 0.25]
val_dataloader = dict(
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.svt_words_val, pipeline=_base_.test_pipeline),
            dict(**_base_.icdar2015_words_val, pipeline=_base_.test_pipeline),
        ],
    ),
)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [
    dict(type="OneCycleLR", eta_max=5e-4, pct_start=0.075, div_factor=25, final_div_factor=1e4),
]
