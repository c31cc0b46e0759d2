# Rendered words and the schedule of the semi-supervised recipes; validated on SVT and on the
# held-out words of ICDAR2015.
_base_ = [
    "recognition.py",
    "schedules/adamw_semi_supervised.py",
    "datasets/word_archives.py",
    "datasets/svt_words.py",
    "datasets/icdar2015_words.py",
]
train_dataloader = dict(
    batch_size=384,
    dataset=dict(**_base_.synthetic_words_archive, pipeline=_base_.rendered_pipeline),
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
