# A round of self-training: rendered words with their labels, and real words with those that a
# teacher gave them, all augmented (Xie et al., CVPR 2020). A round is two commands,
#   tools/pseudo_label.py CONFIG --recognizer work_dirs/round0/best.safetensors
#   tools/train.py CONFIG --work-dir work_dirs/round1
# where round 0 is configs/recipes/supervised_*. The next round takes round1/best.safetensors as its
# teacher, and another folder for the labels: the environment variable SPOTTER_LABELS.
_base_ = [
    "recognition.py",
    "schedules/adamw_semi_supervised.py",
    "datasets/word_archives.py",
    "datasets/mlt17.py",
    "datasets/svt_words.py",
    "datasets/icdar2015_words.py",
]
train_dataloader = dict(
    batch_size=672,
    sampler=dict(type="RatioSampler"),
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.synthetic_words_archive, pipeline=_base_.rendered_pipeline),
            dict(
                type="TextRecDataset",
                name="mined",
                reader=dict(
                    type="PseudoLabelReader",
                    labels="{{$SPOTTER_LABELS:work_dirs/pseudo_labels}}/mined.jsonl",
                    threshold=0.5,
                    reader=_base_.mined_words.reader,
                ),
                pipeline=_base_.train_pipeline,
            ),
            dict(
                type="TextRecDataset",
                name="mlt17",
                reader=dict(
                    type="PseudoLabelReader",
                    labels="{{$SPOTTER_LABELS:work_dirs/pseudo_labels}}/mlt17.jsonl",
                    threshold=0.5,
                    reader=_base_.mlt17_words_unlabelled.reader,
                ),
                pipeline=_base_.train_pipeline,
            ),
        ],
        ratios=[4, 2, 1],
    ),
)
val_dataloader = dict(
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.svt_words_val, pipeline=_base_.test_pipeline),
            dict(**_base_.icdar2015_words_val, pipeline=_base_.test_pipeline),
        ],
    ),
)
