# Fine-tunes the shipped recognizer on the words of your own labelled photos, which detector.py
# describes, and on drawn words, so that what your photos lack is not forgotten: data_root/drawn, as
# spotter synthesize words writes it. See docs/tutorials/own_photos.md.
_base_ = [
    "../_base_/recognition.py",
    "../_base_/models/recognizer_deep_ctc.py",
    "../_base_/schedules/adamw_cosine.py",
]
load_from = "spotter/hub/weights/deep_ctc.safetensors"
channels_last = True
size = _base_.crop_size
preprocessing = dict(_delete_=True, mean=127.5, std=127.5, **size)
train_pipeline = [
    dict(type="LoadCrop"),
    dict(type="RecAugment", **size),
    dict(type="PackRecInputs"),
]
# Drawn words are blurred and noisy already: degraded twice, many could not be read at all.
drawn_pipeline = [
    dict(type="LoadCrop"),
    dict(
        type="RecAugment",
        **size,
        geometric=0.5,
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
words = dict(type="TextRecDataset", name="own", unspellable="leave_out")
train_dataloader = dict(
    batch_size=64,
    num_workers=2,
    sampler=dict(type="RatioSampler"),
    batch_sampler=dict(type="BucketBatchSampler", widths=size["widths"], stretch=size["stretch"]),
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(
                **words,
                reader=dict(
                    type="SceneWordsReader",
                    # Room around each word, so that each time it is cut out a little differently.
                    context=0.5,
                    max_length=32,
                    reader=dict(
                        type="CanonicalReader",
                        annotation_file="{{$SPOTTER_DATA:data}}/train/labels.jsonl",
                    ),
                ),
                pipeline=train_pipeline,
            ),
            dict(
                type="TextRecDataset",
                name="drawn",
                reader=dict(type="LMDBReader", lmdb_path="{{$SPOTTER_DATA:data}}/drawn"),
                pipeline=drawn_pipeline,
            ),
        ],
        ratios=[0.5, 0.5],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    dataset=dict(
        **words,
        reader=dict(
            type="SceneWordsReader",
            margin=0.1,
            reader=dict(
                type="CanonicalReader",
                annotation_file="{{$SPOTTER_DATA:data}}/val/labels.jsonl",
            ),
        ),
        pipeline=test_pipeline,
    ),
)
val_evaluator = dict(charset="94", ignore_case=False)
default_hooks = dict(checkpoint=dict(save_best="recognition/exact_accuracy"))
optim_wrapper = dict(optimizer=dict(lr=3e-4, weight_decay=0.03))
train_cfg = dict(max_iters=3000, val_interval=500)
custom_hooks = [dict(type="EMAHook", decay=0.998)]
