# Stage 2 after self-supervision: photographed words with their labels, 32x100; validated on
# SVT and on the held-out words of ICDAR2015.
# The weights of stage 1 come by --cfg-options load_from.path=work_dirs/.../last.safetensors.
_base_ = [
    "recognition.py",
    "schedules/adamw_onecycle.py",
    "datasets/icdar2015_words.py",
    "datasets/iiit5k.py",
    "datasets/svt_words.py",
]
preprocessing = _base_.preprocessing_32x100
# Share of the labels, the same words for every method; 5 %, 10 % and 100 % are customary.
train_dataloader = dict(
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(
                **_base_.icdar2015_words_train,
                pipeline=_base_.train_pipeline_32x100,
                fraction=1.0,
            ),
            dict(**_base_.iiit5k_train, pipeline=_base_.train_pipeline_32x100, fraction=1.0),
        ],
    ),
)
val_dataloader = dict(
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.svt_words_val, pipeline=_base_.test_pipeline_32x100),
            dict(**_base_.icdar2015_words_val, pipeline=_base_.test_pipeline_32x100),
        ],
    ),
)
load_from = dict(
    path="work_dirs/seqclr_window_trba/last.safetensors",
    prefixes=["transformation.", "feature_extraction.", "sequence_modeling."],
)
train_cfg = dict(max_iters=50000)
