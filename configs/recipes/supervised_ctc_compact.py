# The baseline of the semi-supervised CTC recipes: the same labelled words and schedule.
_base_ = [
    "../_base_/recognition.py",
    "../_base_/models/recognizer_ctc_compact.py",
    "../_base_/schedules/adamw_semi_supervised.py",
    "../_base_/datasets/word_archives.py",
    "../_base_/datasets/svt_words.py",
    "../_base_/datasets/icdar2015_words.py",
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
