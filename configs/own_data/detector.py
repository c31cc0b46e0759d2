# Fine-tunes the shipped detector on your own labelled photos: data_root/train/labels.jsonl and
# data_root/val/labels.jsonl, as spotter convert writes them. See docs/tutorials/own_photos.md.
_base_ = [
    "../_base_/detection.py",
    "../_base_/models/detector_dbnet_mobilenetv3.py",
    "../_base_/schedules/adamw_cosine.py",
]
load_from = "spotter/hub/weights/dbnet_mobilenetv3.safetensors"
channels_last = True
input_size = dict(limit_side=1664, limit_type="max", size_divisor=32, scale=1.0)
preprocessing = dict(**input_size)
postprocessing = dict(binary_threshold=0.3, split_threshold=0.55, min_score=0.65, unclip_ratio=1.2)
model = dict(
    # The first layers and all batch norms keep what they learned from many more photos.
    backbone=dict(frozen_blocks=2, norm_eval=True),
    postprocessor=dict(**postprocessing),
)
train_dataloader = dict(
    num_workers=2,
    dataset=dict(
        type="TextDetDataset",
        name="own",
        reader=dict(
            type="CanonicalReader",
            annotation_file="{{$SPOTTER_DATA:data}}/train/labels.jsonl",
        ),
        pipeline=_base_.train_pipeline,
    ),
)
val_dataloader = dict(
    num_workers=1,
    dataset=dict(
        type="TextDetDataset",
        name="own",
        reader=dict(
            type="CanonicalReader",
            annotation_file="{{$SPOTTER_DATA:data}}/val/labels.jsonl",
        ),
        pipeline=[
            dict(type="LoadImage"),
            dict(type="ResizeByLimit", **input_size),
            dict(type="PackDetInputs"),
        ],
    ),
)
optim_wrapper = dict(optimizer=dict(lr=3e-4))
train_cfg = dict(max_iters=1500, val_interval=250)
custom_hooks = [dict(type="EMAHook", decay=0.998)]
