# The released recognizer: a compact CTC model with more blocks, which start as the identity, and a
# decoder that trains along and rescores what CTC finds likely. tools/release.py trains it in pieces
# and gives it its data.
_base_ = [
    "../_base_/recognition.py",
    "../_base_/models/recognizer_deep_ctc.py",
    "../_base_/schedules/adamw_cosine.py",
    "../_base_/datasets/icdar2015_words.py",
    "../_base_/datasets/iiit5k.py",
    "../_base_/datasets/svt_words.py",
    "../_base_/datasets/scene_words.py",
    "../_base_/datasets/receipt_words.py",
    "../_base_/datasets/receipt_numbers.py",
    "../_base_/datasets/wire_labels.py",
]
channels_last = True
size = _base_.crop_size
preprocessing = dict(_delete_=True, mean=127.5, std=127.5, **size)
train_pipeline = [
    dict(type="LoadCrop"),
    dict(type="RecAugment", **size, clip=0.06, steep=0.04, jitter=0.1),
    dict(type="PackRecInputs"),
]
# Synthetic words come blurred and noisy already: degraded twice, many could not be read at all.
synthetic_pipeline = [
    dict(type="LoadCrop"),
    dict(
        type="RecAugment",
        **size,
        geometric=0.5,
        jitter=0.06,
        clip=0.06,
        steep=0.04,
        color=0.3,
        blur=0.05,
        resample=0.05,
        noise=0.05,
        jpeg=0.05,
    ),
    dict(type="PackRecInputs"),
]
test_pipeline = [
    dict(type="LoadCrop"),
    dict(type="RecResize", **size),
    dict(type="PackRecInputs"),
]
# The labels of IIIT5K and SVT leave out marks or case. These sets say so (label_alphabet), and CTC
# then learns from all readings that a label allows; `spotter relabel` completes the labels instead.
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type="RatioSampler"),
    batch_sampler=dict(type="BucketBatchSampler", widths=size["widths"], stretch=size["stretch"]),
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.icdar2015_words_train, pipeline=train_pipeline, cache_height=64),
            dict(**_base_.icdar2015_scene_words_train, pipeline=train_pipeline, cache_height=96),
            dict(**_base_.icdar2015_runs_train, pipeline=train_pipeline, cache_height=64),
            dict(**_base_.icdar2003_words_train, pipeline=train_pipeline, cache_height=128),
            dict(**_base_.svt_words_train, pipeline=train_pipeline, cache_height=128),
            dict(**_base_.iiit5k_train, pipeline=train_pipeline, cache_height=64),
            dict(**_base_.receipt_words_train, pipeline=train_pipeline, cache_height=64),
            dict(**_base_.receipt_numbers_train, pipeline=train_pipeline, cache_height=64),
            dict(**_base_.wire_labels_train, pipeline=train_pipeline, cache_height=64),
        ],
        ratios=[0.13, 0.22, 0.04, 0.1, 0.05, 0.14, 0.14, 0.09, 0.09],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.svt_words_val, pipeline=test_pipeline),
            dict(**_base_.icdar2015_words_val, pipeline=test_pipeline),
            dict(**_base_.receipt_words_val, pipeline=test_pipeline),
            dict(**_base_.receipt_numbers_val, pipeline=test_pipeline),
            dict(**_base_.wire_labels_val, pipeline=test_pipeline),
        ],
    ),
)
optim_wrapper = dict(optimizer=dict(lr=1.2e-3, weight_decay=0.03))
param_scheduler = None
train_cfg = dict(max_iters=10**9, val_interval=10**9)
custom_hooks = [dict(type="EMAHook", decay=0.998)]
release = dict(
    checkpoints=1,  # that are kept; more to average them later
    name="deep_ctc",
    metric="recognition/mean/exact_accuracy",
    synthetic="words",
    synthetic_share=0.25,
    synthetic_pipeline=synthetic_pipeline,
    signs_share=0.08,  # of all samples, with --signs
    pages_share=0.2,  # likewise, with --pages
    unlabelled_share=0.25,  # likewise, with --unlabelled
    unlabelled_threshold=0.7,
    photos_share=0.15,  # likewise, with --photos
    data="synthetic words, ICDAR2015 training words 1-3960 and those of its training photos"
    " 1-900, IIIT5K training words, words of ICDAR2003 and of the SVT training photos, all but the"
    " last words of receipts, receipt numbers and wire labels",
    protocol="word accuracy on SVT test words, ICDAR2015 training words 3961-4468, and the last"
    " words of receipts (500), receipt numbers (500) and wire labels (200); exact: case and marks"
    " count, as far as the labels have them; the others: 36 characters, case folded",
)
